"""Every command: what it prints, its exit code, and that an error is one line."""

import fcntl
import json
import os
import pty
import re
import subprocess
import sys
import termios
import time
from array import array
from pathlib import Path

import pytest

from heliograph.cli import COMMANDS, main
from tests.cli.conftest import Run
from tests.running import SCRIPT, RunningServer, free_port, interrupt, picture, serving, silent_server

READY_COMMANDS = [name for name in COMMANDS if name not in ("serve", "admin")]


@pytest.fixture
def cat(tmp_path: Path) -> Path:
    path = tmp_path / "cat.png"
    path.write_bytes(picture())
    return path


def only_line(text: str) -> str:
    """The one line that `text` is."""
    assert re.fullmatch(r"[^\n]+\n", text), text
    return text.strip()


def test_upload_prints_the_link_and_nothing_else(run: Run, server: RunningServer, cat: Path) -> None:
    done = run("upload", cat)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(re.escape(server.url) + r"/\w{10}\.png", only_line(done.stdout))


@pytest.mark.parametrize(
    ("form", "pattern"),
    [
        ("markdown", r"!\[a \\\[cat\\\]\]\(http://\S+\.png\)"),
        ("html", r'<img src="http://\S+\.png" alt="a \[cat\]" width="32" height="32">'),
        ("bbcode", r"\[img\]http://\S+\.png\[/img\]"),
    ],
)
def test_upload_prints_markup(run: Run, cat: Path, form: str, pattern: str) -> None:
    assert re.fullmatch(pattern, only_line(run("upload", cat, "--alt", "a [cat]", "--format", form).stdout))


def test_upload_prints_all_it_knows_as_json(run: Run, cat: Path) -> None:
    answer = json.loads(only_line(run("upload", cat, "--format", "json", "--title", "Ünï").stdout))
    assert answer["title"] == "Ünï"
    assert answer["receipt"]
    assert answer["delete_hash"]


def test_upload_reads_standard_input(run: Run) -> None:
    assert run("upload", "-", stdin=picture()).stdout.endswith(".png\n")


def test_links_come_out_in_the_order_of_the_names(run: Run, tmp_path: Path) -> None:
    paths = [tmp_path / f"{width}.png" for width in (900, 3, 500, 4, 5, 6, 7)]
    for path in paths:
        path.write_bytes(picture(int(path.stem), 8))
    answers = map(json.loads, run("upload", *paths, "--format", "json").stdout.splitlines())
    assert [answer["width"] for answer in answers] == [900, 3, 500, 4, 5, 6, 7]


def test_one_bad_file_does_not_stop_the_others(run: Run, cat: Path, tmp_path: Path) -> None:
    other, bad = tmp_path / "other.png", tmp_path / "bad.png"
    other.write_bytes(picture())
    bad.write_bytes(b"no picture at all")
    done = run("upload", cat, bad, tmp_path / "missing.png", other)
    assert len(done.stdout.splitlines()) == 2
    assert [line.split(": ")[1] for line in done.stderr.splitlines()] == [str(bad), str(tmp_path / "missing.png")]
    assert done.returncode == 1


def test_a_file_with_a_name_of_any_script_is_uploaded(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "Grüße [日本] 😀.png"
    path.write_bytes(picture())
    assert run("upload", path).returncode == 0


def test_a_file_whose_name_is_no_text_is_uploaded(run: Run, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xff\xfe.png")
    path.write_bytes(picture())
    assert run("upload", path).returncode == 0


def test_a_missing_file_is_a_usage_error(run: Run) -> None:
    done = run("upload", "missing.png")
    assert "no file missing.png" in only_line(done.stderr)
    assert done.returncode == 2


def test_what_is_no_image_is_refused_with_the_servers_reason(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("hello")
    done = run("upload", tmp_path / "x.txt")
    assert "format" in only_line(done.stderr)
    assert done.returncode == 1


def test_offline_is_told_by_exit_code_3(run: Run, cat: Path) -> None:
    done = run("upload", cat, "--server", f"http://127.0.0.1:{free_port()}")
    assert "HELIOGRAPH_URL" in only_line(done.stderr)
    assert done.returncode == 3


def test_a_wrong_key_is_told_by_exit_code_4(run: Run) -> None:
    done = run("list", "--key", "wrong")
    assert "key" in only_line(done.stderr)
    assert done.returncode == 4


def test_no_key_where_one_is_needed_is_told_by_exit_code_4(run: Run) -> None:
    done = run("list", env={"HELIOGRAPH_KEY": None})
    assert "HELIOGRAPH_KEY" in only_line(done.stderr)
    assert done.returncode == 4


def test_a_reached_limit_says_when_it_ends(run: Run, cat: Path, tmp_path: Path) -> None:
    with serving(tmp_path, LIMITS="1/hour uploads by address") as running:
        done = run("upload", cat, cat, "--server", running.url, env={"HELIOGRAPH_KEY": None})
    assert "Try again in" in only_line(done.stderr)
    assert (done.returncode, len(done.stdout.splitlines())) == (1, 1)


@pytest.mark.parametrize("arguments", [("--no-such",), ("no-such",), ("upload",), ("upload", "--format", "xml", "a")])
def test_wrong_usage_is_one_line_that_names_the_help(run: Run, arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert "--help" in only_line(done.stderr)
    assert done.returncode == 2


def test_an_address_that_is_none_is_wrong_usage(run: Run) -> None:
    done = run("info", "aB3xY7qmTz", "--server", "pictures.example")
    assert "address" in only_line(done.stderr)
    assert done.returncode == 2


def test_info_tells_people_what_is_known(run: Run, cat: Path) -> None:
    link = run("upload", cat, "--title", "My cat").stdout.strip()
    told = run("info", link).stdout
    assert re.search(r"^title: +My cat$", told, re.MULTILINE)
    assert re.search(r"^dimensions: +32 x 32$", told, re.MULTILINE)
    assert re.search(r"^views: +0$", told, re.MULTILINE)


def test_info_tells_programs_the_same(run: Run, cat: Path) -> None:
    link = run("upload", cat).stdout.strip()
    assert json.loads(run("info", link, "--json").stdout)["link"] == link


def test_info_of_what_never_was_fails(run: Run) -> None:
    done = run("info", "aaaaaaaaaa")
    only_line(done.stderr)
    assert done.returncode == 1


def test_list_shows_the_latest_image_first(run: Run, cat: Path) -> None:
    link = run("upload", cat, "--title", "with\ttab").stdout.strip()
    columns = only_line(run("list", "--limit", 1).stdout).split("\t")
    assert (columns[0], columns[-1]) == (link, "with tab")


def test_delete_removes_by_link_with_the_key(run: Run, cat: Path) -> None:
    link = run("upload", cat).stdout.strip()
    done = run("delete", link)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert "removed" in run("info", link).stderr


@pytest.mark.parametrize("handle", ["delete_hash", "delete_link"])
def test_delete_removes_by_hash_and_by_its_link_without_a_key(run: Run, cat: Path, handle: str) -> None:
    answer = json.loads(run("upload", cat, "--format", "json", env={"HELIOGRAPH_KEY": None}).stdout)
    assert run("delete", answer[handle], env={"HELIOGRAPH_KEY": None}).returncode == 0
    assert run("info", answer["id"]).returncode == 1


def test_delete_of_a_strangers_image_is_told_by_exit_code_4(run: Run, cat: Path) -> None:
    link = run("upload", cat).stdout.strip()
    assert run("delete", link, env={"HELIOGRAPH_KEY": None}).returncode == 4


def test_verify_takes_the_receipt_from_every_place(run: Run, cat: Path, tmp_path: Path) -> None:
    written = run("upload", cat, "--format", "json").stdout
    receipt = json.loads(written)["receipt"]
    (tmp_path / "plain").write_text(receipt + "\n")
    (tmp_path / "json").write_text(written)
    for arguments in ((receipt,), (tmp_path / "plain",), (tmp_path / "json",)):
        assert run("verify", *arguments).stdout.startswith("verified: ")
    assert run("verify", "-", stdin=written.encode()).returncode == 0


def test_verify_compares_a_local_file(run: Run, cat: Path) -> None:
    receipt = json.loads(run("upload", cat, "--format", "json").stdout)["receipt"]
    assert run("verify", receipt, "--against", cat).returncode == 0
    cat.write_bytes(picture())
    done = run("verify", receipt, "--against", cat)
    assert "not the file" in only_line(done.stderr)
    assert done.returncode == 5


def test_verify_of_a_forged_receipt_is_told_by_exit_code_5(run: Run, cat: Path) -> None:
    head, payload, signature = json.loads(run("upload", cat, "--format", "json").stdout)["receipt"].split(".")
    forged = ".".join((head, payload, signature[:20] + ("A" if signature[20] != "A" else "B") + signature[21:]))
    done = run("verify", forged)
    assert "signature" in only_line(done.stderr)
    assert done.returncode == 5


def test_verify_of_a_link_needs_no_key(run: Run, cat: Path) -> None:
    link = run("upload", cat).stdout.strip()
    done = run("verify", link, env={"HELIOGRAPH_KEY": None})
    assert (done.returncode, done.stdout[:9]) == (0, "verified:")


def test_verify_of_a_picture_explains_what_it_needs(run: Run, cat: Path) -> None:
    done = run("verify", cat, env={"HELIOGRAPH_KEY": None})
    assert "receipt" in only_line(done.stderr)
    assert done.returncode == 2


def test_ctrl_c_while_uploading_ends_at_once_and_cleanly(environment: dict[str, str], cat: Path) -> None:
    with silent_server() as (url, listener):
        command = [SCRIPT, "upload", cat, cat, "--server", url]
        process = subprocess.Popen(command, env=environment, stdout=-1, stderr=-1, text=True)
        connection, _ = listener.accept()
        with connection:
            connection.recv(10)
            interrupt(process)
            told, complaint = process.communicate(timeout=30)
    assert (process.returncode, told, only_line(complaint.lstrip())) == (130, "", "heliograph: interrupted")


def test_ctrl_c_while_the_program_is_loaded_is_no_traceback(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(9)\n")
    command = [sys.executable, "-m", "heliograph", "list"]
    told = environment | {"PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run(command, env=told, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "heliograph: interrupted\n")


def test_the_program_is_a_module_too(environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "heliograph", "upload", "--no-such"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert only_line(done.stderr).endswith("See 'heliograph upload --help'.")
    assert done.returncode == 2


def test_ctrl_c_while_reading_standard_input_ends_cleanly(environment: dict[str, str]) -> None:
    process = subprocess.Popen([SCRIPT, "upload", "-"], env=environment, stdin=-1, stdout=-1, stderr=-1, text=True)
    assert process.stdin is not None
    process.stdin.write("half a picture")
    process.stdin.flush()
    while array("i", fcntl.ioctl(process.stdin, termios.FIONREAD, bytes(4)))[0]:  # bytes that it has not read yet
        time.sleep(0.01)
    interrupt(process)
    assert process.wait(30) == 130
    told, complaint = process.communicate()
    assert (told, only_line(complaint.lstrip())) == ("", "heliograph: interrupted")


def test_a_reader_that_goes_away_is_no_drama(environment: dict[str, str], run: Run, cat: Path) -> None:
    run("upload", cat)
    process = subprocess.Popen([SCRIPT, "list"], env=environment, stdout=-1, stderr=-1, text=True)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    with process.stderr:
        assert process.stderr.read() == ""
    assert process.wait(30) == 1


def on_a_terminal(environment: dict[str, str], *arguments: object) -> str:
    """What the program writes to stderr where that is a terminal."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [SCRIPT, *map(str, arguments)], env=environment, stdout=subprocess.DEVNULL, stderr=follower
    )
    os.close(follower)
    written = b""
    try:
        while block := os.read(leader, 4096):
            written += block
    except OSError:  # Linux says so when the last writer is gone
        pass
    os.close(leader)
    assert process.wait(30) == 0
    return written.decode()


def test_a_large_file_shows_progress_on_a_terminal_and_wipes_it(environment: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    path.write_bytes(picture(900, 900))
    written = on_a_terminal(environment | {"TERM": "xterm"}, "upload", path)
    assert re.search(r"large\.png +\d+% \[#*-*\]", written)
    assert " of 1" not in written
    assert "\x1b[J" in written.partition("To remove it one day")[0]


def test_a_small_file_shows_no_progress(environment: dict[str, str], cat: Path) -> None:
    assert "%" not in on_a_terminal(environment | {"TERM": "xterm"}, "upload", cat)


def test_progress_stays_out_of_files(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    path.write_bytes(picture(900, 900))
    assert run("upload", path).stderr == ""


def test_the_config_file_is_enough(run: Run, server: RunningServer, tmp_path: Path) -> None:
    (tmp_path / "config" / "heliograph").mkdir(parents=True)
    (tmp_path / "config" / "heliograph" / "config.toml").write_text(f'url = "{server.url}"\nkey = "{server.key}"\n')
    assert run("list", "--limit", 1, env={"HELIOGRAPH_URL": None, "HELIOGRAPH_KEY": None}).returncode == 0


def test_the_table_and_the_commands_say_the_same(run: Run) -> None:
    for name in READY_COMMANDS:
        assert COMMANDS[name][1] in run(name, "--help").stdout.replace("\n ", ""), name


def test_the_help_lists_the_commands_and_the_exit_codes(run: Run) -> None:
    told = run("--help").stdout
    assert all(f"  {name} " in told for name in COMMANDS)
    assert "Exit codes" in told


def test_a_file_that_cannot_be_read_after_all_stops_no_other(run: Run, cat: Path) -> None:
    done = run("upload", "/proc/self/mem", cat)
    assert only_line(done.stderr).startswith("heliograph: /proc/self/mem: mem cannot be read")
    assert done.stdout.startswith("http")
    assert done.returncode == 2


@pytest.mark.parametrize("group", ["", "albums", "outbox", "admin", "admin account", "admin app", "admin token"])
def test_the_line_of_each_command_in_a_help_is_whole(run: Run, group: str) -> None:
    listed = run(*group.split(), "--help").stdout.partition("Commands:")[2]
    assert listed
    assert "..." not in listed


def test_the_program_without_arguments_shows_its_help(run: Run) -> None:
    done = run()
    assert "Usage:" in done.stderr
    assert done.returncode == 2


def test_the_version_is_told(run: Run) -> None:
    assert re.fullmatch(r"heliograph \d+\.\d+\.\d+\S*\n", run("--version").stdout)


def test_a_server_command_without_the_server_says_what_to_install(run: Run, tmp_path: Path) -> None:
    (tmp_path / "uvicorn.py").write_text("raise ModuleNotFoundError(\"No module named 'uvicorn'\", name='uvicorn')")
    done = run("serve", "--help", env={"PYTHONPATH": str(tmp_path)})
    assert "pip install 'heliograph[server]'" in only_line(done.stderr)
    assert done.returncode == 1


def test_the_program_is_a_command_group() -> None:
    assert list(main.list_commands(None)) == list(COMMANDS)


def test_what_a_command_loads_is_never_searched_for_garbage_and_all_else_is() -> None:
    code = (
        "import gc, click; from heliograph.cli import main; "
        "main.get_command(click.Context(main), 'serve'); "
        "print(gc.isenabled(), gc.get_freeze_count() > 100_000, gc.get_stats()[2]['collections'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True", "0"]
