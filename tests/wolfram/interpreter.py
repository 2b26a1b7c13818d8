"""Runs programs of the Wolfram Language in Mathics3, an open interpreter of it, with the paclet loaded."""

import subprocess
from pathlib import Path

from tests.clients.installed import PYTHON
from tests.running import clean_environment

PACLET = Path(__file__).parents[2] / "wolfram" / "Heliograph"
KERNEL = PACLET / "Kernel"


def run(folder: Path, *lines: str, **settings: str) -> list[str]:
    """What the lines print, messages too, each on one line; `settings` without HELIOGRAPH_, or PATH."""
    program = folder / "program.wl"
    load = f'Get["{KERNEL / "Heliograph.wl"}"];'
    program.write_text("\n".join([load, *lines]), encoding="utf-8")
    named = {name if name == "PATH" else f"HELIOGRAPH_{name}": value for name, value in settings.items()}
    done = subprocess.run(
        [PYTHON / "mathics", "-f", program],
        cwd=folder,
        env=clean_environment() | named,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    # Messages are wrapped, and what is wrapped begins with blanks.
    return done.stdout.replace("\n        ", "").splitlines()


def show(expression: str) -> str:
    """A line that prints it."""
    return f"Print[{expression}];"
