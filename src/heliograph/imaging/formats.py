"""The accepted formats: signature, media type, extension. Content decides, never a label."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Format:
    """An image format. `in_browsers`: whether today's browsers show it."""

    name: str
    media_type: str
    extension: str
    in_browsers: bool = True


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a worker found out about a picture by decoding it wholly.

    width, height: pixels as displayed. frames: 1 for a still. changed: whether a cleaned file was written to the
    target. sha256 (32 bytes) and size (bytes) are those of what is to be stored. removed: words for what was taken
    out, e.g. ("EXIF", "GPS").
    """

    format: str
    width: int
    height: int
    frames: int
    changed: bool
    sha256: bytes
    size: int
    removed: tuple[str, ...] = ()


FORMATS: dict[str, Format] = {
    each.name: each
    for each in (
        Format("png", "image/png", "png"),
        Format("apng", "image/apng", "png"),
        Format("jpeg", "image/jpeg", "jpg"),
        Format("gif", "image/gif", "gif"),
        Format("webp", "image/webp", "webp"),
        Format("avif", "image/avif", "avif"),
        Format("heic", "image/heic", "heic", in_browsers=False),
        Format("tiff", "image/tiff", "tif", in_browsers=False),
        Format("bmp", "image/bmp", "bmp", in_browsers=False),
    )
}

BY_MEDIA_TYPE = {each.media_type: each for each in FORMATS.values()}

SIGNATURE_BYTES = 64
"""How many leading bytes `sniff` wants to see."""

_AVIF_BRANDS = {b"avif", b"avis"}
_BMP_HEADERS = (12, 40, 52, 56, 64, 108, 124)
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"}


def sniff(head: bytes) -> str | None:
    """The name of the format whose signature `head` (the first SIGNATURE_BYTES bytes) bears, or None.

    APNG is told from PNG only by a whole inspection; this says "png" for both. Signatures: the formats' own
    specifications (PNG section 5.2, JFIF, GIF89a, RFC 9649, ISO/IEC 23008-12 section 10, TIFF 6.0, BMP file header).
    """
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "webp"
    if head.startswith((b"II*\x00", b"MM\x00*")):
        return "tiff"
    if head.startswith(b"BM") and len(head) >= 18 and head[14] in _BMP_HEADERS and head[15:18] == b"\0\0\0":
        return "bmp"
    if head[4:8] == b"ftyp":
        return _sniff_iso_media(head)
    return None


def _sniff_iso_media(head: bytes) -> str | None:
    """AVIF or HEIC by the brands of a `ftyp` box: the major brand, else the compatible ones."""
    length = min(int.from_bytes(head[:4], "big"), len(head))
    brands = {head[8:12]} | {head[at : at + 4] for at in range(16, length - 3, 4)}
    if brands & _AVIF_BRANDS:
        return "avif"
    if brands & _HEIC_BRANDS:
        return "heic"
    return None
