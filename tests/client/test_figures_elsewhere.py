"""docs/figures.md for R and for shells: its lines are run by the real Rscript and the real /bin/sh."""

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.running import RunningServer, picture

PAGE = (Path(__file__).parents[2] / "docs" / "figures.md").read_text()
LINK = r"http://127\.0\.0\.1:\d+/\w{10}\.png"


def block(language: str) -> str:
    """The one piece of the page in `language`."""
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


@pytest.fixture
def environment(server: RunningServer) -> dict[str, str]:
    """What a user's shell knows: the server, the key, and where `heliograph` is."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return os.environ | {"HELIOGRAPH_URL": server.url, "HELIOGRAPH_KEY": server.key, "PATH": path}


def knit(folder: Path, environment: dict[str, str]) -> int:
    """Knit a report with one figure in `folder`; the exit code."""
    chunks = f"```{{r, include=FALSE}}\n{block('r')}```\n\n```{{r growth, fig.cap='Growth'}}\nplot(1:3)\n```\n"
    (folder / "report.Rmd").write_text(chunks)
    run = ["Rscript", "-e", 'knitr::knit("report.Rmd")']
    return subprocess.run(run, cwd=folder, env=environment).returncode


def test_knitr_writes_links_in_the_place_of_figures(environment: dict[str, str], tmp_path: Path) -> None:
    assert knit(tmp_path, environment) == 0
    written = (tmp_path / "report.md").read_text()
    (link,) = re.findall(LINK, written)
    assert "figure/growth" not in written
    with urlopen(link) as answer:
        assert answer.read(4) == b"\x89PNG"


def test_knitr_stops_where_a_figure_has_no_link(environment: dict[str, str], tmp_path: Path) -> None:
    assert knit(tmp_path, environment | {"HELIOGRAPH_KEY": "wrong key"}) != 0


def shell(
    command: str, environment: dict[str, str], *words: str, program: str = "sh"
) -> subprocess.CompletedProcess[str]:
    lines = f"{block('sh')}\n{command}"
    return subprocess.run(
        [*program.split(), "-eu", "-c", lines, "sh", *words], env=environment, text=True, capture_output=True
    )


@pytest.mark.parametrize("program", ["dash", "bash --posix", "zsh", "ksh93", "busybox ash"])
def test_every_shell_knows_what_the_function_says(environment: dict[str, str], tmp_path: Path, program: str) -> None:
    (tmp_path / "a b.png").write_bytes(picture())
    links = [shell('heliograph_upload "$1"', environment, str(tmp_path / "a b.png"), program=program) for _ in range(2)]
    assert all(re.fullmatch(f"{LINK}\n", done.stdout) for done in links), links
    lost = shell('heliograph_upload "$1" || echo no link', environment, str(tmp_path / "lost.png"), program=program)
    assert (lost.stdout, lost.stderr) == ("no link\n", f"cannot read {tmp_path}/lost.png\n")


@pytest.mark.parametrize("name", ["plain.png", 'a; b, "c" \\ $d@e.png', "-x.png"])
def test_the_shell_function_prints_the_link_of_a_file_of_any_name(
    environment: dict[str, str], tmp_path: Path, name: str
) -> None:
    data = picture()
    (tmp_path / name).write_bytes(data)
    done = shell('cd "$1" && heliograph_upload "$2"', environment, str(tmp_path), name)
    assert re.fullmatch(f"{LINK}\n", done.stdout), done.stderr
    with urlopen(done.stdout.strip()) as answer:
        assert hashlib.sha256(answer.read()).digest() == hashlib.sha256(data).digest()


def test_the_shell_function_fails_and_says_why(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no picture")
    done = shell('heliograph_upload "$1"', environment, str(tmp_path / "text.png"))
    assert (done.returncode, done.stdout) == (1, "")
    assert "UnsupportedFormat" in done.stderr
