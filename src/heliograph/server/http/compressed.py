"""Bodies that come compressed: made plain while they arrive, and counted before and after, as few bytes may
become many, and many none.
"""

import asyncio
import zlib
from collections.abc import AsyncIterator

from starlette.requests import Request

from heliograph.server.errors import BadParameter, HeliographError

_PIECE = 256 * 1024
_GZIP_START = b"\x1f\x8b"


def plain_body(request: Request, most: int, too_long: HeliographError) -> AsyncIterator[bytes]:
    """The pieces of the request's body, none empty, without its `Content-Encoding: gzip` (RFC 9110 section 8.4.1.3).

    Reading them raises `too_long` where more than `most` bytes come, or come of them, and BadParameter where the gzip
    is damaged. What only calls itself so is taken as it is, and any other coding is not looked at: the bytes tell.
    """
    codings = request.headers.get("content-encoding", "").lower().split(",")
    stream = _limited(request.stream(), most, too_long)
    return _limited(_inflated(stream), most, too_long) if codings[-1].strip() in ("gzip", "x-gzip") else stream


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
    while left:
        try:
            yield inflater.decompress(left, _PIECE)
        except zlib.error as problem:
            raise BadParameter("The body is not the gzip that its Content-Encoding says.") from problem
        if inflater.unused_data:  # zlib would keep all that comes behind, however much
            raise BadParameter("There is more behind the end of the body's gzip.")
        await asyncio.sleep(0)  # a few bytes can become many pieces, and others want to be answered meanwhile
        left = inflater.unconsumed_tail or await anext(stream, b"")
    if not inflater.eof:
        raise BadParameter("The gzip of the body is cut short.")


async def _limited(stream: AsyncIterator[bytes], most: int, too_long: HeliographError) -> AsyncIterator[bytes]:
    received = 0
    async for piece in stream:
        received += len(piece)
        if received > most:
            raise too_long
        if piece:
            yield piece
