"""A real JupyterLab in Chromium: a cell publishes its figure, and the page shows it by its link."""

import copy
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import nbformat
import pytest
from nbformat import v4
from playwright.sync_api import Page, expect

from tests.notebook.conftest import saved_size
from tests.servers.ports import free_ports

TOKEN = "of-this-test-alone"
START_SECONDS = 60
MILLISECONDS = 90_000
"""What the first cell may take: a kernel starts, and matplotlib looks for its fonts."""

CELLS = (
    "%load_ext heliograph",
    "import matplotlib.pyplot as plt\nplt.fill_between([0, 1], [1, 1], color='red')\n%publish --alt 'All red' --source",
    "%%publish --title both\nplt.bar(['a'], [1], color='red');",
)


@dataclass(frozen=True)
class Lab:
    """A JupyterLab that is up, and the folder that it shows."""

    url: str
    folder: Path


@pytest.fixture
def lab(server: str, tmp_path: Path) -> Iterator[Lab]:
    """JupyterLab on 127.0.0.1 with folders of its own, which asks nobody for news."""
    port, folder = free_ports(1)[0], tmp_path / "notebooks"
    folder.mkdir()
    own = {f"JUPYTER_{name}_DIR": str(tmp_path / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    own |= {"IPYTHONDIR": str(tmp_path / "ipython"), "MPLCONFIGDIR": str(tmp_path / "matplotlib")}
    own |= {
        "JUPYTERLAB_SETTINGS_DIR": str(tmp_path / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(tmp_path / "spaces"),
    }
    own |= {"HELIOGRAPH_URL": server, "HOME": str(tmp_path), "JUPYTER_PLATFORM_DIRS": "1"}
    options = [f"--port={port}", "--ip=127.0.0.1", "--no-browser", "--allow-root", f"--IdentityProvider.token={TOKEN}"]
    quiet = ["--LabApp.news_url=", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    command = [sys.executable, "-m", "jupyterlab", *options, *quiet, f"--ServerApp.root_dir={folder}"]
    with (tmp_path / "lab.log").open("w") as log:
        process = subprocess.Popen(command, env=os.environ | own, stdout=log, stderr=log, cwd=folder)
        try:
            _wait_for(f"http://127.0.0.1:{port}/api?token={TOKEN}", process, tmp_path / "lab.log")
            yield Lab(f"http://127.0.0.1:{port}", folder)
        finally:
            process.terminate()
            process.wait(30)


def _wait_for(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        with suppress(OSError), urlopen(address, timeout=2):
            return
        time.sleep(0.2)
    raise AssertionError(log.read_text())


@pytest.fixture
def notebook(lab: Lab, visit: Callable[..., Page]) -> Page:
    """The notebook of CELLS, open and not run yet. What JupyterLab says on the console is its own."""
    visit.expected = ("",)  # type: ignore[attr-defined]
    cells = [v4.new_code_cell(cell) for cell in CELLS]
    made = v4.new_notebook(cells=cells)
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(made, lab.folder / "figure.ipynb")
    page = visit()
    page.set_default_timeout(MILLISECONDS)
    page.goto(f"{lab.url}/lab/tree/figure.ipynb?token={TOKEN}")
    expect(page.locator(".jp-Notebook .jp-CodeCell")).to_have_count(len(CELLS), timeout=MILLISECONDS)
    expect(page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible(timeout=MILLISECONDS)
    return page


def run_all(page: Page) -> None:
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()


def test_a_cell_of_jupyterlab_shows_its_figure_by_the_link_and_the_notebook_stays_small(
    notebook: Page, lab: Lab, server: str
) -> None:
    run_all(notebook)
    pictures = notebook.locator(".jp-OutputArea-output img")
    expect(pictures).to_have_count(2, timeout=MILLISECONDS)
    for number in range(2):
        shown = pictures.nth(number)
        assert str(shown.get_attribute("src")).startswith(server + "/")
        expect(shown).to_have_js_property("complete", value=True)
        assert shown.evaluate("picture => picture.naturalWidth") > 300
    assert pictures.first.get_attribute("alt") == "All red"
    link = str(pictures.first.get_attribute("src"))
    expect(notebook.locator(".jp-OutputArea-output pre").filter(has_text=f"![All red]({link})")).to_be_visible()
    notebook.keyboard.press("Control+s")
    saved = saved_notebook(lab, "text/html")
    made = nbformat.reads(saved, 4)
    assert all(saved_size(made) - saved_size(without_outputs(made, number)) < 1000 for number in (1, 2)), saved
    assert "image/png" not in saved
    with urlopen(f"{server}/api/v1/images/{link.rpartition('/')[2].partition('.')[0]}/source") as answer:
        assert answer.read().decode().startswith(CELLS[1])


def without_outputs(notebook: Any, number: int) -> Any:
    """The same notebook without what its cell `number` shows."""
    bare = copy.deepcopy(notebook)
    bare.cells[number].outputs = []
    return bare


def saved_notebook(lab: Lab, word: str) -> str:
    """The notebook's file as soon as it was saved with `word` in it."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        text = (lab.folder / "figure.ipynb").read_text()
        with suppress(ValueError):
            if word in text and json.loads(text)["cells"][-1]["execution_count"]:
                return text
        time.sleep(0.2)
    raise AssertionError(text)
