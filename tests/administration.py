"""`heliograph admin` on a server's data, as tests need it on the way to what they are about.

It runs in the test's own process, which takes a fiftieth of the time; tests/cli/test_admin.py runs the real program.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner

from heliograph.cli import main
from heliograph.server.config import described


@dataclass(frozen=True)
class Done:
    """What a command has printed, and its exit code."""

    returncode: int
    stdout: str
    stderr: str


def run(data: Path, *words: str, stdin: str = "") -> Done:
    """Run `heliograph admin` with these words on the data of a server, whether that runs or not."""
    settings: dict[str, str | None] = {each.variable: None for each in described()}
    runner = CliRunner(env=settings | {"HELIOGRAPH_DATA_DIR": str(data)})
    with ThreadPoolExecutor(1) as thread:  # of its own: whoever asks may be in an event loop
        result = thread.submit(runner.invoke, main, ["admin", *words], stdin).result()
    return Done(result.exit_code, result.stdout, result.stderr)
