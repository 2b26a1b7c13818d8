"""Compressed bodies cost others nothing."""

import asyncio
import gzip

from starlette.requests import Request
from starlette.types import Message

from heliograph.server.errors import TooManyBytes
from heliograph.server.http.compressed import plain_body


def test_others_get_their_turns_while_a_few_bytes_grow_to_many() -> None:
    body = gzip.compress(bytes(10_000_000))
    turns = 0

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def grow() -> int:
        request = Request({"type": "http", "headers": [(b"content-encoding", b"gzip")]}, receive)
        other = asyncio.create_task(others())
        grown = sum([len(piece) async for piece in plain_body(request, 10_000_000, TooManyBytes())])
        other.cancel()
        return grown

    assert asyncio.run(grow()) == 10_000_000
    assert turns > 20
