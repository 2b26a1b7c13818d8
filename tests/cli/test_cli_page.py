"""docs/cli.md: its blocks are run as they stand, in one shell, on a real screen against a real server."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from heliograph.cli import COMMANDS
from tests.running import SCRIPT, picture
from tests.servers.screen import virtual_screen

PAGE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def reader(tmp_path: Path) -> Path:
    """A folder with what the page speaks of."""
    for name in ("cat.png", "figures/a.png", "figures/b.png", "plots/deep/c.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_bytes(picture())
    return tmp_path


def test_every_block_of_the_page_runs(environment: dict[str, str], reader: Path) -> None:
    assert len(BLOCKS) >= 6
    script = "set -eu -o pipefail\n" + "\n".join(BLOCKS)
    with virtual_screen(reader) as (display, _):
        told = environment | {"PATH": f"{SCRIPT.parent}:{os.environ['PATH']}", "DISPLAY": display}
        done = subprocess.run(["bash", "-c", script], cwd=reader, env=told, capture_output=True, text=True, timeout=120)
        assert not done.stderr
        assert done.returncode == 0
        copied = subprocess.check_output(["xclip", "-selection", "clipboard", "-out"], env=told, text=True)
    lines = done.stdout.splitlines()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\w{10}\.png", lines[0])
    assert re.fullmatch(r"!\[A cat\]\(http://\S+\)", lines[1])
    assert copied in lines
    assert "originals/cat.png" in done.stdout
    assert (reader / "man" / "man1" / "heliograph-upload.1").exists()


def test_the_page_names_every_command_for_people() -> None:
    others = {"admin", "serve", "login", "logout"}  # they have pages of their own
    assert not [name for name in COMMANDS if name not in others and not re.search(rf"heliograph {name}\b", PAGE)]


def test_the_page_names_every_option_that_stands_for_pictures() -> None:
    help_text = subprocess.check_output([SCRIPT, "upload", "--help"], text=True)
    texts = {"--title", "--description", "--name", "--key", "--server", "--url"}
    assert not [option for option in set(re.findall(r"--[a-z-]+", help_text)) - texts if f"{option}" not in PAGE]
