"""What libvips as packaged cannot read: HEIC (no HEVC decoder), BMP (no loader), sequences of AVIF pictures.

Hides Pillow and pi_heif, imported nowhere else. Callers check the header against the limits before they decode.
"""

import io
import struct
from pathlib import Path

import pi_heif
from PIL import AvifImagePlugin, BmpImagePlugin, Image, ImageOps

from heliograph.imaging.failures import CorruptImage
from heliograph.imaging.limits import Header

_BROKEN = (OSError, ValueError, SyntaxError, EOFError, RuntimeError, TypeError, IndexError, KeyError, struct.error)
_HEIC_BYTES_A_PIXEL = 8
_BMP_BYTES_A_PIXEL = 5
_ORIENTATION = 0x0112
_AVIF_BYTES_A_PIXEL = 10

Image.MAX_IMAGE_PIXELS = None  # our own limits are checked from the header


def header(name: str, source: Path) -> Header:
    """What the file declares. Raises CorruptImage."""
    try:
        if name == "heic":
            image = pi_heif.open_heif(source, convert_hdr_to_8bit=True)[0]
            width, height = image.size
            return Header(width, height, 1, width * height * _HEIC_BYTES_A_PIXEL)
        with _open(name, source) as picture:
            bytes_a_pixel = _BMP_BYTES_A_PIXEL if name == "bmp" else _AVIF_BYTES_A_PIXEL
            frames = getattr(picture, "n_frames", 1)
            width, height = picture.size
            turned = picture.getexif().get(_ORIENTATION, 1)
            return Header(width, height, frames, width * height * bytes_a_pixel, turned)
    except _BROKEN as failure:
        raise CorruptImage("The picture is damaged: it cannot be decoded.") from failure


def check(name: str, source: Path) -> None:
    """Decode everything. Raises CorruptImage."""
    try:
        if name == "heic":
            pi_heif.open_heif(source, convert_hdr_to_8bit=True)[0].load()
            return
        with _open(name, source) as picture:
            for number in range(getattr(picture, "n_frames", 1)):
                picture.seek(number)
                picture.load()
    except _BROKEN as failure:
        raise CorruptImage("The picture is damaged: it cannot be decoded.") from failure


def pixels(name: str, source: Path) -> tuple[bytes, int, int, int, bytes]:
    """The first picture, turned as displayed: samples of 8 bits, width, height, channels (1, 3 or 4), ICC profile.

    The profile may be empty. Raises CorruptImage.
    """
    try:
        if name == "heic":
            found = pi_heif.open_heif(source, convert_hdr_to_8bit=True)[0].to_pillow()
        else:
            found = _open(name, source)
        with found as picture:
            flat = ImageOps.exif_transpose(picture)
            if flat.mode not in ("L", "RGB", "RGBA"):
                flat = flat.convert("RGBA" if "A" in flat.mode else "RGB")
            return flat.tobytes(), *flat.size, len(flat.getbands()), picture.info.get("icc_profile") or b""
    except _BROKEN as failure:
        raise CorruptImage("The picture is damaged: it cannot be decoded.") from failure


def _open(name: str, source: Path) -> Image.Image:
    """The reader is chosen by us, never by Pillow's own guess."""
    stream = io.BytesIO(source.read_bytes())
    return BmpImagePlugin.BmpImageFile(stream) if name == "bmp" else AvifImagePlugin.AvifImageFile(stream)
