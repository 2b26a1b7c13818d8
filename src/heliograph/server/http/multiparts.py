"""Multipart bodies as programs write them: their boundary, and their parts while they arrive. Hides the parser.

RFC 7578 says more than any server may insist on. Boundaries come without the quotes that their characters need, parts
under other dispositions, with lengths that are not theirs, and without the end of the last boundary (wire page clients,
point 5), names in single quotes or in `filename*`. Imgur ran on PHP, which took all of these, and so did the programs
that were made for it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from multipart import MultipartError, MultipartSegment, PushMultipartParser

from heliograph.server.errors import BadParameter
from heliograph.server.http.spelling import as_utf8

_BOUNDARY = re.compile(r"boundary\s*=\s*(?:\"([^\"]*)\"|([^\s;\"]+))", re.IGNORECASE)
_START = re.compile(rb"(?:\r\n)?--([^\r\n]{1,200})\r\nContent-", re.IGNORECASE)
_SINGLE_QUOTES = re.compile(r"(;\s*(?:file)?name\s*=\s*)'([^'\"]*)'(?=\s*(?:;|\Z))", re.IGNORECASE)
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


@dataclass(frozen=True, slots=True)
class Head:
    """How a part begins: the name of its field, and of its file, where it says that it is one."""

    name: str
    filename: str | None


class Parts:
    """The parts of one body: a Head, the bytes behind it in pieces, and None where the part ends."""

    def __init__(self, boundary: bytes, most: int) -> None:
        """Read parts with this `boundary` between them, `most` at most. Raises BadParameter where it is empty."""
        if not boundary:
            raise BadParameter("The multipart body has no boundary: let the HTTP library set the Content-Type header.")
        self._parser = _Parser(boundary, max_segment_count=most, header_charset="latin-1")
        self._inside = False
        self._whole = 0

    def read(self, piece: bytes) -> Iterator[Head | bytes | None]:
        """What the next piece of the body, which is not empty, brings. Raises BadParameter."""
        try:
            yield from self._read(piece)
        except MultipartError as problem:
            raise BadParameter(f"The multipart body is malformed: {problem}.") from problem

    def end(self) -> Iterator[Head | bytes | None]:
        """What was left open, as some clients leave out the final "--", or all that follows the last boundary
        (pyimgurapi, KIO). Raises BadParameter where the last part is not whole.
        """
        try:
            yield from self._read(b"--\r\n")
            self._parser.close()
        except MultipartError as problem:
            if self._inside or not self._whole:
                raise BadParameter("The multipart body ends before its last part does.") from problem

    def _read(self, piece: bytes) -> Iterator[Head | bytes | None]:
        for event in self._parser.parse(piece):
            self._inside = event is not None
            if isinstance(event, MultipartSegment):
                filename = event.filename
                yield Head(as_utf8(event.name), as_utf8(filename) if filename is not None else None)
                continue
            self._whole += event is None
            yield event


class _Parser(PushMultipartParser):  # type: ignore[misc] # the library has no types
    """Takes parts of any disposition or none (GuppieX writes `attachment; form-data; name=...`, wire page imgur-v2).
    Does not look at their `Content-Length`: the boundary says where a part ends.

    Heads are read as Latin-1, which takes any byte, and their names as UTF-8 afterwards.
    """

    def _on_segment_headerline(self, line: bytes) -> None:
        if not line.lower().startswith(b"content-length"):
            super()._on_segment_headerline(line)

    def _create_segment(self, headerlist: list[tuple[str, str]]) -> MultipartSegment:
        heads = [(name, _SINGLE_QUOTES.sub(r'\1"\2"', value) if "'" in value else value) for name, value in headerlist]
        segment = MultipartSegment(heads)
        segment.name = segment.name or ""
        for name, value in headerlist:
            if name == "Content-Disposition" and (extended := _EXTENDED.search(value)):
                segment.filename = _as_latin(extended[1], extended[2])
        return segment


def _as_latin(charset: str, escaped: str) -> str:
    """The name in a `filename*` (RFC 8187), spelt as if its UTF-8 had been read as Latin-1, like all names here."""
    return unquote_to_bytes(escaped).decode(charset, "replace").encode().decode("latin-1")
