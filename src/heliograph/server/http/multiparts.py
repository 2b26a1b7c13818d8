"""Multipart bodies as programs write them: their boundary, and the heads of their parts.

RFC 7578 says more than any server may insist on. Boundaries come without the quotes that their characters need, parts
under other dispositions, with lengths that are not theirs (wire page clients, point 5), names in single quotes or in
`filename*`. Imgur ran on PHP, which took all of these, and so did the programs that were made for it.
"""

import re
from urllib.parse import unquote_to_bytes

from multipart import MultipartSegment, PushMultipartParser

_BOUNDARY = re.compile(r"boundary\s*=\s*(?:\"([^\"]*)\"|([^\s;\"]+))", re.IGNORECASE)
_START = re.compile(rb"(?:\r\n)?--([^\r\n]{1,200})\r\nContent-", re.IGNORECASE)
_SINGLE_QUOTES = re.compile(r"=\s*'([^'\"]*)'(?=\s*(?:;|\Z))")
_EXTENDED = re.compile(r"\bfilename\*\s*=\s*\"?(utf-8|iso-8859-1)'[^']*'([^;\"\s]+)", re.IGNORECASE)


def is_multipart(label: str) -> bool:
    """Whether a Content-Type calls the body multipart, of whatever kind. RFC 1867 has a comma before the boundary."""
    return label.lstrip().lower().startswith("multipart/")


def boundary_of(label: str) -> bytes:
    """The boundary that a Content-Type names; empty where it names none."""
    found = _BOUNDARY.search(label)
    return (found[1] or found[2] or "").encode("latin-1") if found else b""


def boundary_in(head: bytes) -> bytes:
    """The boundary with which a body begins; empty where it does not begin with a part."""
    found = _START.match(head)
    return found[1] if found else b""


class PartParser(PushMultipartParser):  # type: ignore[misc] # the library has no types
    """Takes parts of any disposition or none (GuppieX writes `attachment; form-data; name=...`, wire page imgur-v2).
    Does not look at their `Content-Length`: the boundary says where a part ends.

    Heads are read as Latin-1, which takes any byte: names are to be read as UTF-8 afterwards.
    """

    def __init__(self, boundary: bytes, most_parts: int) -> None:
        """boundary: what stands between the parts; most_parts: how many there may be."""
        super().__init__(boundary, max_segment_count=most_parts, header_charset="latin-1")

    def _on_segment_headerline(self, line: bytes) -> None:
        if not line.lower().startswith(b"content-length"):
            super()._on_segment_headerline(line)

    def _create_segment(self, headerlist: list[tuple[str, str]]) -> MultipartSegment:
        heads = [(name, _SINGLE_QUOTES.sub(r'="\1"', value) if "'" in value else value) for name, value in headerlist]
        segment = MultipartSegment(heads)
        segment.name = segment.name or ""
        for name, value in headerlist:
            if name == "Content-Disposition" and (extended := _EXTENDED.search(value)):
                segment.filename = _as_latin(extended[1], extended[2])
        return segment


def _as_latin(charset: str, escaped: str) -> str:
    """The name in a `filename*` (RFC 8187), spelt as if its UTF-8 had been read as Latin-1, like all names here."""
    return unquote_to_bytes(escaped).decode(charset, "replace").encode().decode("latin-1")
