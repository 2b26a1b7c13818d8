"""Where `heliograph upload` takes pictures from, and what else it does with links."""

import hashlib
import json
import os
import pty
import re
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.cli.conftest import Run
from tests.running import SCRIPT, RunningServer, picture
from tests.servers.screen import pixels, virtual_screen


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder of pictures, 10 to 13 pixels wide in the order of their names, with other things among them."""
    root = tmp_path / "tree"
    (root / "b" / "deep").mkdir(parents=True)
    (root / ".git").mkdir()
    for number, name in enumerate(("a.png", "z.PNG", "b/c.png", "b/deep/d.png")):
        (root / name).write_bytes(picture(10 + number, 8))
    (root / ".hidden.png").write_bytes(picture())
    (root / ".git" / "e.png").write_bytes(picture())
    (root / "notes.txt").write_text("no picture")
    (root / "b" / "up").symlink_to(root)
    return root


def widths(output: str) -> list[int]:
    """Of the images that were told as JSON."""
    return [json.loads(line)["width"] for line in output.splitlines()]


def test_a_folder_stands_for_the_pictures_in_it_and_below(run: Run, tree: Path) -> None:
    done = run("upload", tree, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert widths(done.stdout) == [10, 11, 12, 13]


def test_what_is_no_file_is_passed_over_in_a_folder_and_read_to_its_end_where_it_is_named(run: Run, tree: Path) -> None:
    folder = tree / "pipes"
    folder.mkdir()
    os.mkfifo(folder / "pipe.png")
    (folder / "file.png").write_bytes(picture())
    assert len(run("upload", folder).stdout.splitlines()) == 1
    data = picture()
    writer = threading.Thread(target=lambda: (folder / "pipe.png").write_bytes(data))
    writer.start()
    answer = json.loads(run("upload", folder / "pipe.png", "--json").stdout)
    writer.join()
    assert answer["sha256"] == hashlib.sha256(data).hexdigest()


def test_a_loop_of_links_is_no_endless_folder(run: Run, tree: Path) -> None:
    folder = tree / "loop"
    folder.mkdir()
    (folder / "self").symlink_to(folder)
    (folder / "gone.png").symlink_to("nowhere")
    (folder / "x.png").write_bytes(picture())
    done = run("upload", folder)
    assert len(done.stdout.splitlines()) == 1
    assert "no file" in done.stderr
    assert len(run("upload", f"{folder}/**/x.png").stdout.splitlines()) == 1


def test_a_pattern_gives_each_file_once_by_its_first_name_and_in_order(run: Run, tree: Path) -> None:
    folder = tree / "linked"
    (folder / "d").mkdir(parents=True)
    (folder / "l").symlink_to("d")
    data = {"d/x.png": picture(), "e.png": picture()}
    for name, content in data.items():
        (folder / name).write_bytes(content)
    lines = run("upload", f"{folder}/**/*.png", "--json").stdout.splitlines()
    assert [json.loads(line)["sha256"] for line in lines] == [
        hashlib.sha256(content).hexdigest() for content in data.values()
    ]


def test_a_folder_that_cannot_be_looked_into_is_said_and_stops_nothing_else(
    environment: dict[str, str], tree: Path
) -> None:
    folder = tree / "closed"
    (folder / "below").mkdir(parents=True)
    (folder / "x.png").write_bytes(picture())
    (folder / "below").chmod(0)
    as_anybody = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
    done = subprocess.run([*as_anybody, SCRIPT, "upload", folder], env=environment, capture_output=True, text=True)
    (folder / "below").chmod(0o700)
    assert (done.returncode, len(done.stdout.splitlines())) == (2, 1)
    assert done.stderr == f"heliograph: {folder}/below: It cannot be looked into (Permission denied).\n"


def test_an_empty_name_is_wrong_usage(run: Run) -> None:
    done = run("upload", "")
    assert "empty" in done.stderr
    assert done.returncode == 2


def test_a_name_with_a_line_break_is_told_on_one_line(run: Run, tree: Path) -> None:
    path = tree / "two\nlines.png"
    path.write_text("no picture")
    assert run("upload", path).stderr.startswith(f"heliograph: {tree}/two\\nlines.png: ")


def test_a_folder_without_pictures_is_wrong_usage(run: Run, tmp_path: Path) -> None:
    done = run("upload", tmp_path)
    assert "no pictures" in done.stderr
    assert done.returncode == 2


def test_a_pattern_is_followed_where_the_shell_did_not(run: Run, tree: Path) -> None:
    assert widths(run("upload", f"{tree}/**/*.png", "--json").stdout) == [10, 12, 13]


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(run: Run, tree: Path) -> None:
    (tree / "[a].png").write_bytes(picture(77, 8))
    assert widths(run("upload", tree / "[a].png", "--json").stdout) == [77]


def test_a_pattern_that_fits_nothing_is_a_missing_file(run: Run, tree: Path) -> None:
    done = run("upload", f"{tree}/*.webp")
    assert "no file" in done.stderr
    assert done.returncode == 2


@pytest.mark.parametrize("end", ["\n", "\r\n", "\0"])
def test_a_list_names_files_by_line_or_zero_byte(run: Run, tree: Path, end: str) -> None:
    names = end.join([str(tree / "z.PNG"), "", str(tree / "a.png")]) + end
    assert widths(run("upload", "--from-file", "-", "--json", stdin=names.encode()).stdout) == [11, 10]
    (tree / "list").write_bytes(names.encode())
    assert widths(run("upload", "--from-file", tree / "list", "--json").stdout) == [11, 10]


def test_a_pipe_from_find_is_a_list(environment: dict[str, str], tree: Path) -> None:
    shell = (
        f"find {tree} -not -path '*/.git/*' -name '[a-z]*.png' -print0 | sort -z | {SCRIPT} upload --from-file - --json"
    )
    assert widths(subprocess.check_output(["sh", "-c", shell], env=environment, text=True)) == [10, 12, 13]


def test_an_empty_list_is_nothing_to_do(run: Run) -> None:
    done = run("upload", "--from-file", "-")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_list_that_is_not_there_is_wrong_usage(run: Run, tmp_path: Path) -> None:
    done = run("upload", "--from-file", tmp_path / "missing")
    assert "missing cannot be read" in done.stderr
    assert done.returncode == 2


def test_standard_input_is_read_for_one_purpose_only(run: Run) -> None:
    done = run("upload", "-", "--from-file", "-", stdin=picture())
    assert "only once" in done.stderr
    assert done.returncode == 2


def test_no_file_is_changed_or_removed(run: Run, tree: Path) -> None:
    before = {path: path.read_bytes() for path in tree.rglob("*") if path.is_file()}
    run("upload", tree, "--jobs", 1)
    assert {path: path.read_bytes() for path in tree.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("jobs", ["0", "33", "many"])
def test_a_number_of_jobs_that_is_none_is_wrong_usage(run: Run, jobs: str) -> None:
    assert run("upload", "a.png", "--jobs", jobs).returncode == 2


def test_a_reader_that_goes_away_while_uploading_is_no_drama(environment: dict[str, str], tree: Path) -> None:
    process = subprocess.Popen([SCRIPT, "upload", tree], env=environment, stdout=-1, stderr=-1, text=True)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    with process.stderr:
        assert process.stderr.read() == ""
    assert process.wait(30) == 1


def test_many_pictures_end_with_a_summary_on_a_terminal(environment: dict[str, str], tree: Path) -> None:
    (tree / "bad.png").write_text("no picture")
    leader, follower = pty.openpty()
    command = [SCRIPT, "upload", tree, tree]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=follower)
    os.close(follower)
    written = b""
    try:
        while block := os.read(leader, 4096):
            written += block
    except OSError:  # Linux says so when the last writer is gone
        pass
    os.close(leader)
    assert process.wait(30) == 1
    last = written.decode().strip().splitlines()[-1]
    assert re.search(r"8 published \(\d+\.\d MB\) in \d+\.\d s, 2 failed$", last), last


@pytest.fixture(scope="module")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, str], bytes]]:
    """The environment of a virtual screen, and the pixels that it shows."""
    with virtual_screen(tmp_path_factory.mktemp("screen")) as (display, shown):
        yield {"DISPLAY": display}, shown


def test_a_region_of_the_screen_is_published(run: Run, http: httpx2.Client, screen) -> None:
    environment, shown = screen
    done = run("upload", "--screenshot", "--region", "20,30,50,60", env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert pixels(http.get(done.stdout.strip()).content).tobytes() == shown.crop((20, 30, 70, 90)).tobytes()


def test_the_picture_on_the_clipboard_is_published_and_its_link_put_there(run: Run, http, screen) -> None:
    environment, _ = screen
    data = picture()
    command = ["xclip", "-selection", "clipboard", "-target", "image/png", "-in"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(command, input=data, check=True, env=os.environ | environment, **quiet)
    done = run("upload", "--paste", "--copy", "--format", "markdown", env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    read = ["xclip", "-selection", "clipboard", "-out"]
    told = subprocess.check_output(read, env=os.environ | environment, text=True)
    assert told == done.stdout.strip()
    assert pixels(http.get(told[4:-1]).content).tobytes() == pixels(data).tobytes()


def test_what_cannot_be_copied_is_published_all_the_same(run: Run, tree: Path) -> None:
    done = run("upload", tree / "a.png", "--copy", env={"DISPLAY": None, "WAYLAND_DISPLAY": None})
    assert "not copied" in done.stderr
    assert (done.returncode, done.stdout.endswith(".png\n")) == (0, True)


def test_a_region_without_a_screenshot_is_wrong_usage(run: Run) -> None:
    assert "--screenshot" in run("upload", "--region", "0,0,5,5").stderr
    assert run("upload", "--screenshot", "--region", "0,0,5").returncode == 2


def test_the_pages_are_opened_in_the_browser(run: Run, tree: Path, tmp_path: Path, server: RunningServer) -> None:
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" >> {tmp_path}/opened\n')
    browser.chmod(0o755)
    done = run("upload", tree / "a.png", tree / "z.PNG", "--json", "--open", env={"BROWSER": str(browser)})
    assert done.returncode == 0
    pages = [json.loads(line)["page"] for line in done.stdout.splitlines()]
    assert (tmp_path / "opened").read_text().split() == pages
