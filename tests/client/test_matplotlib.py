"""`fig.savefig("heliograph:")` and `plt.publish()`, in an interpreter of their own: they change matplotlib."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import heliograph
from tests.client.test_figures import published, red_share
from tests.running import RunningServer

START = """
import heliograph, matplotlib
matplotlib.use("agg")
import matplotlib.pyplot as plt
figure = plt.figure()
figure.subplots().fill_between([0, 1], [1, 1], color="red")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty one."""
    made = tmp_path / "here"
    made.mkdir()
    return made


def run(server: RunningServer, folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    told = {"HELIOGRAPH_URL": server.url, "HELIOGRAPH_KEY": server.key}
    command = [sys.executable, "-c", START + code]
    return subprocess.run(command, env=os.environ | told, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("call", "title"),
    [
        ('figure.savefig("heliograph:")', ""),
        ('figure.savefig("heliograph: All red")', "All red"),
        ('plt.savefig("heliograph:All red")', "All red"),
        ('plt.publish(title="All red")', "All red"),
    ],
)
def test_a_figure_is_published_by_matplotlibs_own_words(
    server: RunningServer, folder: Path, call: str, title: str
) -> None:
    code = f"heliograph.integrate_matplotlib()\nheliograph.integrate_matplotlib()\nimage = {call}\nprint(image.link)"
    done = run(server, folder, code)
    assert done.stderr == ""
    link, again = done.stdout.splitlines()
    assert link == again
    with heliograph.Client(server.url, server.key) as client:
        image = client.info(link)
    assert image.title == title
    assert image.vector_link
    assert red_share(published(image)) > 0.2
    assert list(folder.iterdir()) == []


def test_how_a_figure_is_saved_is_how_it_is_published(server: RunningServer, folder: Path) -> None:
    done = run(server, folder, 'heliograph.integrate_matplotlib()\nfigure.savefig("heliograph:", dpi=50)')
    with heliograph.Client(server.url, server.key) as client:
        image = client.info(done.stdout.strip())
    assert (image.width, image.height, image.media_type) == (320, 240, "image/png")


def test_other_names_are_files_as_before(server: RunningServer, folder: Path) -> None:
    code = 'heliograph.integrate_matplotlib()\nprint(figure.savefig("figure.svg"))\nfigure.savefig(open("b.png", "wb"))'
    assert run(server, folder, code).stdout == "None\n"
    assert {path.name for path in folder.iterdir()} == {"figure.svg", "b.png"}


def test_matplotlib_stays_as_it_is_unless_that_is_asked_for(server: RunningServer, folder: Path) -> None:
    done = run(server, folder, 'print(hasattr(plt, "publish"))\nfigure.savefig("heliograph:x.png")')
    assert done.stdout == "False\n"
    assert [path.name for path in folder.iterdir()] == ["heliograph:x.png"]
