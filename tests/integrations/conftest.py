"""Programs that publish by Heliograph, run as their users run them, and a gate that counts what reaches the server."""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.running import FaultyProxy, RunningServer, faulty

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"http://127\.0\.0\.1:\d+/\w{10}\.\w+")
Program = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def gate(server: RunningServer) -> Iterator[FaultyProxy]:
    """Lets everything through to the server, and counts connections."""
    with faulty(server.url, faults=0) as proxy:
        yield proxy


@pytest.fixture
def program(gate: FaultyProxy, server: RunningServer, tmp_path: Path) -> Program:
    """program("sphinx", ...) runs `python -m sphinx ...` in the test's folder, by way of the gate."""
    own = {
        "HELIOGRAPH_URL": gate.url,
        "HELIOGRAPH_KEY": server.key,
        "XDG_CONFIG_HOME": str(tmp_path / "no-config"),
        "JUPYTER_CONFIG_DIR": str(tmp_path / "jupyter"),
        "IPYTHONDIR": str(tmp_path / "ipython"),
        "PYTHONPATH": os.pathsep.join([str(entry_points(tmp_path)), os.environ.get("PYTHONPATH", "")]),
    }

    def run(*arguments: object, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", *map(str, arguments)],
            cwd=tmp_path,
            env=os.environ | own | (env or {}),
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run


def entry_points(folder: Path) -> Path:
    """A folder that tells other programs of our plugins as an installation would, by what pyproject.toml says now."""
    told = folder / "installed" / "heliograph_now-0.dist-info"
    told.mkdir(parents=True)
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: heliograph-now\nVersion: 0\n")
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]
    lines = [
        line for group, names in groups.items() for line in (f"[{group}]", *(f"{n} = {o}" for n, o in names.items()))
    ]
    (told / "entry_points.txt").write_text("\n".join(lines) + "\n")
    return told.parent
