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
import matplotlib.font_manager  # makes its cache of fonts, which takes long and is told on a new computer
import pytest

from tests.cli.test_login import decide
from tests.clients.installed import PYTHON
from tests.running import RunningServer, clean_environment, free_port
from tests.server.http.test_account_pages import OPEN
from tests.tutorial.pages import FOLDER, PAGES, Step, steps
from tests.tutorial.terminals import Notebook, Python, Server, Shell

SAMPLE = Path(__file__).parents[2] / "src" / "heliograph" / "cli" / "sample.jpg"
STAYS = "heliograph serve"
WRITTEN = 8750
"""The server's port in the pages. Where they are run, it has another."""
NAMES = ("127.0.0.1", "localhost")
OTHERS = "7-imgur-program"
"""The page whose Python is the environment of the client programs of others."""
OF_DEVELOPERS = ("XDG_", "JUPYTER_", "DISPLAY", "WAYLAND_DISPLAY")
"""Variables that a reader's terminal has not: other folders than those below home, and a screen for browsers."""
CODE = re.compile(r"^Open \S+ and type (\S+)$")


def moved(text: str, old: int, new: int) -> str:
    """The text with the server at another port."""
    for name in NAMES:
        text = text.replace(f"{name}:{old}", f"{name}:{new}")
    return text


class Reader:
    """Somebody with a new home folder and a picture, who reads the pages in order, each once."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._port = free_port()
        kept = {name: value for name, value in clean_environment().items() if not name.startswith(OF_DEVELOPERS)}
        self._environment = kept | {
            "HOME": str(home),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HELIOGRAPH_PORT": str(self._port),
            "MPLCONFIGDIR": matplotlib.get_cachedir(),
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
                self.follow(each)

    def close(self) -> None:
        """End every program that is still open, and press Ctrl-C where the server runs."""
        self._open.close()

    def follow(self, page: Path) -> None:
        """Do all that the page says, and compare what is printed with what it shows."""
        with ExitStack() as opened:
            terminals: dict[str, Shell | Python | Notebook] = {"console": self._shell}
            for step in steps(page):
                if step.source == STAYS:
                    self._serve(step)
                    continue
                if step.language not in terminals:
                    terminals[step.language] = opened.enter_context(closing(self._opened(step.language, page)))
                printed, code = terminals[step.language].run(moved(step.source, WRITTEN, self._port))
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
        got = moved(printed, self._port, WRITTEN)
        got += "\n" if got and not got.endswith("\n") else ""
        same = OutputChecker().check_output(step.output, got, ELLIPSIS)
        assert same, f"{step.place}: {step.source}\nprints\n{got}\nand not\n{step.output}"

    def _allow(self, line: str) -> None:
        """Open the page that a login names, as the account's owner in a browser would, and allow it."""
        if shown := CODE.match(line):
            decide(RunningServer(f"http://127.0.0.1:{self._port}", ""), shown[1], "allow")


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


def test_every_page_has_something_to_do_and_the_index_names_them_in_order() -> None:
    assert PAGES
    assert all(steps(page) for page in PAGES)
    assert re.findall(r"^\d+\. \[.*\]\((.*)\)$", (FOLDER / "README.md").read_text(), re.MULTILINE) == [
        page.name for page in PAGES
    ]


@pytest.mark.parametrize(
    "block",
    [
        "```sh\nls\n```\n",
        "```console\nls\n```\n",
        "```python\nprint(1)\n```\n",
        "```text\n1\n```\n",
        "```console\n$ ls\n",
    ],
    ids=["unknown language", "no command", "no prompt", "output of nothing", "no end"],
)
def test_a_block_that_would_not_be_run_is_an_error(block: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A page\n\n" + block)
    with pytest.raises(AssertionError, match=r"page\.md"):
        steps(page)


def test_what_is_not_printed_as_the_page_shows_it_is_an_error(reader: Reader, tmp_path: Path) -> None:
    for block in ("console\n$ echo two\none", "python\n>>> 1 + 1\n3", "console\n$ (exit 3)", "console\n$ echo unseen"):
        page = tmp_path / "page.md"
        page.write_text(f"```{block}\n```\n")
        with pytest.raises(AssertionError, match=r"page\.md, line 2"):
            reader.follow(page)
