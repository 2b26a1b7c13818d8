"""Sources, SVGs and themes from a notebook: what its cells were, kept only where that is asked for."""

from urllib.request import urlopen

import numpy
import pytest
from nbclient.exceptions import CellExecutionError
from PIL import Image as Pillow

import heliograph
from tests.notebook.conftest import LINK, Run, printed
from tests.notebook.test_publish import PLOT, links
from tests.running import RunningServer


def source_of(server: RunningServer, link: str) -> str:
    return heliograph.source(link, server=server.url)


def test_the_cell_is_kept_where_that_is_asked_for(run: Run, server: RunningServer) -> None:
    cell = PLOT + "%publish --source --title é"
    cells = run(cell, "%%publish --source\n" + PLOT, PLOT + "%publish --title none").cells[1:]
    one, all_of_it, none = links(*cells)
    assert source_of(server, one).startswith(cell + "\n\n# Versions: Python ")
    assert "matplotlib " in source_of(server, one).splitlines()[-1]
    assert source_of(server, all_of_it).startswith(PLOT)
    with pytest.raises(heliograph.NotFoundError):
        source_of(server, none)


def test_the_same_cell_with_its_source_gives_the_same_link(run: Run) -> None:
    cells = run(*[PLOT + "%publish --source --title same"] * 2).cells
    first, again = links(*cells)
    assert first == again


def test_a_call_in_a_cell_keeps_the_cell_and_one_in_a_function_the_function(run: Run, server: RunningServer) -> None:
    define = (
        "import heliograph\ndef publish(thing):\n    return heliograph.upload(thing, source=True)  # in a function\n"
    )
    call = PLOT + "%matplotlib inline\nprint(heliograph.upload(plt, source=True))"
    awaited = PLOT + "print(await heliograph.upload_async(plt, source=True, title='awaited'))"
    in_cell, in_function, in_await = links(*run(define, call, PLOT + "print(publish(plt))", awaited).cells)
    assert source_of(server, in_cell).startswith(call + "\n\n# Versions: ")
    assert source_of(server, in_function).startswith("def publish(thing):\n")
    assert "# in a function" in source_of(server, in_function)
    assert source_of(server, in_await).startswith(awaited)


def test_the_svg_of_a_published_figure_is_kept(run: Run) -> None:
    (link,) = links(*run(PLOT + "%publish").cells)
    with urlopen(link.replace(".png", ".svg")) as answer:
        assert answer.headers["Content-Type"] == "image/svg+xml"


def test_a_chart_is_published_in_the_dark(run: Run) -> None:
    chart = "import altair\nchart = altair.Chart(altair.Data(values=[{'a': 1}])).mark_bar().encode(x='a:Q')\n"
    (link,) = links(*run(chart + "%publish chart --theme dark").cells)
    with urlopen(link) as answer, Pillow.open(answer) as shown:
        assert numpy.asarray(shown.convert("L"))[:4, :4].mean() < 60


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("%publish --all --source", "--source cannot say which"),
        ("%publish --all --theme dark", "Only %publish with an expression"),
        ("%%publish --theme dark\n1", "Only %publish with an expression"),
        (PLOT + "%publish --theme dark", "cannot be themed"),
    ],
)
def test_what_cannot_be_is_said(run: Run, cell: str, says: str) -> None:
    with pytest.raises(CellExecutionError, match=says):
        run(cell)


def test_matplotlib_publishes_from_a_cell_by_its_own_words(run: Run) -> None:
    cell = run("import heliograph\nheliograph.integrate_matplotlib()\n" + PLOT + "plt.savefig('heliograph:');").cells[1]
    assert LINK.search(printed(cell))
