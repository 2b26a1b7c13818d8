"""The corpus with secrets planted, hostile files, and a plain web server that has the pictures."""

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.corpus.hostile import Hostile, hostile
from tests.corpus.pictures import Picture
from tests.corpus.secrets import plant
from tests.running import answering


@pytest.fixture(scope="session")
def planted(corpus: dict[str, Picture], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same pictures, full of secrets, by name."""
    folder = tmp_path_factory.mktemp("planted")
    for picture in corpus.values():
        (folder / picture.name).write_bytes(plant(picture.format, picture.path.read_bytes()))
    return {picture.name: folder / picture.name for picture in corpus.values()}


@pytest.fixture(scope="session")
def hostile_files(corpus: dict[str, Picture], tmp_path_factory: pytest.TempPathFactory) -> list[Hostile]:
    """Files that have to be refused, each by its name."""
    return hostile(tmp_path_factory.mktemp("hostile"), list(corpus.values()))


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def web(planted: dict[str, Path]) -> Iterator[str]:
    """The address of a plain web server that has the planted pictures."""
    folder = next(iter(planted.values())).parent
    with answering(ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))) as site:
        yield site
