"""`heliograph upload` in a real session of Wayland."""

import os
import subprocess
from collections.abc import Iterator

import pytest
from PIL import Image

from tests.cli.conftest import Run
from tests.running import picture
from tests.servers.screen import pixels, wayland_screen


@pytest.fixture(scope="module")
def session() -> Iterator[tuple[dict[str, str | None], Image.Image]]:
    """The environment of the session, which has no X server, and what its screen shows."""
    with wayland_screen() as (environment, shown):
        yield environment | {"DISPLAY": None}, shown


def test_the_picture_on_the_clipboard_is_published_and_its_link_stays_there(run: Run, http, session) -> None:
    environment, _ = session
    inside, data = os.environ | {name: value for name, value in environment.items() if value}, picture()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(["wl-copy", "--type", "image/png"], input=data, check=True, env=inside, **quiet)
    done = run("upload", "--paste", "--copy", "--format", "markdown", env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    told = subprocess.check_output(["wl-paste", "--no-newline"], text=True, env=inside)
    assert told == done.stdout.strip()
    assert pixels(http.get(told[4:-1]).content).tobytes() == pixels(data).tobytes()


def test_a_region_of_the_screen_is_published(run: Run, http, session) -> None:
    environment, shown = session
    done = run("upload", "--screenshot", "--region", "20,30,50,60", env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert pixels(http.get(done.stdout.strip()).content).tobytes() == shown.crop((20, 30, 70, 90)).tobytes()
