"""From a file to a checked, cleaned original, and from an original to a rendition: the visible lists of steps.

Hides libvips (its only importer) and which decoder a format needs. Runs inside a worker process only.
"""

import hashlib
import mmap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import pyvips

from heliograph.imaging import cleaning, pillow_formats, png_frames
from heliograph.imaging.cleaning import gif, tiff
from heliograph.imaging.cleaning.pieces import Plan
from heliograph.imaging.failures import CorruptImage, UnsupportedFormat
from heliograph.imaging.formats import SIGNATURE_BYTES, Inspection, sniff
from heliograph.imaging.limits import Header, Limits, check
from heliograph.imaging.recipe import Recipe

Admit = Callable[[int], None]
"""Told how many bytes of memory decoding will need; returns when there is room."""

_Vips: TypeAlias = Any
"""A pyvips.Image: the library comes without types."""

_LOADERS = {
    "jpeg": "jpegload",
    "png": "pngload",
    "gif": "gifload",
    "webp": "webpload",
    "tiff": "tiffload",
}
_BYTES_A_PIXEL = {"gif": 6, "webp": 9}
_CHEAPEST = (8, 4, 2, 1)
"""A JPEG's entropy data is decoded wholly, and truncation found, while only one pixel in 64 is made; of a picture with
a side below eight pixels, libvips makes none at all, so it is shrunk less.
"""

_ROWS_MISSING = "premature end of data segment"
_NOWHERE = "/dev/null"
_WHITE = [255, 255, 255]
_DAMAGED = "The picture is damaged: it cannot be decoded to the end."


def prepare() -> None:
    """Once per process: no cache, and none but libvips' well-tested loaders."""
    pyvips.cache_set_max(0)
    pyvips.block_untrusted_set(True)


def inspect(source: Path, target: Path, limits: Limits, admit: Admit) -> Inspection:
    """Decode `source` wholly; write to `target` what should be stored instead, if anything.

    Raises UnsupportedFormat, CorruptImage, TooManyPixels, TooManyFrames; OSError for the files themselves.
    """
    data = _contents(source)
    name = _recognise(data)
    plan = cleaning.plan(name, data)
    header = _header(name, source, data, plan.orientation)
    check(header, limits)
    admit(header.memory)
    found = _inspection(plan, header, data, target)
    # What is to be stored gets decoded, not what was sent: a mistake of the cleaning must not be acknowledged.
    if not found.changed:
        _decode(name, source, data, limits)
        return found
    try:
        _decode(name, target, _contents(target), limits)
    except BaseException:
        target.unlink()
        raise
    return found


def render(recipe: Recipe, source: Path, target: Path, limits: Limits, admit: Admit) -> None:
    """Write the rendition that `recipe` describes of `source` to `target`. Raises as `inspect` does."""
    data = _contents(source)
    name = _recognise(data)
    header = _header(name, source, data, orientation=1)
    check(header, limits)
    admit(header.memory)
    try:
        encoded = _rendition(name, source, recipe, use_profile=True)
    except pyvips.Error:  # a profile that cannot be applied is ignored, as browsers do
        with _vips_failures():
            encoded = _rendition(name, source, recipe, use_profile=False)
    target.write_bytes(encoded)


def _rendition(name: str, source: Path, recipe: Recipe, *, use_profile: bool) -> bytes:
    """The steps of a rendition. libvips runs all of them when the last one asks for pixels."""
    image = _thumbnail(name, source, recipe, use_profile=use_profile)
    image = _eight_bits(image)
    image = _flatten(image, recipe)
    return _encode(image, recipe)


def _contents(source: Path) -> memoryview:
    """The file as mapped memory, read once and copied never. It is unmapped when nobody refers to it any more."""
    with source.open("rb") as file:
        if not source.stat().st_size:
            raise UnsupportedFormat("The file is empty.")
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def _recognise(data: memoryview) -> str:
    name = sniff(bytes(data[:SIGNATURE_BYTES]))
    if name is None:
        raise UnsupportedFormat("This is not a picture in a format that is accepted here.")
    return name


def _header(name: str, source: Path, data: memoryview, orientation: int) -> Header:
    """Size and cost before anything is decoded. Raises CorruptImage."""
    if name == "png":
        return png_frames.header(data, orientation)
    if name in pillow_formats.NAMES:
        return pillow_formats.header(name, source)
    with _vips_failures():
        return _vips_header(name, _load(name, source), data, orientation)


def _vips_header(name: str, image: _Vips, data: memoryview, orientation: int) -> Header:
    width, height, frames = image.width, image.height, 1
    memory = width * height * _BYTES_A_PIXEL.get(name, 0)
    if name == "gif":  # the size that browsers show; libvips makes room for frames that lie outside of it
        width, height, frames = gif.screen(data)
    if name == "webp":
        frames = int(_field(image, "n-pages") or 1)
    if name == "jpeg" and _field(image, "jpeg-multiscan"):  # all coefficients are held, two bytes each
        halved = _field(image, "jpeg-chroma-subsample") == "4:2:0"
        memory = width * height * (3 if halved else 2 * image.bands)
    if name == "tiff":
        memory = tiff.largest_block(data)
    return Header(width, height, frames, memory, orientation)


def _field(image: _Vips, name: str) -> int | str | None:
    value: int | str | None = image.get(name) if image.get_typeof(name) else None
    return value


def _load(name: str, source: Path, fail_on: str = "truncated", **options: int) -> _Vips:
    """Open with the format's own loader, never with a guessed one."""
    return getattr(pyvips.Image, _LOADERS[name])(str(source), access="sequential", fail_on=fail_on, **options)


def _decode(name: str, source: Path, data: memoryview, limits: Limits) -> None:
    """Every row of every frame, with bounded memory. Raises CorruptImage."""
    if name == "png":
        with _vips_failures():
            _load(name, source)  # what only libvips would mind is found before anybody asks for a thumbnail
        png_frames.check(data)
    elif name in pillow_formats.NAMES:
        pillow_formats.check(name, source)
    else:
        with _vips_failures():
            if name == "jpeg":
                _decode_jpeg(source)
            for image in _frames(name, source, limits):
                image.rawsave(_NOWHERE)


def _decode_jpeg(source: Path) -> None:
    """A picture whose data stop before its last row is damaged; other oddities that libjpeg warns about are not."""
    whole = _load("jpeg", source)
    shrink = next(each for each in _CHEAPEST if each <= min(whole.width, whole.height))
    try:
        _load("jpeg", source, "warning", shrink=shrink).rawsave(_NOWHERE)
    except pyvips.Error as failure:
        if _ROWS_MISSING in failure.detail:
            raise
        _load("jpeg", source, shrink=shrink).rawsave(_NOWHERE)


def _frames(name: str, source: Path, limits: Limits) -> Iterator[_Vips]:
    """What else has to be read to have read everything."""
    if name in ("gif", "webp"):
        image = _load(name, source, n=-1)
        height = image.get_page_height()
        check(Header(image.width, height, image.height // height, 0), limits)
        yield image
    elif name == "tiff":
        first = _load(name, source)
        pages = int(_field(first, "n-pages") or 1)
        for number in range(pages):
            page = _load(name, source, page=number)
            check(Header(page.width, page.height, pages, 0), limits)
            yield page


def _inspection(plan: Plan, header: Header, data: memoryview, target: Path) -> Inspection:
    changed = plan.changes(data)
    digest, size = plan.write(data, target) if changed else (hashlib.sha256(data).digest(), len(data))
    width, height = header.displayed
    removed = tuple(plan.removed) if changed else ()
    return Inspection(plan.format, width, height, header.frames, changed, digest, size, removed)


def _thumbnail(name: str, source: Path, recipe: Recipe, *, use_profile: bool) -> _Vips:
    """The first frame, upright, in sRGB, fitted into the recipe's box, shrunk while loading where the decoder can."""
    if name in pillow_formats.NAMES:
        found = pillow_formats.pixels(name, source)
        whole = _from_samples(found)
        options = _fitting(whole, recipe, use_profile=use_profile)
        return whole.thumbnail_image(recipe.width, **options).copy_memory()  # while `found` lives
    options = _fitting(_load(name, source), recipe, use_profile=use_profile)
    return pyvips.Image.thumbnail(str(source), recipe.width, **options)


def _fitting(whole: _Vips, recipe: Recipe, *, use_profile: bool) -> dict[str, int | str]:
    """The options of libvips' thumbnail operation. Without a profile, there is nothing to convert."""
    options: dict[str, int | str] = {"height": recipe.height}
    options |= {"crop": "centre", "size": "both"} if recipe.fit == "crop" else {"size": "down"}
    converts = use_profile and whole.get_typeof("icc-profile-data")
    return options | ({"output_profile": "srgb"} if converts else {})


def _from_samples(found: pillow_formats.Pixels) -> _Vips:
    image = pyvips.Image.new_from_memory(found.samples, found.width, found.height, found.bands, "uchar")
    image = image.copy(interpretation="srgb" if found.bands > 2 else "b-w")
    if found.profile:
        image.set_type(pyvips.GValue.blob_type, "icc-profile-data", found.profile)
    return image


def _eight_bits(image: _Vips) -> _Vips:
    """Grey or sRGB in eight bits, with at most one band of transparency (a TIFF may have hundreds of bands)."""
    if image.interpretation not in ("srgb", "b-w") or image.format != "uchar":
        image = image.colourspace("b-w" if image.interpretation == "grey16" else "srgb").cast("uchar")
    most = 2 if image.interpretation == "b-w" else 4
    return image.extract_band(0, n=most) if image.bands > most else image


def _flatten(image: _Vips, recipe: Recipe) -> _Vips:
    """On white, where the output has no transparency."""
    if image.hasalpha() and recipe.output == "jpg":
        image = image.flatten(background=_WHITE if image.bands > 2 else _WHITE[:1])
    return image


def _encode(image: _Vips, recipe: Recipe) -> bytes:
    if recipe.output == "jpg":
        encoded: bytes = image.jpegsave_buffer(Q=recipe.quality, keep="none", optimize_coding=True)
    else:
        encoded = image.webpsave_buffer(Q=recipe.quality, keep="none")
    return encoded


@contextmanager
def _vips_failures() -> Iterator[None]:
    """Say failures of libvips in our words; its own texts name files and internals."""
    try:
        yield
    except pyvips.Error as failure:
        raise CorruptImage(_DAMAGED) from failure
