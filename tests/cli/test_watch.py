"""`heliograph upload --watch`: new pictures of a folder, whole and once, while a real program runs."""

import os
import queue
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx2
import pytest

from tests.cli.conftest import Run
from tests.running import SCRIPT, RunningServer, clean_environment, free_port, interrupt, picture, serving

PATIENCE = 30
START = 1
QUIET = 4
"""Seconds after which nothing more is expected."""


class Watcher:
    """The program, and what it has printed."""

    def __init__(self, folder: Path, environment: dict[str, str], *more: str) -> None:
        command = [SCRIPT, "upload", "--watch", folder, *more]
        self._folder = folder
        self.process = subprocess.Popen(command, env=environment, stdout=-1, stderr=-1, text=True)
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def begin(self) -> None:
        """Wait until it watches: what is there before its first look is old to it; pictures come until one is new."""
        for _ in range(PATIENCE // QUIET):
            time.sleep(START)
            probe = self._folder / "probe.png"
            probe.write_bytes(picture())
            with suppress(queue.Empty):
                self._lines.get(timeout=2 * QUIET)
                return probe.unlink()
            probe.unlink()
        raise AssertionError("it takes no picture")

    def link(self) -> str:
        return self._lines.get(timeout=PATIENCE)

    def is_quiet(self) -> bool:
        time.sleep(QUIET)
        return self._lines.empty()

    def end(self) -> tuple[int, str]:
        """End it by Ctrl-C, when nothing is under way any more: its exit code, and what it has complained of."""
        time.sleep(1)
        interrupt(self.process)
        assert self.process.stderr is not None
        with self.process.stderr as complaints:
            told = complaints.read()
        return self.process.wait(30), told

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self._lines.put(line.strip())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "shots"
    made.mkdir()
    (made / "old.png").write_bytes(picture())
    return made


@pytest.fixture
def watcher(folder: Path, environment: dict[str, str]) -> Iterator[Watcher]:
    watcher = Watcher(folder, environment)
    try:
        watcher.begin()
        yield watcher
    finally:
        watcher.process.kill()
        watcher.process.wait(30)


def test_new_pictures_are_published_once_and_old_ones_never(
    watcher: Watcher, folder: Path, tmp_path: Path, http
) -> None:
    data = picture()
    (folder / "new.png").write_bytes(data)
    assert http.get(watcher.link()).status_code == 200
    (folder / "new.png").rename(folder / "renamed.png")
    (folder / "copy.png").write_bytes(data)
    (folder / "notes.txt").write_text("no picture")
    (tmp_path / "moved.png").write_bytes(picture())
    (tmp_path / "moved.png").rename(folder / "moved.png")
    assert http.get(watcher.link()).status_code == 200
    assert watcher.is_quiet()
    assert sorted(os.listdir(folder)) == ["copy.png", "moved.png", "notes.txt", "old.png", "renamed.png"]
    assert watcher.end() == (0, "")


def test_a_picture_that_is_still_being_written_is_waited_for(
    watcher: Watcher, folder: Path, http: httpx2.Client
) -> None:
    data = picture(200, 200)
    with (folder / "slow.png").open("wb") as file:
        for start in range(0, len(data), len(data) // 6):
            file.write(data[start : start + len(data) // 6])
            file.flush()
            time.sleep(0.5)
    assert http.get(watcher.link()).content[-8:] == data[-8:]
    assert watcher.end() == (0, "")


def test_a_picture_that_changes_is_a_new_one(watcher: Watcher, folder: Path) -> None:
    (folder / "plot.png").write_bytes(picture())
    first = watcher.link()
    (folder / "plot.png").write_bytes(picture())
    assert watcher.link() != first
    assert watcher.end() == (0, "")


def test_what_is_no_picture_is_told_and_gives_the_exit_code(watcher: Watcher, folder: Path) -> None:
    (folder / "bad.png").write_text("no picture")
    (folder / "good.png").write_bytes(picture())
    watcher.link()
    code, told = watcher.end()
    assert code == 1
    assert "bad.png" in told


def test_half_a_picture_that_slips_through_is_published_when_it_is_whole_and_all_is_well_then(
    watcher: Watcher, folder: Path, http: httpx2.Client
) -> None:
    data = picture(200, 200)
    with (folder / "stuck.png").open("wb") as file:
        file.write(data[: len(data) // 2])
        file.flush()
        assert watcher.is_quiet()
        file.write(data[len(data) // 2 :])
    assert http.get(watcher.link()).content[-8:] == data[-8:]
    code, told = watcher.end()
    assert code == 0
    assert "stuck.png" in told


def test_a_server_that_is_down_gets_the_picture_when_it_is_back(folder: Path, tmp_path: Path) -> None:
    port = free_port()
    told = {"HELIOGRAPH_URL": f"http://127.0.0.1:{port}", "XDG_CONFIG_HOME": str(tmp_path / "config")}
    watcher = Watcher(folder, clean_environment() | told)
    try:
        time.sleep(QUIET)
        (folder / "patient.png").write_bytes(picture())
        assert watcher.is_quiet()
        with serving(tmp_path, port=port):
            assert watcher.link().endswith(".png")
            assert watcher.is_quiet()
            watcher.end()
    finally:
        watcher.process.kill()
        watcher.process.wait(30)


def test_a_folder_that_is_not_there_is_wrong_usage(run: Run, tmp_path: Path, server: RunningServer) -> None:
    done = run("upload", "--watch", tmp_path / "missing")
    assert "no folder" in done.stderr
    assert done.returncode == 2
