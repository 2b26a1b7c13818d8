"""Real pictures of every accepted format: two photographs, as they are and as real encoders write them.

`pictures(folder)` makes them all, once; each says where it comes from. Expected sizes are pixels as displayed.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pi_heif
import pillow_heif
import pyvips
from PIL import Image

from tests.corpus.profiles import adobe_rgb_like

HOPPER = Path(__file__).parent / "photographs" / "grace_hopper.jpg"
ROCKET = Path(__file__).parents[2] / "src" / "heliograph" / "cli" / "sample.jpg"

Write = Callable[[Path], None]


@dataclass(frozen=True, slots=True)
class Picture:
    """width, height: pixels as displayed. frames: 1 for a still."""

    name: str
    format: str
    path: Path
    source_note: str
    width: int
    height: int
    frames: int = 1


def pictures(folder: Path) -> list[Picture]:
    """All pictures, written into `folder` where they are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for name, format_, note, size, frames, write in (row for make in MAKERS for row in make()):
        path = folder / name
        if not path.exists():
            write(path)
        found.append(Picture(name, format_, path, note, *size, frames))
    return found


@cache
def photograph(size: tuple[int, int] = (320, 214)) -> Image.Image:
    """The rocket's photograph, as RGB, in this size in pixels, without the original's texts."""
    with Image.open(ROCKET) as image:
        small = image.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    return Image.frombytes("RGB", size, small.tobytes())


@cache
def with_transparency() -> Image.Image:
    """The photograph, fading out to the right."""
    image = photograph().copy()
    image.putalpha(Image.linear_gradient("L").rotate(90).resize(image.size))
    return image


def orientation_exif(value: int) -> bytes:
    """An EXIF block (with its `Exif` prefix) as a camera would write it, of the orientation alone."""
    return b"Exif\0\0MM\0*\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1" + struct.pack(">HHI", value, 0, 0)


def moving(count: int = 5) -> list[Image.Image]:
    """Frames that differ from each other."""
    return [photograph().rotate(7 * number) for number in range(count)]


def _vips() -> pyvips.Image:
    return pyvips.Image.new_from_memory(photograph().tobytes(), *photograph().size, 3, "uchar").copy(
        interpretation="srgb"
    )


_PILLOW, _LIBVIPS = "the rocket's photograph, encoded by Pillow", "the rocket's photograph, encoded by libvips"
_LANDSCAPE, _PORTRAIT = (320, 214), (214, 320)


def _by_pillow(image: Callable[[], Image.Image], **options: object) -> Write:
    return lambda path: image().save(path, **options)


def _by_vips(change: Callable[[pyvips.Image], pyvips.Image] = lambda image: image, **options: object) -> Write:
    return lambda path: change(_vips()).write_to_file(str(path), **options)


def _copy(source: Path) -> Write:
    return lambda path: path.write_bytes(source.read_bytes()) and None


def _jpegs():
    with Image.open(HOPPER) as hopper, Image.open(ROCKET) as rocket:
        sizes = hopper.size, rocket.size
    yield "hopper.jpg", "jpeg", "a photograph from matplotlib's sample data, unchanged", sizes[0], 1, _copy(HOPPER)
    yield "rocket.jpg", "jpeg", "a photograph from scikit-image, unchanged", sizes[1], 1, _copy(ROCKET)
    for value in range(1, 9):
        size = _PORTRAIT if value >= 5 else _LANDSCAPE
        write = _by_pillow(photograph, exif=orientation_exif(value), quality=85)
        yield f"orientation-{value}.jpg", "jpeg", _PILLOW, size, 1, write
    yield "progressive.jpg", "jpeg", _PILLOW, _LANDSCAPE, 1, _by_pillow(photograph, progressive=True, quality=88)
    yield "full-chroma.jpg", "jpeg", _PILLOW, _LANDSCAPE, 1, _by_pillow(photograph, subsampling=0, quality=92)
    yield "grey.jpg", "jpeg", _PILLOW, _LANDSCAPE, 1, _by_pillow(lambda: photograph().convert("L"))
    yield "cmyk.jpg", "jpeg", _PILLOW, _LANDSCAPE, 1, _by_pillow(lambda: photograph().convert("CMYK"))
    yield "restarts.jpg", "jpeg", _LIBVIPS, _LANDSCAPE, 1, _by_vips(restart_interval=4)
    write = _by_pillow(photograph, icc_profile=adobe_rgb_like(), quality=90)
    yield "adobe-rgb.jpg", "jpeg", _PILLOW, _LANDSCAPE, 1, write
    write = _by_vips(lambda image: image.icc_transform("p3", input_profile="srgb"), profile="p3", Q=90)
    yield "display-p3.jpg", "jpeg", _LIBVIPS, _LANDSCAPE, 1, write


def _pngs():
    yield "rgb.png", "png", _PILLOW, _LANDSCAPE, 1, _by_pillow(photograph)
    yield "alpha.png", "png", _PILLOW, _LANDSCAPE, 1, _by_pillow(with_transparency)
    write = _by_vips(lambda image: image.colourspace("rgb16"), bitdepth=16)
    yield "sixteen-bits.png", "png", _LIBVIPS, _LANDSCAPE, 1, write
    write = _by_pillow(lambda: photograph().quantize(64), transparency=3)
    yield "palette.png", "png", _PILLOW, _LANDSCAPE, 1, write
    yield "interlaced.png", "png", _LIBVIPS, _LANDSCAPE, 1, _by_vips(interlace=True)
    yield "two-colours.png", "png", _PILLOW, _LANDSCAPE, 1, _by_pillow(lambda: photograph().convert("1"))
    yield "grey-alpha.png", "png", _PILLOW, _LANDSCAPE, 1, _by_pillow(lambda: with_transparency().convert("LA"))
    yield "adobe-rgb.png", "png", _PILLOW, _LANDSCAPE, 1, _by_pillow(photograph, icc_profile=adobe_rgb_like())
    write = _by_pillow(photograph, save_all=True, append_images=moving()[1:], duration=[80, 90, 100, 110, 120], loop=3)
    yield "moving.png", "apng", _PILLOW, _LANDSCAPE, 5, write


def _gifs():
    yield "still.gif", "gif", _PILLOW, _LANDSCAPE, 1, _by_pillow(lambda: photograph().quantize(128))
    write = _by_pillow(photograph, save_all=True, append_images=moving()[1:], duration=[80, 90, 100, 110, 120], loop=3)
    yield "moving.gif", "gif", _PILLOW, _LANDSCAPE, 5, write


def _webps():
    yield "lossy.webp", "webp", _PILLOW, _LANDSCAPE, 1, _by_pillow(photograph, quality=80)
    yield "lossless-alpha.webp", "webp", _PILLOW, _LANDSCAPE, 1, _by_pillow(with_transparency, lossless=True)
    write = _by_pillow(photograph, icc_profile=adobe_rgb_like(), quality=80)
    yield "adobe-rgb.webp", "webp", _PILLOW, _LANDSCAPE, 1, write
    write = _by_pillow(photograph, save_all=True, append_images=moving()[1:], duration=[80, 90, 100, 110, 120], loop=3)
    yield "moving.webp", "webp", _PILLOW, _LANDSCAPE, 5, write


def _isos():
    yield "plain.avif", "avif", _PILLOW, _LANDSCAPE, 1, _by_pillow(photograph, quality=70, speed=9)
    yield "alpha.avif", "avif", _PILLOW, _LANDSCAPE, 1, _by_pillow(with_transparency, quality=70, speed=9)
    yield "turned.avif", "avif", _PILLOW, _PORTRAIT, 1, _by_pillow(photograph, exif=orientation_exif(6), speed=9)
    write = _by_pillow(photograph, save_all=True, append_images=moving()[1:], duration=100, speed=9)
    yield "moving.avif", "avif", _PILLOW, _LANDSCAPE, 5, write
    note = "the rocket's photograph, encoded by x265 through pillow-heif"
    yield "plain.heic", "heic", note, _LANDSCAPE, 1, _heic(photograph)
    yield "alpha.heic", "heic", note, _LANDSCAPE, 1, _heic(with_transparency)


def _heic(image: Callable[[], Image.Image], **options: object) -> Write:
    return lambda path: pillow_heif.from_pillow(image()).save(path, quality=80, **options)


def _tiffs():
    yield "plain.tif", "tiff", _PILLOW, _LANDSCAPE, 1, _by_pillow(photograph)
    yield "lzw.tif", "tiff", _PILLOW, _LANDSCAPE, 1, _by_pillow(photograph, compression="tiff_lzw")
    yield "jpeg-inside.tif", "tiff", _PILLOW, _LANDSCAPE, 1, _by_pillow(photograph, compression="jpeg")
    write = _by_vips(tile=True, tile_width=64, tile_height=64, compression="deflate")
    yield "tiles.tif", "tiff", _LIBVIPS, _LANDSCAPE, 1, write
    yield "cmyk.tif", "tiff", _PILLOW, _LANDSCAPE, 1, _by_pillow(lambda: photograph().convert("CMYK"))
    yield "sixteen-bits.tif", "tiff", _LIBVIPS, _LANDSCAPE, 1, _by_vips(lambda image: image.colourspace("rgb16"))
    write = _by_pillow(photograph, save_all=True, append_images=moving(2)[1:])
    yield "two-pages.tif", "tiff", _PILLOW, _LANDSCAPE, 1, write
    yield "turned.tif", "tiff", _PILLOW, _PORTRAIT, 1, _by_pillow(photograph, tiffinfo={274: 6})


def _bmps():
    yield "rgb.bmp", "bmp", _PILLOW, _LANDSCAPE, 1, _by_pillow(photograph)
    yield "palette.bmp", "bmp", _PILLOW, _LANDSCAPE, 1, _by_pillow(lambda: photograph().quantize(200))
    yield "two-colours.bmp", "bmp", _PILLOW, _LANDSCAPE, 1, _by_pillow(lambda: photograph().convert("1"))
    yield "alpha.bmp", "bmp", _PILLOW, _LANDSCAPE, 1, _by_pillow(with_transparency)


MAKERS = (_jpegs, _pngs, _gifs, _webps, _isos, _tiffs, _bmps)
"""Each yields (file name, format, where it comes from, size as displayed, frames, how to write it)."""


def pixels(path: Path) -> list[bytes]:
    """Every frame of a picture, each with its size, mode and delay, as Pillow shows it: an independent witness."""
    pi_heif.register_heif_opener()
    with Image.open(path) as image:
        frames = []
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            delay = image.info.get("duration", 0)
            turned = image.getexif().get(0x0112, 1)
            frames.append(repr((image.size, image.mode, delay, turned)).encode() + image.convert("RGBA").tobytes())
        return frames
