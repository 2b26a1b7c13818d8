"""What real shells complete, and what real man programs say of the manual pages."""

import os
import pty
import re
import select
import subprocess
import time
from pathlib import Path

import pytest

from heliograph.cli import COMMANDS
from tests.cli.conftest import Run
from tests.running import SCRIPT

HARMLESS = 'missing date, using "": TH'
"""A page that is made from the code has no date, so that it is the same whenever it is made."""


@pytest.fixture
def shell_environment(environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    return environment | {"PATH": f"{SCRIPT.parent}:{os.environ['PATH']}", "HOME": str(tmp_path), "TERM": "dumb"}


def test_bash_completes_commands_options_values_and_files(shell_environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "picture.png").write_text("")
    script = """
        eval "$(heliograph completion bash)"
        completed() {
            COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
            _heliograph_completion heliograph; echo "${COMPREPLY[@]}"
        }
        completed heliograph uplo; completed heliograph upload --scr; completed heliograph upload --format mark
        completed heliograph albums cre; complete -p heliograph
    """
    done = subprocess.run(
        ["bash", "--norc", "-c", script], env=shell_environment, capture_output=True, text=True, timeout=60
    )
    *completed, way = done.stdout.splitlines()
    assert completed == ["upload", "--screenshot", "markdown", "create"]
    assert "_heliograph_completion" in way


def test_fish_completes_with_the_line_of_help(shell_environment: dict[str, str]) -> None:
    script = "heliograph completion fish | source; complete -C 'heliograph uplo'; complete -C 'heliograph upload --scr'"
    told = subprocess.check_output(["fish", "--no-config", "-c", script], env=shell_environment, text=True, timeout=60)
    assert told.splitlines()[0] == f"upload\t{COMMANDS['upload'][1]}"
    assert told.splitlines()[1].startswith("--screenshot\t")


def test_zsh_completes_what_is_typed(shell_environment: dict[str, str]) -> None:
    typed = b'autoload -Uz compinit && compinit -u -D; eval "$(heliograph completion zsh)"; echo rea""dy\n'
    process, terminal = pty.fork()
    if process == 0:
        os.execvpe("zsh", ["zsh", "-f", "-i"], shell_environment)
    try:
        os.write(terminal, typed)
        assert b"ready\r" in written(terminal, b"ready\r")
        os.write(terminal, b"heliograph uplo\t")
        assert b"upload " in written(terminal, b"upload ")
    finally:
        os.close(terminal)
        os.waitpid(process, 0)


def written(terminal: int, until: bytes, seconds: float = 30) -> bytes:
    """What appears on a terminal, until `until` does."""
    seen, deadline = b"", time.monotonic() + seconds
    while until not in seen and time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.2)[0]:
            seen += os.read(terminal, 4096)
    return seen


def test_completing_a_command_loads_none(environment: dict[str, str]) -> None:
    asked = {"_HELIOGRAPH_COMPLETE": "bash_complete", "COMP_WORDS": "heliograph s", "COMP_CWORD": "1"}
    told = subprocess.run(
        [SCRIPT], env=environment | asked | {"PYTHONVERBOSE": "1"}, capture_output=True, text=True, timeout=60
    )
    assert "plain,serve" in told.stdout
    assert "import 'click'" in told.stderr
    assert "import 'uvicorn'" not in told.stderr


def test_another_shell_is_wrong_usage(run: Run) -> None:
    assert run("completion", "csh").returncode == 2


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The manual pages of all commands."""
    folder = tmp_path_factory.mktemp("man")
    subprocess.run([SCRIPT, "man", "--to", folder], check=True, timeout=60)
    return sorted(folder.iterdir())


def test_every_command_has_a_manual_page(pages: list[Path]) -> None:
    names = {path.name for path in pages}
    assert {"heliograph.1", "heliograph-albums-add.1"} | {f"heliograph-{name}.1" for name in COMMANDS} <= names


def test_man_finds_nothing_wrong_with_the_pages(pages: list[Path]) -> None:
    for page in pages:
        done = subprocess.run(
            ["man", "--warnings", "--encoding=UTF-8", "--local-file", page],
            env=os.environ | {"LC_ALL": "C.UTF-8", "MANROFFSEQ": ""},
            capture_output=True,
            text=True,
        )
        assert (done.returncode, done.stderr) == (0, ""), page
        assert "EXIT" in done.stdout.upper() or "admin" in page.name or "-albums-" in page.name or "serve" in page.name


def test_mandoc_finds_nothing_wrong_with_the_pages(pages: list[Path]) -> None:
    done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", *pages], capture_output=True, text=True)
    assert [line for line in done.stdout.splitlines() if HARMLESS not in line] == []


def test_one_page_is_printed_and_says_what_the_help_does(run: Run, tmp_path: Path) -> None:
    done = run("man", "albums", "create")
    (tmp_path / "page.1").write_text(done.stdout)
    told = subprocess.check_output(["mandoc", "-Tutf8", tmp_path / "page.1"], text=True)
    assert "heliograph-albums-create" in told
    assert "--privacy" in re.sub(".\b", "", told)
    assert run("man", "no-such").returncode == 2
