"""The `meta` box of AVIF and HEIC files: keeps the items that the primary picture is made of, and writes the box anew.

Hides items, their places, references and properties. The new box is as long as the old one (free space fills it up).

Facts: ISO/IEC 14496-12 section 8.11 (meta, hdlr, pitm, iinf, iloc, iref, idat); ISO/IEC 23008-12 sections 6 and 9 (image
items, properties, ipco, ipma); MIAF, ISO/IEC 23000-22, section 7.3.5 (alpha).
"""

from dataclasses import dataclass, field

from heliograph.imaging.cleaning import icc
from heliograph.imaging.cleaning.boxes import Box, Reader, broken, make, within
from heliograph.imaging.cleaning.plan import Span
from heliograph.imaging.failures import UnsupportedFormat

_PICTURES = {b"hvc1", b"av01", b"grid", b"iovl", b"iden"}
_PROPERTIES = {
    *(b"ispe", b"pixi", b"colr", b"irot", b"imir", b"clap", b"pasp", b"hvcC", b"av1C", b"auxC", b"clli", b"mdcv", b"cclv"),
    *(b"amve", b"a1op", b"lsel", b"a1lx"),
}
_ALPHA = (b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0", b"urn:mpeg:hevc:2015:auxid:1\0")
_WORDS = {b"Exif": "EXIF", b"mime": "XMP", b"tmap": "gain map"}
_IN_FILE, _IN_META = 0, 1
_MOST = 10_000


@dataclass(slots=True)
class _Item:
    kind: bytes = b""
    method: int = _IN_FILE
    spans: list[Span] = field(default_factory=list)


@dataclass(slots=True)
class Items:
    """meta: the new box, as long as the old. spans: where in the file the kept items lie. removed: words for people."""

    meta: bytes
    spans: list[Span]
    removed: list[str]


def clean(data: memoryview, meta: Box) -> Items:
    """Read and rewrite a `meta` box. Raises CorruptImage, UnsupportedFormat."""
    children = {box.kind: box for box in within(data, meta.body + 4, meta.end)}
    if not {b"hdlr", b"pitm", b"iinf", b"iloc", b"iprp"} <= children.keys():
        raise broken()
    items = _infos(data, children[b"iinf"])
    _places(data, children[b"iloc"], items)
    references = _references(data, children[b"iref"]) if b"iref" in children else []
    properties, associations = _properties(data, children[b"iprp"])
    primary = _primary(data, children[b"pitm"])
    kept = _needed(data, primary, items, references, properties, associations)
    removed = _removed(items, kept, references)
    parts = [
        make(b"hdlr", bytes(data[children[b"hdlr"].body : children[b"hdlr"].body + 24]).ljust(24, b"\0") + b"\0"),
        make(b"pitm", b"\1\0\0\0" + primary.to_bytes(4, "big")),
        _iloc(items, kept),
        _iinf(items, kept),
        _iref(references, kept),
        _iprp(data, properties, associations, kept),
    ]
    if b"idat" in children:
        parts.append(_idat(data, children[b"idat"], [items[number] for number in kept]))
    return Items(_fitted(data, meta, b"".join(parts), items, kept), _spans(items, kept), removed)
