"""The `meta` box of AVIF and HEIC files: keeps the items that the primary picture is made of, and writes the box anew.

Hides items, their places, references and properties. Kept entries are copied as they are, so the new box is never
longer than the old one; free space makes up the difference.

Facts: ISO/IEC 14496-12 section 8.11 (meta, pitm, iinf, iloc, iref, idat) and 8.4.3 (hdlr); ISO/IEC 23008-12 sections 6
(image items) and 9.3 (ipco, ipma); ISO/IEC 23000-22 section 7.3.5 (alpha).
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from heliograph.imaging.cleaning import icc
from heliograph.imaging.cleaning.boxes import HEAD, Box, Reader, broken, make, within
from heliograph.imaging.cleaning.pieces import Span
from heliograph.imaging.failures import UnsupportedFormat

_PICTURES = {b"hvc1", b"av01", b"grid", b"iovl", b"iden"}
_PROPERTIES = {
    *(b"ispe", b"pixi", b"colr", b"irot", b"imir", b"clap", b"pasp", b"hvcC", b"av1C", b"auxC", b"clli", b"mdcv"),
    *(b"cclv", b"amve", b"a1op", b"lsel", b"a1lx"),
}
_ALPHA = (b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0", b"urn:mpeg:hevc:2015:auxid:1\0")
_NAMES = {b"", b"libavif", b"Color", b"Alpha"}
_WORDS = {b"Exif": "EXIF", b"mime": "XMP", b"tmap": "gain map"}
_IN_FILE, _IN_META = 0, 1
_MOST = 10_000

_Filter = Callable[["_Items", memoryview, Box], bytes]


@dataclass(slots=True)
class _Item:
    kind: bytes = b""
    method: int = _IN_FILE
    spans: list[Span] = field(default_factory=list)
    properties: list[int] = field(default_factory=list)


@dataclass(slots=True)
class _Items:
    """All that is known about the items. references: (type, from, to). kept: numbers of the items that stay."""

    items: dict[int, _Item] = field(default_factory=dict)
    references: list[tuple[bytes, int, list[int]]] = field(default_factory=list)
    properties: list[Box] = field(default_factory=list)
    kept: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Cleaned:
    """meta: the new box, as long as the old. spans: where in the file the kept items lie. removed: words for people."""

    meta: bytes
    spans: list[Span]
    removed: list[str]


def clean(data: memoryview, meta: Box) -> Cleaned:
    """Read and rewrite a `meta` box. Raises CorruptImage, UnsupportedFormat."""
    children = within(data, meta.body + 4, meta.end)
    by_kind = {box.kind: box for box in children}
    if not {b"hdlr", b"pitm", b"iinf", b"iloc", b"iprp"} <= by_kind.keys() or len(by_kind) < len(children) - 1:
        raise broken()
    known = _Items()
    _read_infos(known, data, by_kind[b"iinf"])
    _read_places(known, data, by_kind[b"iloc"])
    if b"iref" in by_kind:
        _read_references(known, data, by_kind[b"iref"])
    _read_properties(known, data, by_kind[b"iprp"])
    known.kept = _needed(known, data, _primary(data, by_kind[b"pitm"]))
    parts = [(box.kind, _FILTERS[box.kind](known, data, box)) for box in children if box.kind in _FILTERS]
    in_file = [known.items[number] for number in known.kept if known.items[number].method == _IN_FILE]
    spans = [span for item in in_file for span in item.spans]
    return Cleaned(_fitted(data, meta, parts), spans, _removed(known))


def _fitted(data: memoryview, meta: Box, parts: list[tuple[bytes, bytes]]) -> bytes:
    """The box with exactly the old length: free space at its end, or a few zeros after the handler's name."""
    gap = meta.end - meta.body - 4 - sum(len(part) for _, part in parts)
    assert gap >= 0
    padding = bytes(gap) if gap < HEAD else b""
    whole = [make(kind, part[HEAD:] + padding) if kind == b"hdlr" else part for kind, part in parts]
    if gap >= HEAD:
        whole.append(make(b"free", bytes(gap - HEAD)))
    return bytes(data[meta.start : meta.body + 4]) + b"".join(whole)


def _read_infos(known: _Items, data: memoryview, box: Box) -> None:
    for number, _, kind_at in _infos(data, box):
        if number in known.items or len(known.items) >= _MOST:
            raise broken()
        known.items[number] = _Item(bytes(data[kind_at : kind_at + 4]))


def _infos(data: memoryview, box: Box) -> list[tuple[int, Box, int]]:
    """(item number, its `infe` box, place of its type) of each item."""
    found = []
    for info in within(data, box.body + (8 if Reader(data, box.body, box.end).number(1) else 6), box.end):
        reader = Reader(data, info.body, info.end)
        version = reader.number(1)
        reader.take(3)
        if info.kind != b"infe" or version not in (2, 3):
            raise UnsupportedFormat("This kind of HEIF file is not accepted.")
        number = reader.number(2 if version == 2 else 4)
        reader.take(6)
        found.append((number, info, reader.at - 4))
    return found


def _read_places(known: _Items, data: memoryview, box: Box) -> None:
    for number, method, spans, _ in _places(data, box):
        if number in known.items:
            known.items[number].method, known.items[number].spans = method, spans


def _places(data: memoryview, box: Box) -> list[tuple[int, int, list[Span], Span]]:
    """(item number, construction method, spans of its bytes, place of the entry itself) of each item in `iloc`."""
    reader = Reader(data, box.body, box.end)
    version = reader.number(1)
    reader.take(3)
    sizes, more = reader.number(1), reader.number(1)
    if version > 2:
        raise broken()
    offset_size, length_size, base_size, index_size = sizes >> 4, sizes & 15, more >> 4, (more & 15) if version else 0
    found = []
    for _ in range(reader.number(2 if version < 2 else 4)):
        start = reader.at
        number = reader.number(2 if version < 2 else 4)
        method = reader.number(2) & 15 if version else _IN_FILE
        if reader.number(2) or method > _IN_META:
            raise UnsupportedFormat("A picture whose parts lie in other files or other items is not accepted.")
        base = reader.number(base_size)
        spans = []
        for _ in range(reader.number(2)):
            reader.take(index_size)
            first = base + reader.number(offset_size)
            spans.append((first, first + reader.number(length_size)))
        found.append((number, method, spans, (start, reader.at)))
        if len(found) > _MOST or len(spans) > _MOST:
            raise broken()
    return found


def _read_references(known: _Items, data: memoryview, box: Box) -> None:
    size = 4 if data[box.body] else 2
    for each in within(data, box.body + 4, box.end):
        reader = Reader(data, each.body, each.end)
        origin = reader.number(size)
        known.references.append((each.kind, origin, [reader.number(size) for _ in range(reader.number(2))]))


def _read_properties(known: _Items, data: memoryview, box: Box) -> None:
    children = within(data, box.body, box.end)
    if not children or children[0].kind != b"ipco" or any(each.kind != b"ipma" for each in children[1:]):
        raise broken()
    known.properties = within(data, children[0].body, children[0].end)
    for associations in children[1:]:
        for number, places, size in _associations(data, associations)[1]:
            if number in known.items:
                known.items[number].properties += [_index(data, place, size) for place in places]


def _associations(data: memoryview, box: Box) -> tuple[Span, list[tuple[int, list[int], int]]]:
    """The place of the entries, and of each (item number, places of its property indices, their size in bytes)."""
    reader = Reader(data, box.body, box.end)
    version = reader.number(1)
    size = 2 if reader.number(3) & 1 else 1
    count, first = reader.number(4), reader.at
    found = []
    for _ in range(count):
        number = reader.number(4 if version else 2)
        places = []
        for _ in range(reader.number(1)):
            places.append(reader.at)
            reader.take(size)
        found.append((number, places, size))
        if len(found) > _MOST:
            raise broken()
    return (first, reader.at), found


def _index(data: memoryview, place: int, size: int) -> int:
    """A property's number, counted from 1; the top bit says only that it is essential."""
    return int.from_bytes(data[place : place + size], "big") & (0x7FFF if size == 2 else 0x7F)


def _primary(data: memoryview, box: Box) -> int:
    reader = Reader(data, box.body, box.end)
    version = reader.number(1)
    reader.take(3)
    return reader.number(4 if version else 2)


def _needed(known: _Items, data: memoryview, primary: int) -> set[int]:
    """The primary item, what it is derived from, and the transparency of any of them."""
    needed: set[int] = set()
    fresh = {primary}
    while fresh:
        needed |= fresh
        fresh = {to for kind, origin, goals in known.references if kind == b"dimg" and origin in needed for to in goals}
        fresh |= {
            origin
            for kind, origin, goals in known.references
            if kind == b"auxl" and needed & set(goals) and _is_alpha(known, data, origin)
        }
        fresh -= needed
    if any(number not in known.items or known.items[number].kind not in _PICTURES for number in needed):
        raise UnsupportedFormat("This kind of HEIF file is not accepted.")
    return needed


def _is_alpha(known: _Items, data: memoryview, number: int) -> bool:
    indices = known.items[number].properties if number in known.items else []
    boxes = [known.properties[index - 1] for index in indices if 0 < index <= len(known.properties)]
    return any(box.kind == b"auxC" and bytes(data[box.body + 4 : box.end]).startswith(_ALPHA) for box in boxes)


def _removed(known: _Items) -> list[str]:
    """Words for the items that go."""
    small = {origin for kind, origin, _ in known.references if kind == b"thmb"}
    words = []
    for number, item in known.items.items():
        if number not in known.kept:
            words.append("thumbnail" if number in small else _WORDS.get(item.kind, "second image"))
    return list(dict.fromkeys(words))


def _kept_handler(_known: _Items, data: memoryview, box: Box) -> bytes:
    """Version, type and reserved words, then a name, which tells what wrote the file."""
    name = bytes(data[box.body + 24 : box.end])
    return make(box.kind, bytes(data[box.body : box.body + 24]) + (name if name.rstrip(b"\0") in _NAMES else b"\0"))


def _as_it_is(_known: _Items, data: memoryview, box: Box) -> bytes:
    return make(box.kind, bytes(data[box.body : box.end]))


def _kept_infos(known: _Items, data: memoryview, box: Box) -> bytes:
    entries = []
    for number, info, kind_at in _infos(data, box):
        name = bytes(data[kind_at + 4 : info.end])
        if number in known.kept:
            told = name if name[:-1] in _NAMES else b"\0"
            entries.append(make(b"infe", bytes(data[info.body : kind_at + 4]) + told))
    return make(box.kind, _counted(data, box, len(entries)) + b"".join(entries))


def _counted(data: memoryview, box: Box, count: int) -> bytes:
    """Version and flags of an `iinf` box, and a count as wide as the version asks for."""
    return bytes(data[box.body : box.body + 4]) + count.to_bytes(4 if data[box.body] else 2, "big")


def _kept_places(known: _Items, data: memoryview, box: Box) -> bytes:
    entries = [bytes(data[start:end]) for number, _, _, (start, end) in _places(data, box) if number in known.kept]
    count = len(entries).to_bytes(4 if data[box.body] == 2 else 2, "big")
    return make(box.kind, bytes(data[box.body : box.body + 6]) + count + b"".join(entries))


def _kept_references(known: _Items, data: memoryview, box: Box) -> bytes:
    size = 4 if data[box.body] else 2
    entries = []
    for kind, origin, goals in known.references:
        left = [goal for goal in goals if goal in known.kept]
        if origin in known.kept and left and kind in (b"dimg", b"auxl", b"prem"):
            numbers = origin.to_bytes(size, "big") + len(left).to_bytes(2, "big")
            entries.append(make(kind, numbers + b"".join(goal.to_bytes(size, "big") for goal in left)))
    return make(box.kind, bytes(data[box.body : box.body + 4]) + b"".join(entries)) if entries else b""


def _kept_properties(known: _Items, data: memoryview, box: Box) -> bytes:
    """Properties are counted by position, so one that goes leaves an empty free box in its place."""
    used = {index for number in known.kept for index in known.items[number].properties}
    numbered = list(enumerate(known.properties, 1))
    kept = {index for index, each in numbered if index in used and _is_harmless(data, each)}
    boxes = [bytes(data[each.start : each.end]) if index in kept else make(b"free", b"") for index, each in numbered]
    children = within(data, box.body, box.end)
    associations = [_kept_associations(known, data, each, kept) for each in children[1:]]
    return make(box.kind, make(b"ipco", b"".join(boxes)) + b"".join(associations))


def _is_harmless(data: memoryview, box: Box) -> bool:
    contents = bytes(data[box.body : box.end])
    if box.kind == b"colr" and contents[:4] in (b"prof", b"rICC"):
        return icc.sound(contents[4:]) == contents[4:]
    return box.kind in _PROPERTIES


def _kept_associations(known: _Items, data: memoryview, box: Box, kept: set[int]) -> bytes:
    (first, _), found = _associations(data, box)
    entries, wide = [], 4 if data[box.body] else 2
    for number, places, size in found:
        if number in known.kept:
            indices = [bytes(data[at : at + size]) if _index(data, at, size) in kept else bytes(size) for at in places]
            entries.append(number.to_bytes(wide, "big") + bytes((len(places),)) + b"".join(indices))
    return make(box.kind, bytes(data[box.body : first - 4]) + len(entries).to_bytes(4, "big") + b"".join(entries))


def _kept_bytes(known: _Items, data: memoryview, box: Box) -> bytes:
    """The `idat` box: what no kept item refers to becomes zeros."""
    old, new = bytes(data[box.body : box.end]), bytearray(box.end - box.body)
    for number in known.kept:
        for start, end in known.items[number].spans if known.items[number].method == _IN_META else []:
            if not start <= end <= len(old):
                raise broken()
            new[start:end] = old[start:end]
    return make(box.kind, bytes(new))


_FILTERS: dict[bytes, _Filter] = {
    b"hdlr": _kept_handler,
    b"pitm": _as_it_is,
    b"iinf": _kept_infos,
    b"iloc": _kept_places,
    b"iref": _kept_references,
    b"iprp": _kept_properties,
    b"idat": _kept_bytes,
}
