"""docs/tutorial does what it says: all that it tells to type is typed, in its order, into real programs."""

import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from doctest import ELLIPSIS, OutputChecker
from pathlib import Path

import matplotlib
import matplotlib.font_manager  # noqa: F401 # makes its cache of fonts, which takes long and is told on a new computer
import pytest

from tests.cli.test_login import decide
from tests.clients.installed import PYTHON
from tests.running import RunningServer, clean_environment, free_port
from tests.server.http.test_account_pages import OPEN
from tests.tutorial.pages import PAGES, Step, steps
from tests.tutorial.terminals import Notebook, Python, Server, Shell

SAMPLE = Path(__file__).parents[2] / "src" / "heliograph" / "cli" / "sample.jpg"
STAYS = "heliograph serve"
WRITTEN = "127.0.0.1:8750"
"""The server's address in the pages. Where they are run, it has a port of its own."""
OTHERS = "7-imgur-program"
"""The page whose Python is the environment of the client programs of others."""
CODE = re.compile(r"^Open \S+ and type (\S+)$")


class Reader:
    """Somebody with a new home folder and a picture, who reads the pages in order, each once."""

    def __init__(self, home: Path) -> None:
        self._home = home
        port = free_port()
        self._address = f"127.0.0.1:{port}"
        self._environment = {
            name: value for name, value in clean_environment().items() if not name.startswith(("XDG_", "JUPYTER_"))
        } | {
            "HOME": str(home),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HELIOGRAPH_PORT": str(port),
            "MPLCONFIGDIR": matplotlib.get_cachedir(),
            "DISPLAY": "",
            "WAYLAND_DISPLAY": "",
            "BROWSER": "",
        }
        shutil.copy(SAMPLE, home / "rocket.jpg")
        self._open = ExitStack()
        self._shell = self._open.enter_context(closing(Shell(home, self._environment, self._allow)))
        self._read: set[Path] = set()

    def read(self, page: Path) -> None:
        """Do all that the page says, and before it the pages before it."""
        for each in PAGES[: PAGES.index(page) + 1]:
            if each not in self._read:
                self._read.add(each)
                self._follow(each)

    def close(self) -> None:
        """Leave: end every program, the server last but for the shell."""
        self._open.close()

    def _follow(self, page: Path) -> None:
        with ExitStack() as opened:
            terminals: dict[str, Shell | Python | Notebook] = {"console": self._shell}
            for step in steps(page):
                if step.source == STAYS:
                    self._serve(step)
                    continue
                if step.language not in terminals:
                    terminals[step.language] = opened.enter_context(closing(self._opened(step.language, page)))
                printed, code = terminals[step.language].run(step.source.replace(WRITTEN, self._address))
                self._compare(step, printed)
                assert (code != 0) == step.output.startswith("heliograph: "), f"{step.place}: {step.source}: {code}"

    def _opened(self, language: str, page: Path) -> Python | Notebook:
        variables, _ = self._shell.run("env | grep ^HELIOGRAPH_")
        environment = self._environment | dict(line.split("=", 1) for line in variables.splitlines())
        if language == "ipython":
            return Notebook(self._home, environment)
        python = PYTHON / "python" if page.stem == OTHERS else Path(sys.executable)
        return Python(python, self._home, environment)

    def _serve(self, step: Step) -> None:
        server = self._open.enter_context(closing(Server(step.source, self._home, self._environment)))
        self._compare(step, server.first(step.output.count("\n")))

    def _compare(self, step: Step, printed: str) -> None:
        got = printed.replace(self._address, WRITTEN)
        got += "\n" if got and not got.endswith("\n") else ""
        same = OutputChecker().check_output(step.output, got, ELLIPSIS)
        assert same, f"{step.place}: {step.source}\nprints\n{got}\nand not\n{step.output}"

    def _allow(self, line: str) -> None:
        """Open the page that a login names, as the account's owner in a browser would, and allow it."""
        if shown := CODE.match(line):
            decide(RunningServer(f"http://{self._address}", ""), shown[1], "allow")


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
        with closing(Reader(tmp_path_factory.mktemp("home"))) as somebody:
            yield somebody
    while OPEN:
        OPEN.pop().close()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_page_does_what_it_says(page: Path, reader: Reader) -> None:
    reader.read(page)


def test_every_page_has_something_to_do() -> None:
    assert len(PAGES) >= 8
    assert all(steps(page) for page in PAGES)
