"""Requests that bring no picture: their bodies, which are small, and their fields, whatever the method.

Fields are those of the query, then those of the body, which may be a form of either kind or JSON. A field may come
several times.
"""

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl

import msgspec
from multipart import MultipartError, MultipartSegment, parse_options_header
from starlette.datastructures import QueryParams
from starlette.requests import Request

from heliograph.server.errors import BadParameter
from heliograph.server.http.parts import PartParser, boundary_in, boundary_of
from heliograph.server.http.spelling import as_meant, as_utf8

MOST_FIELDS = 2500
"""More than an album holds images: each may come in a field of its own."""

_MOST_OF_A_PAGE = 100
_HEAD = 1024
"""Bytes of a body that show what it is."""

_LIST = re.compile(r"\[\w*\]\Z")
"""How PHP and the libraries that write for it mark a field that is one of several: `ids[]`, `ids[0]`."""


class Fields:
    """Names and values in the order in which they came."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._pairs = [(_LIST.sub("", name), value.replace("\0", "")) for name, value in pairs]

    def __contains__(self, name: str) -> bool:
        """Whether the field came, blank or not."""
        return any(each == name for each, _ in self._pairs)

    def text(self, *names: str) -> str | None:
        """What the fields `names` say: the last that is not blank."""
        found = [value for name, value in self._pairs if name in names and value.strip()]
        return found[-1] if found else None

    def words(self, *names: str) -> list[str]:
        """The words of lists, each in a field of its own or joined by commas."""
        values = (value for name, value in self._pairs if name in names)
        return [word for value in values for each in value.split(",") if (word := each.strip())]


async def small_body(request: Request) -> bytes:
    """The body of a request that brings no picture, 256 KiB at most. Raises BadParameter."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > 256 * 1024:
            raise BadParameter("The body is longer than an edit can be.")
    return body


async def small_form(request: Request) -> QueryParams:
    """The fields of a page's form without a picture (application/x-www-form-urlencoded). Raises BadParameter."""
    body = await small_body(request)
    try:
        return QueryParams(parse_qsl(as_meant(body), keep_blank_values=True, max_num_fields=_MOST_OF_A_PAGE))
    except ValueError as problem:
        raise BadParameter(f"The form has more than {_MOST_OF_A_PAGE} fields.") from problem


async def read_fields(request: Request) -> Fields:
    """All fields of the request; a body of at most 256 KiB. Raises BadParameter."""
    body = await small_body(request)
    content_type = request.headers.get("content-type", "")
    media_type, _ = parse_options_header(content_type)
    pairs = list(_form(request.url.query))
    if media_type == "multipart/form-data":
        pairs += _multipart(body, boundary_of(content_type))
    elif boundary := boundary_in(body[:_HEAD]):
        pairs += _multipart(body, boundary)
    elif media_type.endswith("json") or body.lstrip().startswith(b"{"):
        pairs += _json(body)
    else:
        pairs += _form(body.decode("latin-1"))
    return Fields(pairs)


def _form(latin: str) -> list[tuple[str, str]]:
    """The fields of a form that was read as Latin-1, as their sender meant them."""
    try:
        found = parse_qsl(latin, keep_blank_values=True, encoding="latin-1", max_num_fields=MOST_FIELDS)
    except ValueError as problem:
        raise BadParameter(f"There are more than {MOST_FIELDS} fields.") from problem
    return [(as_utf8(name), as_utf8(value)) for name, value in found]


def _multipart(body: bytes, boundary: str) -> Iterator[tuple[str, str]]:
    if not body:
        return
    if not boundary:
        raise BadParameter("The multipart body has no boundary: let the HTTP library set the Content-Type header.")
    parser = PartParser(boundary, MOST_FIELDS)
    name, value = "", bytearray()
    if not body.rstrip().endswith(b"--"):
        body += b"--\r\n"  # some clients leave the last two dashes out (pyimgurapi)
    try:
        for event in parser.parse(body):
            if isinstance(event, MultipartSegment):
                name, value = as_meant(event.name.encode("latin-1")), bytearray()
            elif event:
                value += event
            else:
                yield name, as_meant(bytes(value))
        parser.close()  # raises where the last part has no end
    except MultipartError as problem:
        raise BadParameter(f"The multipart body is malformed: {problem}.") from problem


def _json(body: bytes) -> Iterator[tuple[str, str]]:
    """The members of an object; each entry of a list is a field. What is null or an object says nothing."""
    if not body.strip():
        return
    try:
        members = msgspec.json.decode(body, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise BadParameter(f"The JSON body is not usable: {problem}.") from problem
    for name, member in members.items():
        for value in member if isinstance(member, list) else [member]:
            if isinstance(value, str):
                yield name, value
            elif isinstance(value, bool | int | float):
                yield name, msgspec.json.encode(value).decode()
