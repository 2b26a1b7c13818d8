"""Bodies that come compressed: made plain while they arrive, so that who counts them counts what they grow to."""

import zlib
from collections.abc import AsyncIterator

from starlette.requests import Request

from heliograph.server.errors import BadParameter

_PIECE = 256 * 1024
_GZIP_START = b"\x1f\x8b"


def plain_body(request: Request) -> AsyncIterator[bytes]:
    """The pieces of the request's body, without its `Content-Encoding: gzip` (RFC 9110 section 8.4.1.3).

    Reading them raises BadParameter where the gzip is damaged. What only calls itself so is taken as it is, and any
    other coding is not looked at: the bytes tell.
    """
    codings = request.headers.get("content-encoding", "").lower().split(",")
    return _inflated(request.stream()) if codings[-1].strip() in ("gzip", "x-gzip") else request.stream()


async def _inflated(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    left = b""
    while len(left) < len(_GZIP_START) and (piece := await anext(stream, b"")):
        left += piece
    if not left.startswith(_GZIP_START):
        yield left
        async for piece in stream:
            yield piece
        return
    inflater = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        while left:
            yield inflater.decompress(left, _PIECE)
            left = inflater.unconsumed_tail or await anext(stream, b"")
    except zlib.error as problem:
        raise BadParameter("The body is not the gzip that its Content-Encoding says.") from problem
    if not inflater.eof:
        raise BadParameter("The gzip of the body is cut short.")
