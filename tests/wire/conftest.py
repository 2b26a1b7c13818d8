"""A server for each set of settings that transcripts ask for, and the words that their placeholders stand for."""

import base64
import io
import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx2
import pytest
from PIL import Image as Pillow

from tests.cli.test_admin import run
from tests.running import RunningServer, picture, serving, website
from tests.wire.transcript import Transcript


class Servers:
    """Servers by their settings, each started when the first transcript asks for it."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._running: dict[tuple[tuple[str, str], ...], tuple[RunningServer, dict[str, bytes]]] = {}

    def of(self, transcript: Transcript) -> tuple[RunningServer, dict[str, bytes]]:
        """The server that the transcript wants, and who may use it."""
        settings = tuple(sorted(transcript.settings.items()))
        if settings not in self._running:
            folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
            server = self._stack.enter_context(serving(folder, ACCESS_LOG="false", **dict(settings)))
            self._running[settings] = server, _credentials(server)
        return self._running[settings]


def _credentials(server: RunningServer) -> dict[str, bytes]:
    headers = {"authorization": f"Bearer {server.key}"}
    mine = httpx2.get(f"{server.url}/api/v1/applications", headers=headers).json()["applications"][0]
    wanted = {"name": "A program of Imgur's", "redirects": ["http://127.0.0.1:9/back"], "secret": True}
    program = httpx2.post(f"{server.url}/api/v1/applications", headers=headers, json=wanted).json()
    run(server.data, "account", "create", "stranger", "--no-password")
    scopes = [word for scope in ("account", "albums", "images:read", "images:write") for word in ("--scope", scope)]
    stranger = run(server.data, "token", "create", "stranger", *scopes).stdout.strip()
    words = {"token": server.key, "stranger": stranger, "key": mine["key"], "client_id": mine["client_id"]}
    words |= {"program": program["client_id"], "secret": program["secret"]}
    words["basic"] = base64.b64encode(f"{words['program']}:{words['secret']}".encode()).decode()
    return {name: word.encode() for name, word in words.items()}


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    with ExitStack() as stack:
        yield Servers(stack)


@pytest.fixture(scope="session")
def publish() -> Iterator[Callable[[bytes], str]]:
    """Puts a picture on some other web server and says its address."""
    pages: dict[str, tuple[int, dict[str, str], bytes]] = {}
    with website(pages) as address:

        def publish(content: bytes) -> str:
            path = f"/{len(pages)}.png"
            pages[path] = 200, {"Content-Type": "image/png"}, content
            return address + path

        yield publish


def files() -> dict[str, bytes]:
    """Pictures that no other transcript has, and a file that is none."""
    return {
        "png": picture(12, 9),
        "jpeg": picture(12, 9, "JPEG"),
        "webp": picture(12, 9, "WEBP"),
        "gif": _animation(),
        "text": b"This is not a picture, whatever its name says.\n" * 3,
    }


def _animation() -> bytes:
    file = io.BytesIO()
    frames = [Pillow.frombytes("L", (8, 6), random.randbytes(48)).convert("P") for _ in range(3)]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=100, loop=0)
    return file.getvalue()
