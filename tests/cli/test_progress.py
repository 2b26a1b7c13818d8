"""The bars: what stands on a real terminal's screen while pictures are sent and fetched, and afterwards."""

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from heliograph.cli._progress import Pace, cut, fitted, wide
from tests.cli.conftest import Run
from tests.cli.terminal import Terminal, slow
from tests.running import SCRIPT, RunningServer, picture

Start = Callable[..., Terminal]
RATE = 3_000_000
BAR = re.compile(
    r"(.*\S) +(\d+)% \[(#*)(-*)\] +([\d.]+)/([\d.]+) MB *(?:([\d.]+) ([kM])B/s|waiting)?(?: +(\d+:\d\d|-:--))?"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five pictures of 4 MB: of less, the system's buffers take all at once."""
    made = tmp_path / "pictures"
    made.mkdir()
    content = picture(1200, 1100, "BMP")
    for number, name in enumerate("abcde"):
        (made / f"{name}.bmp").write_bytes(content[:-1] + bytes([number]))
    return made


@pytest.fixture
def terminal(environment: dict[str, str], server: RunningServer) -> Iterator[Start]:
    """Start `heliograph` on a terminal of its own, far from its server."""
    with ExitStack() as stack:
        url = stack.enter_context(slow(server.url, RATE))

        def start(*arguments: object, **size: Any) -> Terminal:
            return stack.enter_context(Terminal(environment, *arguments, "--server", url, **size))

        yield start


def bars(lines: list[str]) -> list[re.Match[str]]:
    return [found for line in lines if (found := BAR.fullmatch(line))]


def under_way(lines: list[str]) -> bool:
    """Whether two files are half sent, with a speed."""
    return len([bar for bar in bars(lines)[:-1] if 20 < int(bar[2]) < 80 and bar[7] and bar[9]]) >= 2


def test_each_file_has_a_bar_and_all_have_one(terminal: Start, folder: Path) -> None:
    program = terminal("upload", folder, "--jobs", 3)
    shown = bars(program.read_until(under_way))
    assert [bar[1] for bar in shown] == ["a.bmp", "b.bmp", "c.bmp", "0 of 5"]
    for bar in shown:
        assert len(bar[3]) + len(bar[4]) == 16
        assert abs(len(bar[3]) * 6.25 - int(bar[2])) <= 7
        assert 0 <= float(bar[5]) <= float(bar[6])
    one, whole = next(bar for bar in shown if bar[7]), shown[-1]
    assert 0.1 < float(one[7]) * {"k": 0.001, "M": 1}[one[8]] < 100  # buffers swallow the first of it
    assert float(whole[6]) == pytest.approx(5 * float(one[6]), abs=0.5)
    after = program.read_until()
    assert program.process.returncode == 0
    assert [line[:4] for line in after] == ["http", "To r"] * 5 + ["5 pu"]


def test_a_drawing_never_wipes_the_one_before_it(terminal: Start, folder: Path) -> None:
    program = terminal("upload", folder / "a.bmp")
    program.read_until(lambda lines: bool(bars(lines)))
    drawn = len(program.seen)
    program.read_until(lambda lines: any(line.startswith("http") for line in lines))
    between = program.seen[drawn - 1 : -1]
    assert len(between) >= 3
    assert sum(bool(bars(lines)) for lines in between) >= len(between) - 1  # the last may be the wiping for the link
    program.read_until()


@pytest.mark.parametrize("columns", [12, 20, 33, 50, 79, 200])
def test_no_line_is_broken_in_a_terminal_of_any_width(terminal: Start, folder: Path, columns: int) -> None:
    family = "\U0001f469\u200d\U0001f469\u200d\U0001f467"
    for name in ("写真" * 10, "e\u0301" * 60, family * 8):
        (folder / f"a {name}.bmp").write_bytes(picture(1200, 1100, "BMP"))
    program = terminal("upload", folder, "--jobs", 4, columns=columns, rows=40)
    lines = program.read_until(lambda lines: any(re.search("[1-9]%", line) for line in lines))
    assert len(lines) == 5, lines
    assert all(wide(line) < columns for line in lines)
    program.interrupt()
    after = program.read_until()
    assert not any("%" in line for line in after), after
    assert "interrupted" in "".join(after)


def test_a_terminal_that_becomes_narrower_keeps_no_remains(terminal: Start, folder: Path) -> None:
    program = terminal("upload", folder, columns=120)
    program.read_until(under_way)
    program.resize(44, 24)
    program.read_until(lambda lines: any(re.fullmatch(r"\w\.bmp +\d+% \[#*-*\]", line) for line in lines))
    after = program.read_until()
    assert not any(re.search(r"%|\[[#-]", line) for line in after), after


def test_ctrl_c_leaves_a_clean_terminal_and_the_links_of_what_is_published(terminal: Start, folder: Path) -> None:
    (folder / "a.bmp").write_bytes(picture(2000, 2000, "BMP"))
    program = terminal("upload", folder, "--jobs", 3)
    program.read_until(lambda lines: any(line.startswith("2 of 5") for line in lines))
    program.interrupt()
    after = program.read_until()
    assert program.process.returncode == 130
    assert len([line for line in after if line.startswith("http")]) >= 2
    assert not any("%" in line for line in after)
    assert after[-1] == "heliograph: interrupted"
    assert b"\x1b[?25l" not in program.written  # the cursor is never hidden, so it need not come back


def test_downloads_have_bars_and_a_summary(terminal: Start, run: Run, server: RunningServer, folder: Path) -> None:
    links = run("upload", folder).stdout.split()
    program = terminal("download", *links, "--jobs", 2, "--to", "out", columns=70, cwd=folder)
    after = program.read_until()
    assert any("of 5" in line for lines in program.seen for line in lines)
    assert after[:5] == [f"out/{name}.bmp" for name in "abcde"]
    assert after[5].startswith("5 are here")
    assert len(after) == 6


@pytest.mark.parametrize("how", [("--json",), ("--quiet",), ("--format", "json")])
def test_nothing_is_drawn_where_it_is_not_wanted(terminal: Start, folder: Path, how: tuple[str, ...]) -> None:
    program = terminal("upload", folder, *how, columns=4000)
    assert len(program.read_until()) == 5
    assert b"\x1b" not in program.written


@pytest.mark.parametrize("told", [{"TERM": "dumb"}, {"TERM": "dumb", "PYTHONIOENCODING": "ascii"}])
def test_a_terminal_that_cannot_be_drawn_on_gets_no_escapes(environment, server, folder: Path, told) -> None:
    leader, follower = os.openpty()
    done = subprocess.run([SCRIPT, "upload", folder], env=environment | told, stdout=-1, stderr=follower, check=True)
    os.close(follower)
    assert b"\x1b" not in os.read(leader, 65536)
    os.close(leader)
    assert len(done.stdout.split()) == 5


def test_the_width_of_a_text_is_that_of_its_cells() -> None:
    assert [wide(text) for text in ("abc", "写真", "e\u0301", "\u200b", "")] == [3, 4, 1, 0, 0]
    assert [cut("写真.bmp", width) for width in (8, 7, 3, 2, 1, 0)] == ["写真.bmp", "写真.b…", "写…", "…", "…", ""]
    assert fitted("写真写", 4) == "写… "


def test_a_speed_is_that_of_the_last_seconds_and_begins_anew_with_another_try() -> None:
    pace = Pace(10_000, began=0.0)
    for second in range(1, 6):
        pace.advance(float(second), second * 100)
    assert pace.speed(5.0) == 100
    pace.advance(6.0, 3_500)
    assert pace.speed(6.0) > 1000
    pace.advance(7.0, 0)
    pace.advance(8.0, 50)
    assert pace.speed(8.0) == 50
