"""The commands as programs of their own: what they print, and how they end."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.running import SCRIPT, RunningServer, clean_environment

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def environment(server: RunningServer, tmp_path: Path) -> dict[str, str]:
    """Where a user has told the program of the server, and of the key."""
    told = {"HELIOGRAPH_URL": server.url, "HELIOGRAPH_KEY": server.key, "XDG_CONFIG_HOME": str(tmp_path / "config")}
    return clean_environment() | told | {"PYTHONUTF8": "1"}


@pytest.fixture
def run(environment: dict[str, str]) -> Run:
    """Run `heliograph` with these arguments to its end; `env` changes the environment (None removes)."""

    def run(*arguments: object, stdin: bytes = b"", env: dict[str, str | None] | None = None):
        merged = {name: value for name, value in (environment | (env or {})).items() if value is not None}
        done = subprocess.run([SCRIPT, *map(str, arguments)], input=stdin, env=merged, capture_output=True, timeout=60)
        return subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8")
        )

    return run
