"""A running server, the corpus of pictures, and a plain web server that has them."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2
import pytest

from tests.client.running import RunningServer, serving
from tests.corpus.hostile import Hostile, hostile
from tests.corpus.pictures import Picture, pictures
from tests.corpus.secrets import plant


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """`heliograph serve` with limits off, which may fetch from loopback addresses."""
    with serving(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="session")
def http(server: RunningServer) -> Iterator[httpx2.Client]:
    """Speaks to the server."""
    with httpx2.Client(base_url=server.url, timeout=120) as client:
        yield client


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> list[Picture]:
    """Real pictures of every format."""
    return pictures(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="session")
def planted(corpus: list[Picture], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same pictures, full of secrets, by name."""
    folder = tmp_path_factory.mktemp("planted")
    for picture in corpus:
        (folder / picture.name).write_bytes(plant(picture.format, picture.path.read_bytes()))
    return {picture.name: folder / picture.name for picture in corpus}


@pytest.fixture(scope="session")
def hostile_files(corpus: list[Picture], tmp_path_factory: pytest.TempPathFactory) -> list[Hostile]:
    """Files that have to be refused, each by its name."""
    return hostile(tmp_path_factory.mktemp("hostile"), corpus)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def web(planted: dict[str, Path]) -> Iterator[str]:
    """The address of a plain web server that has the planted pictures."""
    folder = next(iter(planted.values())).parent
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{site.server_port}"
        site.shutdown()
