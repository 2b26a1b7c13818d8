"""A real JupyterLab in Chromium: a cell publishes its figure, and the page shows it by its link."""

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import nbformat
import pytest
from playwright.sync_api import Page, expect

from tests.notebook.conftest import saved_size
from tests.servers.jupyter import CELLS, MILLISECONDS, TOKEN, Jupyter, jupyter


@pytest.fixture
def lab(server: str, tmp_path: Path) -> Iterator[Jupyter]:
    quiet = ["--LabApp.news_url=", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    with jupyter("jupyterlab", server, tmp_path, *quiet) as started:
        yield started


@pytest.fixture
def notebook(lab: Jupyter, visit: Callable[..., Page]) -> Page:
    """The notebook of CELLS, open and not run yet. What JupyterLab says on the console is its own."""
    visit.expected = ("",)  # type: ignore[attr-defined]
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
    notebook: Page, lab: Jupyter, server: str
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
    saved = lab.saved("text/html")
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
