"""A real classic notebook in Chromium: a cell publishes its figure, and the page shows it by its link."""

from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Page, expect

from tests.servers.jupyter import CELLS, MILLISECONDS, TOKEN, Jupyter, jupyter


@pytest.fixture
def classic(server: str, tmp_path: Path) -> Iterator[Jupyter]:
    with jupyter("nbclassic", server, tmp_path) as started:
        yield started


@pytest.fixture
def notebook(classic: Jupyter, visit: Callable[..., Page]) -> Page:
    """The notebook of CELLS, open and not run yet. What the front end says on the console is its own."""
    visit.expected = ("",)  # type: ignore[attr-defined]
    page = visit()
    page.set_default_timeout(MILLISECONDS)
    page.goto(f"{classic.url}/notebooks/figure.ipynb?token={TOKEN}")
    expect(page.locator(".code_cell")).to_have_count(len(CELLS), timeout=MILLISECONDS)
    expect(page.locator("#kernel_indicator_icon.kernel_idle_icon")).to_be_visible(timeout=MILLISECONDS)
    return page


def test_a_cell_of_the_classic_notebook_shows_its_figure_by_the_link_and_its_markdown(
    notebook: Page, classic: Jupyter, server: str
) -> None:
    notebook.locator("#celllink").click()
    notebook.locator("#run_all_cells").click()
    pictures = notebook.locator(".output_area img")
    expect(pictures).to_have_count(2, timeout=MILLISECONDS)
    for number in range(2):
        shown = pictures.nth(number)
        assert str(shown.get_attribute("src")).startswith(server + "/")
        expect(shown).to_have_js_property("complete", value=True)
        assert shown.evaluate("picture => picture.naturalWidth") > 300
    link = str(pictures.first.get_attribute("src"))
    expect(notebook.locator(".output_stdout pre").filter(has_text=f"![All red]({link})")).to_be_visible()
    notebook.keyboard.press("Control+s")
    saved = classic.saved("text/html")
    assert "image/png" not in saved
    assert link in nbformat.reads(saved, 4).cells[1].outputs[-1].data["text/html"]
