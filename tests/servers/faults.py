"""A TCP proxy before a real server that spoils connections by seeded dice: it cuts at any byte, delays, repeats, drops.

What it does to a connection is chosen when the connection begins, so a seed always gives the same mixture. It meets
the first request; after some more, the connection is cut in any case.
"""

import asyncio
import random
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType

FAULTS = ("cut the request", "cut the answer", "drop the answer", "delay", "repeat the request", "reset at once")


LIFETIME = 4000
"""Bytes of requests after which a connection is cut at the latest."""


@dataclass
class FaultProxy:
    """Carries connections to the port `upstream` of 127.0.0.1; each is spoiled with the probability `share`.

    cuts: where given, every other connection is cut after so many bytes of its request instead, each number once; the
    others are good, and carry one request. longest: bytes of the longest request that was carried.
    """

    upstream: int
    seed: int
    share: float
    cuts: list[int] | None = None
    done: Counter[str] = field(default_factory=Counter)
    longest: int = 0

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)
        self._connections = 0
        self._under_way: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "FaultProxy":
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._under_way.add(task)
        fault, at = self._fault()
        self.done[fault] += 1
        there: list[asyncio.StreamWriter] = [writer]
        with suppress(OSError, asyncio.IncompleteReadError):
            if fault != "reset at once":
                upstream_reader, upstream = await asyncio.open_connection("127.0.0.1", self.upstream)
                there.append(upstream)
                forth = asyncio.create_task(self._forth(reader, upstream, fault, at))
                back = asyncio.create_task(self._back(upstream_reader, writer, fault, at))
                _, pending = await asyncio.wait((forth, back), return_when=asyncio.FIRST_COMPLETED)
                for task in pending:
                    task.cancel()
                await asyncio.gather(forth, back, return_exceptions=True)
        for each in there:
            each.transport.abort()

    def _fault(self) -> tuple[str, int]:
        """What is done to the next connection, and at which byte."""
        self._connections += 1
        if self.cuts is not None:
            return ("cut the request", self.cuts.pop()) if self.cuts and self._connections % 2 else ("one request", 0)
        if self._dice.random() >= self.share:
            return "none", 0
        return self._dice.choice(FAULTS), self._dice.randrange(1, LIFETIME // 4)

    async def _forth(self, reader: asyncio.StreamReader, upstream: asyncio.StreamWriter, fault: str, at: int) -> None:
        """The request. A repeated one goes to the server once more, on a connection of its own, at the same time."""
        sent, seen = 0, b""
        at = at if fault == "cut the request" else self._dice.randrange(LIFETIME // 4, LIFETIME)
        while block := await reader.read(65536):
            if fault != "one request" and sent + len(block) >= at:
                upstream.write(block[: at - sent])
                with suppress(OSError):
                    await upstream.drain()
                await asyncio.sleep(0.002)  # so that the server sees those bytes before the end
                return
            if fault == "delay":
                await asyncio.sleep(0.03)
            upstream.write(block)
            await upstream.drain()
            sent += len(block)
            seen += block
            self.longest = max(self.longest, sent)
            if fault == "repeat the request" and _is_whole(seen):
                fault = "none"
                self._under_way.add(asyncio.create_task(self._repeat(seen)))

    async def _repeat(self, request: bytes) -> None:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.upstream)
            writer.write(request)
            await reader.read(65536)
            writer.transport.abort()

    async def _back(self, upstream: asyncio.StreamReader, writer: asyncio.StreamWriter, fault: str, at: int) -> None:
        sent, seen = 0, b""
        while block := await upstream.read(65536):
            if fault == "drop the answer":
                return
            if fault == "cut the answer" and sent + len(block) >= at:
                writer.write(block[: at - sent])
                with suppress(OSError):
                    await writer.drain()
                return
            writer.write(block)
            await writer.drain()
            sent += len(block)
            if fault == "one request" and _is_whole(seen := seen + block):
                return


def _is_whole(message: bytes) -> bool:
    """Whether a message with a Content-Length is there to its end."""
    head, blank, body = message.partition(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return bool(blank) and len(body) >= int(value)
    return False
