"""AVIF and HEIC: keeps the picture, its tiles, its transparency, its colours, how it is turned, and picture sequences.

Hides the order and the kinds of top-level boxes. Nothing moves, since item locations are offsets from the file's
beginning: the `meta` box is rewritten to the same length (`iso_items`), bytes that no kept item or sample needs become
zeros, boxes that nobody needs become free space, and what follows the last needed box is cut.

Facts: ISO/IEC 14496-12 (boxes), ISO/IEC 23008-12 (HEIF), AV1 Image File Format 1.1.
"""

from heliograph.imaging.cleaning import iso_items, iso_tracks
from heliograph.imaging.cleaning.boxes import Box, at, broken, free_head
from heliograph.imaging.cleaning.pieces import Plan, Span, in_place
from heliograph.imaging.failures import CorruptImage

_NEEDED = (b"ftyp", b"meta", b"mdat", b"moov")
_MOST_BOXES = 1_000


def plan_avif(data: memoryview) -> Plan:
    """What to keep of an AVIF file. Raises CorruptImage, UnsupportedFormat."""
    return _plan("avif", data)


def plan_heic(data: memoryview) -> Plan:
    """What to keep of a HEIC file. Raises CorruptImage, UnsupportedFormat."""
    return _plan("heic", data)


def _plan(name: str, data: memoryview) -> Plan:
    found = _top_level(data)
    meta = [box for box in found if box.kind == b"meta"]
    moov = [box for box in found if box.kind == b"moov"] if name == "avif" else []
    if len(meta) != 1 or len(moov) > 1:
        raise broken()
    items = iso_items.clean(data, meta[0])
    tracks = iso_tracks.clean(data, moov[0]) if moov else iso_tracks.Tracks()
    needed = [box for box in found if box.kind == b"mdat"]
    wanted = items.spans + tracks.spans
    _check_inside(wanted, needed)
    kept = wanted + [(box.start, box.body) for box in needed]
    kept += [(box.start, box.end) for box in found if box.kind == b"ftyp"] + [(box.start, box.end) for box in moov]
    patches = [(meta[0].start, items.meta), *tracks.patches]
    last = max(box.start for box in [*needed, *meta, *moov])
    for box in found:
        if box.kind not in _NEEDED or (box.kind == b"moov" and not moov):
            patches += [(box.start, free_head(box))] if box.start < last else []
        elif box.kind == b"mdat" and box.end > box.body:
            kept += [(box.end - 1, box.end)] if not data[box.end - 1] else []
    result = in_place(name, data, kept, patches)
    result.pieces += _missing_end(result, needed)
    result.removed[:0] = dict.fromkeys(word for word in items.removed + tracks.removed if word not in result.removed)
    return result


def _missing_end(result: Plan, needed: list[Box]) -> list[bytes]:
    """Zeros in place of a last media box's end, if its last bytes are used by nobody: its size is already said."""
    size = sum(piece[1] - piece[0] if isinstance(piece, tuple) else len(piece) for piece in result.pieces)
    end = max((box.end for box in needed), default=0)
    return [bytes(end - size)] if end > size else []


def _top_level(data: memoryview) -> list[Box]:
    """The boxes of the file. What follows them without being a box is not one of ours, unless it was cut short."""
    found: list[Box] = []
    place = 0
    while place < len(data) and len(found) < _MOST_BOXES:
        box = at(data, place, len(data))
        if box is None:
            if bytes(data[place + 4 : place + 8]) in _NEEDED:
                raise CorruptImage("The picture ends too early.")
            break
        found.append(box)
        place = box.end
    if not found or found[0].kind != b"ftyp":
        raise broken()
    return found


def _check_inside(wanted: list[Span], needed: list[Box]) -> None:
    """Every piece of a picture has to lie inside one media box. Raises CorruptImage."""
    for start, end in wanted:
        if not any(box.body <= start <= end <= box.end for box in needed):
            raise CorruptImage("The picture ends too early, or points outside its file.")
