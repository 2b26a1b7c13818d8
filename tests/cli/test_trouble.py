"""A full disk, a signal, a proxy, no home: what happens is said in a line, and nothing is lost."""

import re
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.test_commands import only_line
from tests.running import SCRIPT, picture, silent_server


@pytest.fixture
def cat(tmp_path: Path) -> Path:
    path = tmp_path / "cat.png"
    path.write_bytes(picture())
    return path


def test_a_link_that_cannot_be_written_to_a_full_disk_is_told_all_the_same(
    environment: dict[str, str], cat: Path
) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run([SCRIPT, "upload", cat], env=environment, stdout=full, stderr=-1, text=True)
        assert re.search(r"No space left on device\): http://\S+\.png\n", done.stderr)
        assert done.returncode == 1
        done = subprocess.run([SCRIPT, "list"], env=environment, stdout=full, stderr=-1, text=True)
    assert only_line(done.stderr) == "heliograph: What is printed cannot be written (No space left on device)."
    assert done.returncode == 1


def test_many_files_do_not_wait_for_a_server_that_is_away_one_after_the_other(run: Run, tmp_path: Path) -> None:
    for number in range(60):
        (tmp_path / f"{number}.png").write_bytes(picture(4, 4))
    began = time.monotonic()
    done = run("upload", tmp_path, "--server", "http://127.0.0.1:9")
    assert time.monotonic() - began < 25
    assert done.returncode == 3
    assert done.stderr.count("It waits in the outbox") == 60
    assert len(run("outbox", "list").stdout.splitlines()) == 60


def test_sigterm_ends_an_upload_as_ctrl_c_does(environment: dict[str, str], cat: Path) -> None:
    with silent_server() as (url, listener):
        command = [SCRIPT, "upload", cat, "--server", url]
        process = subprocess.Popen(command, env=environment, stdout=-1, stderr=-1, text=True)
        connection, _ = listener.accept()
        with connection:
            connection.recv(10)
            process.terminate()
            told, complaint = process.communicate(timeout=10)
    assert (process.returncode, told, only_line(complaint.lstrip())) == (143, "", "heliograph: terminated")


def test_sigterm_ends_a_command_that_waits(environment: dict[str, str]) -> None:
    with silent_server() as (url, listener):
        process = subprocess.Popen([SCRIPT, "list", "--server", url], env=environment, stdout=-1, stderr=-1, text=True)
        connection, _ = listener.accept()
        with connection:
            connection.recv(10)
            process.terminate()
            _, complaint = process.communicate(timeout=10)
    assert (process.returncode, only_line(complaint.lstrip())) == (143, "heliograph: terminated")


@pytest.mark.parametrize(
    ("told", "code", "said"),
    [
        ({"http_proxy": "http://ada:secret@127.0.0.1:9"}, 3, "by way of the proxy 127.0.0.1 "),
        ({"http_proxy": "ada:secret@127.0.0.1:9"}, 3, "by way of the proxy 127.0.0.1 "),
        ({"all_proxy": "socks5://127.0.0.1:9"}, 2, "ALL_PROXY"),
        ({"http_proxy": "gopher://127.0.0.1:9"}, 2, "HTTP_PROXY"),
        ({"SSL_CERT_FILE": "/nowhere.pem"}, 2, "SSL_CERT_FILE"),
    ],
)
def test_what_the_settings_of_the_computer_prevent_is_said(
    run: Run, told: dict[str, str], code: int, said: str
) -> None:
    done = run("list", "--server", "http://pictures.example", env=told)
    assert said in only_line(done.stderr)
    assert "secret" not in done.stderr
    assert done.returncode == code


def test_a_user_without_a_home_can_upload(run: Run, cat: Path) -> None:
    nowhere: dict[str, str | None] = {"HOME": "/dev/null/nobody", "XDG_CONFIG_HOME": None, "XDG_STATE_HOME": None}
    assert run("upload", cat, env=nowhere).returncode == 0
    assert run("upload", cat, env=nowhere | {"HELIOGRAPH_KEY": None}).returncode == 0
