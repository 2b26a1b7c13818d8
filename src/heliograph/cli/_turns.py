"""Several things done at once, and told in the order in which they were asked for; hides tasks, and what ends them."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections import deque
from collections.abc import AsyncIterable, Callable, Coroutine
from typing import Any, TypeVar

from heliograph.cli._table import Terminated

T = TypeVar("T")
R = TypeVar("R")

AHEAD = 2000
"""How many may have begun or be done, whose outcome is not told yet because one before is not done."""


def run(work: Coroutine[Any, Any, R]) -> R:
    """asyncio.run, during which SIGTERM ends the work as Ctrl-C does; then it raises Terminated.

    In another thread than the main one, which no signal comes to, it is just asyncio.run.
    """
    if threading.current_thread() is not threading.main_thread():
        return asyncio.run(work)

    async def until_terminated() -> R:
        task = asyncio.current_task()
        assert task is not None, "this is one"
        if sys.platform != "win32":
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await work

    before = signal.getsignal(signal.SIGTERM)
    try:
        return asyncio.run(until_terminated())
    except asyncio.CancelledError:
        raise Terminated from None
    finally:
        signal.signal(signal.SIGTERM, before)


async def in_order(
    items: AsyncIterable[T], do: Callable[[T], Coroutine[Any, Any, R]], tell: Callable[[T, R], None]
) -> None:
    """Begin to `do` each of `items` as it comes, and `tell` each outcome as soon as all before it are told.

    Where it is interrupted, what is under way is given up, and what is done by then is told all the same: it is not
    undone. How many do something at the same time is up to `do`.
    """
    under_way: deque[tuple[T, asyncio.Task[R]]] = deque()
    try:
        async for item in items:
            under_way.append((item, asyncio.create_task(do(item))))
            while under_way and (len(under_way) >= AHEAD or under_way[0][1].done()):
                await _told(under_way, tell)
        while under_way:
            await _told(under_way, tell)
    except asyncio.CancelledError:
        await _given_up(under_way)
        for item, task in under_way:
            if not task.cancelled() and task.exception() is None:
                tell(item, task.result())
        raise
    finally:
        await _given_up(under_way)


async def _told(under_way: deque[tuple[T, asyncio.Task[R]]], tell: Callable[[T, R], None]) -> None:
    """Wait for the first, and tell it. It stays among those under way until it is done."""
    item, task = under_way[0]
    await asyncio.wait([task])
    under_way.popleft()
    tell(item, task.result())


async def _given_up(under_way: deque[tuple[T, asyncio.Task[R]]]) -> None:
    for _, task in under_way:
        task.cancel()
    await asyncio.gather(*(task for _, task in under_way), return_exceptions=True)
