"""EXIF blocks: says what is in one and makes the smallest one that still turns the picture.

Hides the TIFF structure inside (EXIF 2.32 section 4.5, TIFF 6.0 section 2). Never raises: a block that cannot be read
is as good as none.
"""

import struct

ORIENTATION, EXIF_IFD, GPS_IFD, MAKER_NOTE = 0x0112, 0x8769, 0x8825, 0x927C
_SHORT = 3
_MOST_ENTRIES = 1_000


def minimal(orientation: int) -> bytes:
    """A TIFF block with the orientation alone (26 bytes)."""
    return struct.pack(">2sHIHHHIHHI", b"MM", 42, 8, 1, ORIENTATION, _SHORT, 1, orientation, 0, 0)


def describe(block: bytes) -> tuple[int, list[str]]:
    """The orientation (1 to 8; 1 where none is stored) and words for what else is in the block."""
    if block.startswith(b"Exif\0\0"):
        block = block[6:]
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])
    if order is None or len(block) < 8:
        return 1, ["EXIF"]
    first, following = _entries(block, order, struct.unpack_from(order + "I", block, 4)[0])
    orientation = _orientation(first.get(ORIENTATION), order)
    if block == minimal(orientation):
        return orientation, []
    words = ["EXIF"]
    if GPS_IFD in first:
        words.append("GPS")
    if EXIF_IFD in first:
        inner, _ = _entries(block, order, struct.unpack(order + "I", first[EXIF_IFD][8:])[0])
        words += ["maker note"] if MAKER_NOTE in inner else []
    if following:
        words.append("thumbnail")
    return orientation, words


def _entries(block: bytes, order: str, at: int) -> tuple[dict[int, bytes], int]:
    """The entries of the directory at `at`, by tag, twelve bytes each, and where the next directory is (0: nowhere)."""
    if at + 2 > len(block):
        return {}, 0
    count = min(struct.unpack_from(order + "H", block, at)[0], _MOST_ENTRIES, (len(block) - at - 2) // 12)
    spans = range(at + 2, at + 2 + 12 * count, 12)
    entries = {struct.unpack_from(order + "H", block, start)[0]: block[start : start + 12] for start in spans}
    end = at + 2 + 12 * count
    return entries, struct.unpack_from(order + "I", block, end)[0] if end + 4 <= len(block) else 0


def _orientation(entry: bytes | None, order: str) -> int:
    if entry is None:
        return 1
    _, kind, count, value = struct.unpack(order + "HHIH", entry[:10])
    return value if kind == _SHORT and count == 1 and 1 <= value <= 8 else 1
