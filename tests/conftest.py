"""What every test may use: one running server, clients to it, the corpus, and the real servers behind the seams."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
import trustme

from tests.corpus.pictures import Picture, pictures
from tests.running import RunningServer, serving
from tests.servers.postgres import PostgresServer
from tests.servers.seaweed import SeaweedServer
from tests.servers.valkey import ValkeyServer

LONGEST = (
    "faults/test_kill.py",
    "faults/test_uploads.py",
    "clients/test_programs.py",
    "browser/test_for_everybody.py",
    "wire/test_breakages.py",
    "end_to_end/test_real_pictures.py",
    "tutorial/test_tutorial.py",
    "repair/test_dump.py",
    "cli/test_login.py",
    "cli/test_watch.py",
    "cli/test_admin.py",
    "cli/test_commands.py",
    "client/test_figures.py",
    "integrations/test_sphinx.py",
    "server/test_fairness.py",
    "server/http/test_oauth.py",
)
"""The files that take longest: they begin first, so that all processes end at about the same time."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every order is right; this one is quick."""
    places = {Path(__file__).parent / name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path, len(LONGEST)))


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Tests marked `anyio` run on asyncio, as the server does."""
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def _one_authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test speaks to the world: reading all its authorities would cost each client, and each program, 20 ms."""
    path = tmp_path_factory.mktemp("authority") / "ca.pem"
    trustme.CA().cert_pem.write_to_path(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(path))
        yield


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> None:
    """A shell that starts the tests in the background lets them ignore Ctrl-C, and so every program they start."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _no_settings_of_the_developer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("HELIOGRAPH_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "no-config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "no-state"))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """`heliograph serve` with limits off, which may fetch from loopback addresses."""
    with serving(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="session")
def http(server: RunningServer) -> Iterator[httpx2.Client]:
    """Speaks to the server without any key."""
    with httpx2.Client(base_url=server.url, timeout=120) as client:
        yield client


@pytest.fixture(scope="session")
def owner(server: RunningServer) -> Iterator[httpx2.Client]:
    """Speaks to the server with the first key."""
    headers = {"authorization": f"Bearer {server.key}"}
    with httpx2.Client(base_url=server.url, timeout=120, headers=headers) as client:
        yield client


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Picture]:
    """Real pictures of every format, by name."""
    return {picture.name: picture for picture in pictures(tmp_path_factory.mktemp("corpus"))}


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A real PostgreSQL."""
    server = PostgresServer()
    try:
        server.start()
        yield server
    finally:
        server.dispose()


@pytest.fixture(scope="session")
def seaweed_server() -> Iterator[SeaweedServer]:
    """A real SeaweedFS that speaks S3."""
    server = SeaweedServer()
    try:
        server.start()
        yield server
    finally:
        server.dispose()


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[ValkeyServer]:
    """A real Valkey."""
    server = ValkeyServer()
    try:
        server.start()
        yield server
    finally:
        server.dispose()
