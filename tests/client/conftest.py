"""What the tests of the client share; see `running`."""

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

import pytest

import heliograph

Call = Callable[..., Any]


def call_sync(operation: str, *what: Any, server: str, key: str | None = None, retries: int = 3, **more: Any) -> Any:
    with heliograph.Client(server, key, retries=retries) as client:
        outcome = getattr(client, operation)(*what, **more)
        return list(outcome) if operation in ("list", "albums") else outcome


def call_async(operation: str, *what: Any, server: str, key: str | None = None, retries: int = 3, **more: Any) -> Any:
    async def run() -> Any:
        async with heliograph.AsyncClient(server, key, retries=retries) as client:
            outcome = getattr(client, operation)(*what, **more)
            return await outcome if inspect.isawaitable(outcome) else [each async for each in outcome]

    return asyncio.run(run())


@pytest.fixture(params=[call_sync, call_async], ids=["sync", "async"])
def call(request: pytest.FixtureRequest) -> Call:
    """One operation by either client: call("upload", data, server=..., key=...). Every claim holds for both."""
    chosen: Call = request.param
    return chosen
