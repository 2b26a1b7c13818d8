"""Requests signed by OAuth 1.0a, read: where the credentials are, what was signed, and by which address.

A client signs the address that it called. What the server sees of that may differ: a proxy ends TLS, a hosts entry
leads a program here that has another host built in. So all that it may have been are tried, by either scheme: the host
that the request names, and the server's public one. The form in a body is signed too, and must be whole before the
signature can be checked; it is kept as bodies are, and read again by whoever reads the upload.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

from starlette.requests import Request
from starlette.types import Message

from heliograph.imaging.formats import SIGNATURE_BYTES, sniff
from heliograph.server.errors import BadParameter
from heliograph.server.identity.signatures import Signed, protocol_of
from heliograph.server.incoming import Incoming
from heliograph.server.links import Links

_FORM = "application/x-www-form-urlencoded"
_MOST_FIELDS = 100
_ENCODED_SIZE = 3
"""How many times larger than its picture a form may be, as in `bodies`."""

_HEADER_PAIR = re.compile(r'\s*([^\s=,]+)\s*=\s*"([^"]*)"\s*(?:,|\Z)')
_one_form_at_a_time = asyncio.Semaphore(2)

Pairs = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class SignedReader:
    """Reads what was signed. `folder` holds large forms under way, of pictures of at most `max_bytes` bytes."""

    folder: Path
    max_bytes: int
    links: Links

    @asynccontextmanager
    async def read(self, request: Request) -> AsyncIterator[tuple[Signed | None, Request]]:
        """What the request was signed as, None where it is not, and the request to go on with.

        Raises BadParameter, TooManyBytes, StorageUnavailable.
        """
        header = _header(request.headers.get("authorization", ""))
        query = _pairs(request.scope["query_string"])
        if not _is_form(request):
            yield self._signed(request, header, query, []), request
            return
        with Incoming(self.folder, _ENCODED_SIZE * self.max_bytes + 1024 * 1024, hashed=False) as body:
            async for piece in request.stream():
                body.write(piece)
            async with _one_form_at_a_time:
                signed = self._signed(request, header, query, await asyncio.to_thread(_form, body))
            yield signed, Request(request.scope, _Again(body).receive)

    def _signed(self, request: Request, header: Pairs, query: Pairs, form: Pairs) -> Signed | None:
        protocol = protocol_of({"header": header, "query": query, "body": form})
        if not protocol:
            return None
        return Signed(
            method=request.method,
            addresses=self._addresses(request),
            parameters=(*header, *query, *form),
            protocol=protocol,
            encrypted=self._encrypted(request),
        )

    def _addresses(self, request: Request) -> tuple[str, ...]:
        path = request.scope.get("raw_path", request.url.path.encode()).decode("latin-1")
        hosts = dict.fromkeys((request.headers.get("host", ""), urlsplit(self.links.public).netloc))
        schemes = dict.fromkeys((request.url.scheme, "https", "http"))
        return tuple(f"{scheme}://{host}{path}" for host in hosts if host for scheme in schemes)

    def _encrypted(self, request: Request) -> bool:
        """Whether the request came by https, as far as can be told: here, or to the proxy at the public address."""
        if request.headers.get("x-forwarded-proto", "https") != "https":
            return False
        return request.url.scheme == "https" or self.links.public.startswith("https://")


class _Again:
    """A body that was received already, as ASGI receives it."""

    def __init__(self, body: Incoming) -> None:
        self._pieces = body.pieces()

    async def receive(self) -> Message:
        piece = next(self._pieces, b"")
        return {"type": "http.request", "body": piece, "more_body": bool(piece)}


def _is_form(request: Request) -> bool:
    """Whether the body's fields are signed (RFC 5849 section 3.4.1.3.1)."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM


def _form(body: Incoming) -> Pairs:
    """The fields of a form; none of a picture that only says that it is one."""
    return [] if sniff(body.head(SIGNATURE_BYTES)) else _pairs(b"".join(body.pieces()))


def _header(authorization: str) -> Pairs:
    """The parameters of `Authorization: OAuth`, less the realm (RFC 5849 section 3.5.1); none of another scheme."""
    scheme, _, rest = authorization.strip().partition(" ")
    if scheme.lower() != "oauth":
        return []
    found = _HEADER_PAIR.findall(rest)
    if not found:
        raise BadParameter("The Authorization header is not as OAuth 1.0a has it.")
    return [(unquote_to_bytes(name), unquote_to_bytes(value)) for name, value in found if name.lower() != "realm"]


def _pairs(encoded: bytes) -> Pairs:
    """Names and values of a query or a form, decoded, blank ones too. Raises BadParameter for too many."""
    fields = [field for field in encoded.split(b"&", _MOST_FIELDS) if field]
    if len(fields) > _MOST_FIELDS:
        raise BadParameter(f"The query or form has more than {_MOST_FIELDS} fields.")
    split = (field.partition(b"=") for field in fields)
    return [(_decoded(name), _decoded(value)) for name, _, value in split]


def _decoded(raw: bytes) -> bytes:
    return unquote_to_bytes(raw.replace(b"+", b" "))
