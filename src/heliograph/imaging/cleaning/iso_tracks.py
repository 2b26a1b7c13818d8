"""The `moov` box of an AVIF sequence: keeps picture tracks and their timing; drops dates, other tracks and user data.

Hides tracks and sample tables. Nothing changes its length: what goes becomes free space or zeros in place.

Facts: ISO/IEC 14496-12 section 8 (moov, trak, mdia, stbl and their children); ISO/IEC 23008-12 section 7 (sequences).
"""

from dataclasses import dataclass, field

from heliograph.imaging.cleaning.boxes import Box, Reader, broken, free_head, within
from heliograph.imaging.cleaning.pieces import Span
from heliograph.imaging.failures import UnsupportedFormat

_CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"dinf"}
_KEPT = {
    *(b"mvhd", b"tkhd", b"mdhd", b"hdlr", b"vmhd", b"nmhd", b"dref", b"elst", b"tref", b"stsd", b"stts", b"ctts"),
    *(b"stss", b"stsc", b"stsz", b"stco", b"co64", b"sdtp", b"sbgp", b"sgpd", b"cslg"),
}
_DATED = {b"mvhd", b"tkhd", b"mdhd"}
_PICTURES = {b"pict", b"auxv", b"vide"}
_MOST_SAMPLES = 100_000
_DEEPEST = 8


@dataclass(slots=True)
class Tracks:
    """patches: (place, new bytes). spans: where the samples of kept tracks lie. removed: words for people."""

    patches: list[tuple[int, bytes]] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)


def clean(data: memoryview, moov: Box) -> Tracks:
    """Read a `moov` box. Raises CorruptImage, UnsupportedFormat."""
    result = Tracks()
    for box in within(data, moov.body, moov.end):
        if box.kind == b"trak":
            _track(result, data, box)
        else:
            _walk(result, data, box, {}, 0)
    if not result.spans:
        raise UnsupportedFormat("This kind of HEIF file is not accepted: none of its tracks holds pictures.")
    return result


def _track(result: Tracks, data: memoryview, track: Box) -> None:
    """A track of pictures is cleaned; any other is removed with its samples."""
    mine, leaves = Tracks(), dict[bytes, Box]()
    for box in within(data, track.body, track.end):
        _walk(mine, data, box, leaves, 0)
    handler = leaves.get(b"hdlr")
    if handler is None or bytes(data[handler.body + 8 : handler.body + 12]) not in _PICTURES:
        _blank(result, track, "other track")
        return
    result.patches += mine.patches
    result.removed += mine.removed
    result.spans += _samples(data, leaves)


def _walk(result: Tracks, data: memoryview, box: Box, leaves: dict[bytes, Box], depth: int) -> None:
    if box.kind in _CONTAINERS and depth < _DEEPEST:
        for child in within(data, box.body, box.end):
            _walk(result, data, child, leaves, depth + 1)
    elif box.kind in _KEPT:
        leaves.setdefault(box.kind, box)
        if box.kind in _DATED:
            _undate(result, data, box)
        elif box.kind == b"hdlr":
            result.patches.append((box.body + 24, bytes(max(0, box.end - box.body - 24))))
    elif box.kind != b"free" or any(data[box.body : box.end]):
        _blank(result, box, "user data")


def _undate(result: Tracks, data: memoryview, box: Box) -> None:
    """Times of creation and of change follow version and flags, four or eight bytes each."""
    length = 16 if Reader(data, box.body, box.end).number(1) else 8
    if box.body + 4 + length > box.end:
        raise broken()
    if any(data[box.body + 4 : box.body + 4 + length]):
        result.patches.append((box.body + 4, bytes(length)))
        result.removed.append("time")


def _blank(result: Tracks, box: Box, word: str) -> None:
    result.patches.append((box.start, free_head(box) + bytes(box.end - box.body)))
    result.removed.append(word)


def _samples(data: memoryview, leaves: dict[bytes, Box]) -> list[Span]:
    """Where the samples lie: chunks (stco, co64) of several samples (stsc) of given sizes (stsz)."""
    places = leaves.get(b"stco") or leaves.get(b"co64")
    if places is None or b"stsc" not in leaves or b"stsz" not in leaves:
        raise broken()
    wide = 4 if places.kind == b"stco" else 8
    offsets = _table(data, places, wide)
    sizes = iter(_sizes(data, leaves[b"stsz"]))
    runs = _table(data, leaves[b"stsc"], 4, columns=3)
    spans, run = [], 0
    for number, offset in enumerate(offsets, 1):
        while run + 3 < len(runs) and runs[run + 3] <= number:
            run += 3
        if not runs or runs[run + 1] > _MOST_SAMPLES:
            raise broken()
        length = sum(next(sizes, 0) for _ in range(runs[run + 1]))
        spans.append((offset, offset + length))
    return spans


def _table(data: memoryview, box: Box, size: int, columns: int = 1) -> list[int]:
    """The numbers of a counted table."""
    reader = Reader(data, box.body, box.end)
    reader.take(4)
    count = reader.number(4) * columns
    if count > _MOST_SAMPLES:
        raise broken()
    return [reader.number(size) for _ in range(count)]


def _sizes(data: memoryview, box: Box) -> list[int]:
    reader = Reader(data, box.body, box.end)
    reader.take(4)
    constant, count = reader.number(4), reader.number(4)
    if count > _MOST_SAMPLES:
        raise broken()
    return [constant] * count if constant else [reader.number(4) for _ in range(count)]
