"""TIFF: keeps the tags that pixels, colours, resolution and orientation need, zeroes and drops the rest, in place.

Hides directories, entries and byte orders. Offsets stay as they are: a shortened directory is written where the old one
was, every byte that no kept tag refers to becomes zero, and what follows the last of them is cut.

Facts: TIFF 6.0 sections 2 and 8 to 22; Adobe TIFF technical notes (SubIFDs, JPEG in TIFF); ICC.1 annex B.3 (tag 34675).
"""

import struct
from dataclasses import dataclass

from heliograph.imaging.cleaning import icc
from heliograph.imaging.cleaning.pieces import Plan, Span, in_place
from heliograph.imaging.failures import CorruptImage, UnsupportedFormat

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_SHORT, _LONG = 3, 4
_ENTRY = 12
_MOST_SAMPLES = 6
_MOST_DIRECTORIES, _MOST_ENTRIES, _MOST_BLOCKS = 1_000, 500, 2_000_000

_SUBFILE, _WIDTH, _HEIGHT, _DEPTH, _ORIENTATION, _SAMPLES, _ROWS, _ICC = 254, 256, 257, 258, 274, 277, 278, 34675
_TILE_WIDTH, _TILE_HEIGHT = 322, 323
_PIXELS = {273: 279, 324: 325, 513: 514}
"""The tags that hold offsets of pixels -> those that hold their lengths: strips, tiles, old-style JPEG."""

_KEPT = {
    *(_SUBFILE, 255, _WIDTH, _HEIGHT, _DEPTH, 259, 262, 263, 264, 265, 266, 273, _ORIENTATION, _SAMPLES, _ROWS, 279),
    *(280, 281, 282, 283, 284, 290, 291, 292, 293, 296, 301, 317, 318, 319, 320, 321, _TILE_WIDTH, _TILE_HEIGHT, 324),
    325,
    *(332, 334, 336, 338, 339, 340, 341, 347, 512, 513, 514, 515, 517, 518, 519, 520, 521, 529, 530, 531, 532, _ICC),
}
_WORDS = {
    **dict.fromkeys((269, 270, 285, 315, 33432), "comment"),
    **dict.fromkeys((271, 272, 305, 306, 316, 34665), "EXIF"),
    34853: "GPS",
    700: "XMP",
    33723: "IPTC",
    34377: "IPTC",
    330: "second image",
    _ICC: "broken colour profile",
}


_Entry = tuple[int, int, int, int]
"""Tag, type, count, place of the value."""


@dataclass(frozen=True, slots=True)
class _Directory:
    """One directory: its place, its entries, the place of the next one's offset."""

    start: int
    entries: list[_Entry]
    end: int

    def entry(self, tag: int) -> _Entry | None:
        return next((entry for entry in self.entries if entry[0] == tag), None)


class _Reader:
    """The file with its byte order."""

    def __init__(self, data: memoryview) -> None:
        order = {b"II*\0": "<", b"MM\0*": ">"}.get(bytes(data[:4]))
        if order is None or len(data) < 8:
            raise UnsupportedFormat("This kind of TIFF is not accepted.")
        self.data = data
        self.order = order

    def unpack(self, layout: str, place: int) -> tuple[int, ...]:
        """Raises CorruptImage outside the file."""
        try:
            return struct.unpack_from(self.order + layout, self.data, place)
        except struct.error:
            raise CorruptImage("The picture ends too early.") from None

    def pack(self, layout: str, *values: int) -> bytes:
        return struct.pack(self.order + layout, *values)

    def numbers(self, entry: _Entry | None) -> list[int]:
        """The values of an entry of whole numbers; none of no entry."""
        if entry is None:
            return []
        layout = {1: "B", _SHORT: "H", _LONG: "I"}.get(entry[1])
        if layout is None or entry[2] > _MOST_BLOCKS:
            raise CorruptImage("The picture is damaged: a tag has a wrong type.")
        return list(self.unpack(f"{entry[2]}{layout}", entry[3]))


def plan(data: memoryview) -> Plan:
    """What to keep of a TIFF file. Raises CorruptImage, UnsupportedFormat."""
    reader = _Reader(data)
    every = _directories(reader)
    pages = [each for number, each in enumerate(every) if not number or not _is_reduced(reader, each)]
    if any(max(reader.numbers(page.entry(_SAMPLES)), default=1) > _MOST_SAMPLES for page in every):
        raise UnsupportedFormat(f"A picture of more than {_MOST_SAMPLES} samples a pixel is not accepted.")
    kept: list[Span] = [(0, 4)]
    patches = [(4, reader.pack("I", pages[0].start))]
    words = ["thumbnail"] if len(pages) < len(every) else []
    for page, following in zip(pages, [*pages[1:], None], strict=True):
        entries = [entry for entry in page.entries if _is_kept(reader, entry)]
        words += [_WORDS.get(entry[0], "unknown tag") for entry in page.entries if entry not in entries]
        patches.append((page.start, _written(reader, entries, following)))
        kept += _values(entries) + _blocks(reader, page)
    result = in_place("tiff", data, kept, patches)
    result.orientation = _orientation(reader, pages[0])
    result.removed[:0] = [word for word in dict.fromkeys(words) if word not in result.removed]
    return result


def orientation(data: memoryview) -> int:
    """How the first page is turned, 1 to 8. Raises CorruptImage, UnsupportedFormat."""
    reader = _Reader(data)
    return _orientation(reader, _directories(reader)[0])


def largest_block(data: memoryview) -> int:
    """Bytes of the largest strip, or row of tiles, that a decoder has to hold. Raises as `plan` does."""
    reader = _Reader(data)
    return max(_block_size(reader, each) for each in _directories(reader))


def _directories(reader: _Reader) -> list[_Directory]:
    """The chain of directories. Raises CorruptImage where it loops or leaves the file."""
    found: list[_Directory] = []
    seen: set[int] = set()
    (place,) = reader.unpack("I", 4)
    while place:
        if place in seen or place < 8 or len(found) >= _MOST_DIRECTORIES:
            raise CorruptImage("The picture is damaged: its directories run in a circle.")
        seen.add(place)
        directory = _directory(reader, place)
        found.append(directory)
        (place,) = reader.unpack("I", directory.end)
    if not found:
        raise CorruptImage("The picture is damaged: it has no directory.")
    return found


def _directory(reader: _Reader, start: int) -> _Directory:
    (count,) = reader.unpack("H", start)
    if count > _MOST_ENTRIES:
        raise CorruptImage("The picture is damaged: a directory is too long.")
    entries = []
    for place in range(start + 2, start + 2 + count * _ENTRY, _ENTRY):
        tag, kind, number, value = reader.unpack("HHII", place)
        inside = _SIZES.get(kind, 1) * number <= 4
        entries.append((tag, kind, number, place + 8 if inside else value))
    return _Directory(start, entries, start + 2 + count * _ENTRY)


def _is_reduced(reader: _Reader, directory: _Directory) -> bool:
    """Whether it is a smaller version of another page (NewSubfileType, bit 0)."""
    return bool(next(iter(reader.numbers(directory.entry(_SUBFILE))), 0) & 1)


def _is_kept(reader: _Reader, entry: _Entry) -> bool:
    tag, kind, count, place = entry
    if tag not in _KEPT or kind not in _SIZES:
        return False
    if place + _SIZES[kind] * count > len(reader.data):
        raise CorruptImage("The picture ends too early.")
    if tag == _ICC:
        profile = bytes(reader.data[place : place + count])
        return icc.sound(profile) == profile
    return True


def _written(reader: _Reader, entries: list[_Entry], following: _Directory | None) -> bytes:
    """The directory with these entries only. Inline values are padded with zeros."""
    parts = [reader.pack("H", len(entries))]
    for tag, kind, count, place in entries:
        length = _SIZES[kind] * count
        value = bytes(reader.data[place : place + length]).ljust(4, b"\0") if length <= 4 else reader.pack("I", place)
        parts.append(reader.pack("HHI", tag, kind, count) + value)
    return b"".join(parts) + reader.pack("I", following.start if following else 0)


def _values(entries: list[_Entry]) -> list[Span]:
    """Where the values lie that do not fit into their entries."""
    return [(place, place + _SIZES[kind] * count) for _, kind, count, place in entries if _SIZES[kind] * count > 4]


def _blocks(reader: _Reader, page: _Directory) -> list[Span]:
    """Where the pixels lie. Raises CorruptImage outside the file."""
    spans: list[Span] = []
    for offsets, lengths in _PIXELS.items():
        places, sizes = reader.numbers(page.entry(offsets)), reader.numbers(page.entry(lengths))
        if len(places) != len(sizes):
            raise CorruptImage("The picture is damaged: the places of its pixels are missing.")
        spans += [(place, place + size) for place, size in zip(places, sizes, strict=True) if size]
    if not spans or any(end > len(reader.data) for _, end in spans):
        raise CorruptImage("The picture ends too early.")
    return spans


def _orientation(reader: _Reader, page: _Directory) -> int:
    value = next(iter(reader.numbers(page.entry(_ORIENTATION))), 1)
    return value if 1 <= value <= 8 else 1


def _block_size(reader: _Reader, page: _Directory) -> int:
    def first(tag: int, default: int) -> int:
        return next(iter(reader.numbers(page.entry(tag))), default)

    bits = max(reader.numbers(page.entry(_DEPTH)), default=1) * first(_SAMPLES, 1)
    width, height = first(_WIDTH, 0), first(_HEIGHT, 0)
    rows = first(_TILE_HEIGHT, 0) or min(first(_ROWS, height), height)
    return (width * bits + 7) // 8 * rows
