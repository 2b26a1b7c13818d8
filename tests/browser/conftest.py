"""A real server and a real Chromium. Pages must stay silent on the console, but for what a test says it expects."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.servers.ports import free_ports

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NARROW = {"width": 320, "height": 640}
WIDE = {"width": 1280, "height": 900}


@contextlib.contextmanager
def running(folder: Path, **settings: str) -> Iterator[str]:
    """A server with its data in `folder`, as `heliograph serve` starts it; yields its address."""
    port = str(free_ports(1)[0])
    variables = {name: value for name, value in os.environ.items() if not name.startswith("HELIOGRAPH_")}
    variables |= {"HELIOGRAPH_DATA_DIR": str(folder), "HELIOGRAPH_PORT": port, "HELIOGRAPH_ACCESS_LOG": "false"}
    command = [sys.executable, "-c", "from heliograph.cli import main; main()", "serve"]
    with (folder.parent / "server.log").open("w") as log:
        server = subprocess.Popen(command, env=variables | settings, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        greeting = server.stdout.readline() if server.stdout else ""
        assert greeting, f"the server did not start: {(folder.parent / 'server.log').read_text()}"
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.communicate(timeout=60)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with default settings, but for limits, which these tests share."""
    with running(tmp_path_factory.mktemp("pages") / "data", HELIOGRAPH_LIMITS="off") as address:
        yield address


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, ended with the last test of this folder: Playwright holds an event loop while it runs."""
    program = shutil.which("chromium")
    assert program, "the command chromium is missing: `make test` installs it"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield chromium
        chromium.close()


class Watched:
    """Contexts of the browser that note what their pages complain about."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._open: list[BrowserContext] = []
        self.complaints: list[str] = []
        self.expected: tuple[str, ...] = ()

    def __call__(self, **options: object) -> Page:
        """A page in a context of its own, with options of playwright's new_context."""
        context = self._browser.new_context(**{"viewport": WIDE, **options})  # type: ignore[arg-type]
        context.set_default_timeout(30_000)
        self._open.append(context)
        context.on("console", self._note)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        return context.new_page()

    def close(self) -> None:
        """Close all contexts."""
        for context in self._open:
            context.close()

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    @property
    def unexpected(self) -> list[str]:
        """Complaints that no test announced."""
        return [text for text in self.complaints if not any(part in text for part in self.expected)]


@pytest.fixture
def visit(browser: Browser) -> Iterator[Watched]:
    """Opens pages; at the end none may have complained."""
    watched = Watched(browser)
    yield watched
    watched.close()
    assert not watched.unexpected


@pytest.fixture
def page(visit: Callable[..., Page]) -> Page:
    """A page with JavaScript."""
    return visit()


@pytest.fixture
def plain(visit: Callable[..., Page]) -> Page:
    """A page without JavaScript."""
    return visit(java_script_enabled=False)
