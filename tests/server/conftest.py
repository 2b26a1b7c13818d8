"""A running server for the tests of the server, and a plain HTTP client to it."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.client.running import RunningServer, serving


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """`heliograph serve` with limits off, which may fetch from loopback addresses."""
    with serving(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="session")
def http(server: RunningServer) -> Iterator[httpx2.Client]:
    """Speaks to the server without any key."""
    with httpx2.Client(base_url=server.url, timeout=60) as client:
        yield client


@pytest.fixture(scope="session")
def owner(server: RunningServer) -> Iterator[httpx2.Client]:
    """Speaks to the server with the first key."""
    headers = {"authorization": f"Bearer {server.key}"}
    with httpx2.Client(base_url=server.url, timeout=60, headers=headers) as client:
        yield client


@pytest.fixture
def under_way(tmp_path: Path) -> Path:
    """A folder for files under way."""
    return tmp_path
