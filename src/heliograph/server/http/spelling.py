"""How a body spells its fields: percent signs, sets of characters, members of JSON. `bodies` puts them together."""

import binascii
import codecs
import re
from collections.abc import Collection, Iterator
from urllib.parse import parse_qsl, unquote_to_bytes

import msgspec

from heliograph.server.errors import BadParameter

_AS_QUOTED_PRINTABLE = bytes.maketrans(b"%+", b"= ")
BOM = codecs.BOM_UTF8
"""What some programs of .NET write before a text."""
_SOFT_LINE_END = re.compile(rb"%[\r\n]")


def unquoted(raw: bytes) -> bytes:
    """Form decoding (application/x-www-form-urlencoded).

    urllib takes a Python step for each escape: 4 ms for half a megabyte of base64, 100 ms for raw bytes.
    Quoted-printable is the same code with another sign for the escape, and its decoder is written in C.
    """
    if b"%" not in raw:
        return raw.replace(b"+", b" ")
    decoded = binascii.a2b_qp(raw.replace(b"=", b"%3D").translate(_AS_QUOTED_PRINTABLE))
    return decoded if _is_decoded(raw, decoded) else unquote_to_bytes(raw.replace(b"+", b" "))


def _is_decoded(raw: bytes, decoded: bytes) -> bool:
    """Whether each percent sign of `raw` was that of an escape. One that was not is left as `=`, or dropped at the end
    or before the end of a line; where there are others, the length tells, as only an escape becomes two bytes shorter.
    """
    if (b"\n" in raw or b"\r" in raw) and _SOFT_LINE_END.search(raw):
        return False
    if b"=" not in decoded:
        return not raw.endswith(b"%")
    return len(decoded) == len(raw) - 2 * raw.count(b"%")


def as_meant(raw: bytes) -> str:
    """A text as its sender meant it: UTF-8, else Latin-1, which has a character for each byte. Never a NUL."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    return text.replace("\0", "")


def as_utf8(latin: str | None) -> str:
    """A text that was read as Latin-1, as its sender meant it."""
    return as_meant((latin or "").encode("latin-1"))


def cut_before_escape(piece: bytes) -> tuple[bytes, bytes]:
    """`piece` in two where its last percent sign may be cut off from its digits, else whole, and nothing."""
    cut = piece.rfind(b"%", max(0, len(piece) - 2))
    return (piece[:cut], piece[cut:]) if cut >= 0 else (piece, b"")


def form_pairs(text: bytes, most: int) -> list[tuple[str, str]]:
    """The fields of a query string or of a small form, of which there may be `most`. Raises BadParameter."""
    try:
        pairs = parse_qsl(text.decode("latin-1"), keep_blank_values=True, encoding="latin-1", max_num_fields=most)
    except ValueError as problem:
        raise BadParameter(f"There are more than {most} fields.") from problem
    return [(as_utf8(name), as_utf8(value)) for name, value in pairs]


def query_texts(query: bytes, most: int) -> dict[str, str]:
    """The fields of a query string by name; of several by one name the last. Raises BadParameter."""
    return dict(form_pairs(query, most))


class Members:
    """The members of a JSON body that anybody reads; all others are skipped without being made into objects."""

    def __init__(self, names: Collection[str]) -> None:
        attributes = {f"member{number}": name for number, name in enumerate(sorted(names))}
        value = str | int | float | bool | None
        self._type = msgspec.defstruct(
            "Fields", [(attribute, value, None) for attribute in attributes], rename=attributes
        )

    def read(self, body: bytes) -> Iterator[tuple[str, bytes]]:
        """Names and values of the members that are not null. Raises BadParameter."""
        try:
            fields = msgspec.json.decode(body, type=self._type)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
            raise BadParameter(f"The JSON body is not usable: {problem}.") from problem
        for attribute, name in zip(self._type.__struct_fields__, self._type.__struct_encode_fields__, strict=True):
            value = getattr(fields, attribute)
            if value is not None:
                yield name, (value if isinstance(value, str) else msgspec.json.encode(value).decode()).encode()
