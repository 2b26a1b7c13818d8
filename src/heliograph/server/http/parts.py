"""Where the parts of a multipart body begin and what their heads say, as programs write them, not as RFC 7578 has it.

Names in single quotes or none, another disposition than `form-data`, names of files in `filename*`, lengths that are
wrong: Imgur ran on PHP, which took all of these, and so did the programs that were made for it.
"""

import re
from urllib.parse import unquote_to_bytes

from multipart import MultipartSegment, PushMultipartParser

_BOUNDARY = re.compile(r";\s*boundary\s*=\s*(?:\"([^\"]*)\"|([^;]*))", re.IGNORECASE)
_FIRST_LINES = re.compile(rb"\s*--([^\r\n]{1,200})\r\n(?:[!-9;-~]+:[^\r\n]*\r\n)*?Content-Disposition:", re.IGNORECASE)
_BEFORE_NAMES = re.compile(r"\A[^=\"]*;\s*")
"""What a disposition says before its first parameter: `form-data;`, or `attachment; form-data;` (GuppieX)."""
_SINGLE_QUOTES = re.compile(r"=\s*'([^'\"]*)'(?=\s*(?:;|\Z))")
_EXTENDED = re.compile(r"\bfilename\*\s*=\s*\"?(utf-8|iso-8859-1)'[^']*'([^;\"\s]+)", re.IGNORECASE)


def boundary_of(content_type: str) -> str:
    """The boundary that a Content-Type names, "" where it names none.

    Without quotes it may hold signs that ask for some: `----=_Part_0_12.34`, as hand-made clients copy it.
    """
    found = _BOUNDARY.search(content_type)
    return (found[1] if found[1] is not None else found[2]).strip() if found else ""


def boundary_in(head: bytes) -> str:
    """The boundary of a body that begins as multipart does, "" where it does not: what programs say of their bodies
    is at times left out, or wrong.
    """
    found = _FIRST_LINES.match(head)
    return found[1].decode("latin-1").rstrip() if found else ""


class PartParser(PushMultipartParser):  # type: ignore[misc] # the library has no types
    """Cuts a multipart body into parts. What a part's Content-Length says does not matter: its boundary ends it."""

    def __init__(self, boundary: str, most_parts: int) -> None:
        """Look for `boundary`. Latin-1 takes any byte of a part's head; its names are to be read as UTF-8."""
        super().__init__(boundary.encode("latin-1"), max_segment_count=most_parts, header_charset="latin-1")

    def _on_segment_headerline(self, line: bytes) -> None:
        if not line.lower().startswith(b"content-length"):
            super()._on_segment_headerline(line)

    def _create_segment(self, headerlist: list[tuple[str, str]]) -> MultipartSegment:
        named = [(name, _as_form_data(value)) for name, value in headerlist if name == "Content-Disposition"]
        segment = super()._create_segment(named)
        for _, value in named:
            if extended := _EXTENDED.search(value):
                segment.filename = _as_latin(extended[1], extended[2])
        return segment


def _as_form_data(disposition: str) -> str:
    """A disposition as the library wants it, whatever word it begins with and whatever quotes are in it."""
    named = _BEFORE_NAMES.sub("form-data; ", disposition)
    return _SINGLE_QUOTES.sub(r'="\1"', named) if "'" in named else named


def _as_latin(charset: str, escaped: str) -> str:
    """The name in a `filename*` (RFC 8187), spelt as if its UTF-8 had been read as Latin-1, like all names here."""
    return unquote_to_bytes(escaped).decode(charset, "replace").encode().decode("latin-1")
