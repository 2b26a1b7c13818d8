"""Requests that bring no picture: their bodies, which are small, and their fields, whatever the method.

Fields are those of the query, then those of the body, which may be a form of either kind or JSON. A field may come
several times.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from itertools import chain
from urllib.parse import unquote_plus

import msgspec
from starlette.datastructures import QueryParams
from starlette.requests import Request

from heliograph.server.errors import BadParameter, GrantRefused
from heliograph.server.http.bodies import Form
from heliograph.server.http.compressed import plain_body
from heliograph.server.http.multiparts import Head, Parts, boundary_in, boundary_of, is_multipart
from heliograph.server.http.spelling import BOM, as_meant, form_pairs

MOST_FIELDS = 2500
"""More than an album holds images: each may come in a field of its own."""

_MOST_BYTES = 256 * 1024
_MOST_OF_A_PAGE = 100

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
    too_long = BadParameter("The body is longer than an edit can be.")
    return b"".join([piece async for piece in plain_body(request, _MOST_BYTES, too_long)])


async def small_form(request: Request) -> QueryParams:
    """The fields of a page's form without a picture (application/x-www-form-urlencoded). Raises BadParameter."""
    return QueryParams(form_pairs(await small_body(request), _MOST_OF_A_PAGE))


def basic_credentials(request: Request) -> tuple[str, str] | None:
    """Client id and secret of the scheme Basic, both in form encoding (RFC 6749 section 2.3.1). Raises GrantRefused."""
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(credential.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as problem:
        raise GrantRefused("The Authorization header cannot be read.", "invalid_client") from problem
    return unquote_plus(client_id), unquote_plus(secret)


async def read_fields(request: Request) -> Fields:
    """All fields of the request, known to `form_of` from then on; a body of at most 256 KiB. Raises BadParameter."""
    body = (await small_body(request)).removeprefix(BOM)
    label = request.headers.get("content-type", "")
    pairs = form_pairs(request.scope["query_string"], MOST_FIELDS)
    if is_multipart(label) or boundary_in(body):
        pairs += _multipart(body, boundary_of(label) if is_multipart(label) else boundary_in(body))
    elif label.partition(";")[0].strip().lower().endswith("json") or body.lstrip().startswith(b"{"):
        pairs += _json(body)
    else:
        pairs += form_pairs(body, MOST_FIELDS)
    request.state.form = Form(dict(pairs))
    return Fields(pairs)


def _multipart(body: bytes, boundary: bytes) -> Iterator[tuple[str, str]]:
    if not body:
        return
    parts = Parts(boundary, MOST_FIELDS)
    name, value = "", bytearray()
    for event in chain(parts.read(body), parts.end()):
        if isinstance(event, Head):
            name, value = event.name, bytearray()
        elif event is not None:
            value += event
        else:
            yield name, as_meant(bytes(value))


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
