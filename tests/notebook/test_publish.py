"""`%publish` and `%%publish` in a real Jupyter kernel, as nbclient runs and saves it."""

import io
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import numpy
import pytest
from markdown_it import MarkdownIt
from PIL import Image as Pillow

import heliograph
from tests.notebook.conftest import LINK, Run, emptied, printed, saved_size, shown
from tests.running import RunningServer, free_port

PLOT = "import matplotlib.pyplot as plt\nplt.figure(figsize=(8, 6))\nplt.fill_between([0, 1], [1, 1], color='red')\n"


def red_share(link: str) -> float:
    with urlopen(link) as answer:
        pixels = numpy.asarray(Pillow.open(io.BytesIO(answer.read())).convert("RGB")).astype(int)
    return float(((pixels[:, :, 0] > 240) & (pixels[:, :, 1] < 20)).mean())


def links(*cells: object) -> list[str]:
    return [link for cell in cells for link in LINK.findall(printed(cell))]


def test_one_line_turns_a_figure_into_markdown_that_renders_and_the_notebook_stays_small(run: Run) -> None:
    notebook = run(PLOT + '%publish --alt "All [red]"')
    cell = notebook.cells[1]
    rendered = MarkdownIt("commonmark").render(printed(cell))
    (link,) = links(cell)
    assert rendered == f'<p><img src="{link}" alt="All [red]" /></p>\n'
    assert red_share(link) > 0.2
    assert saved_size(notebook) - saved_size(emptied(notebook)) < 1000
    assert [set(each) for each in shown(cell)] == [{"text/plain", "text/html", "text/markdown"}]
    assert shown(cell)[0]["text/plain"] == link


def test_the_same_figure_run_again_gives_the_same_link_in_another_kernel_too(run: Run) -> None:
    cells = PLOT + "%publish --title again", PLOT + "%publish --title again", PLOT + "%publish --title other"
    first, second, other = links(*run(*cells).cells)
    assert first == second != other
    assert links(*run(cells[0]).cells) == [first]


def test_a_figure_that_was_removed_is_published_anew(run: Run, server: RunningServer) -> None:
    cell = PLOT + "%publish --title removed"
    (first,) = links(*run(cell).cells)
    with heliograph.Client(server.url, server.key) as client:
        client.delete(first)
    second, third = links(*run(cell, cell).cells)
    assert first != second == third


def test_a_cell_shows_links_in_the_place_of_its_pictures_and_the_rest_as_it_was(run: Run) -> None:
    cell = "%%publish --title cell\n" + PLOT + "print('said')\nfrom IPython.display import display\ndisplay({'a': 1})"
    notebook = run(cell)
    (link,) = links(notebook.cells[1])
    assert "said" in printed(notebook.cells[1])
    assert red_share(link) > 0.2
    bundles = shown(notebook.cells[1])
    assert [each["text/plain"] for each in bundles] == ["{'a': 1}", link]
    assert not [each for each in bundles if "image/png" in each]
    assert saved_size(notebook) - saved_size(emptied(notebook)) < 1500


CHARTS = {
    "plotly": "import plotly.graph_objects as go\nf = go.Figure(go.Bar(x=['x'], y=[1], marker_color='red'))\nf.show()",
    "altair": "import altair, pandas\nd = pandas.DataFrame({'a': ['x'], 'b': [1]})\n"
    "altair.Chart(d).mark_bar(color='red').encode(x='a:N', y='b:Q').display()",
    "Pillow": "from PIL import Image\nImage.new('RGB', (50, 50), 'red')",
    "SVG": "from IPython.display import SVG\nSVG('<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\">"
    "<rect width=\"9\" height=\"9\" fill=\"red\"/></svg>')",
}  # fmt: skip


@pytest.mark.parametrize("kind", CHARTS)
def test_a_cell_publishes_the_pictures_of_other_libraries_too(run: Run, kind: str) -> None:
    (link,) = links(run("%%publish\n" + CHARTS[kind]).cells[1])
    assert red_share(link) > 0.1


def test_all_publishes_every_picture_that_was_shown_once_and_in_order(run: Run) -> None:
    picture = "from PIL import Image\nImage.new('RGB', (20, 20), {!r})"
    notebook = run(picture.format("red"), PLOT, picture.format("blue"), picture.format("red"), "%publish --all")
    found = links(notebook.cells[-1])
    assert len(found) == 3
    assert [round(red_share(link)) for link in (found[0], found[2])] == [1, 0]
    assert 0.2 < red_share(found[1]) < 0.9


def test_without_an_expression_what_was_shown_last_is_published(run: Run) -> None:
    (link,) = links(run(PLOT, "'some text'", "%publish").cells[-1])
    assert red_share(link) > 0.2


def test_an_expression_may_hold_quotes_braces_and_minus_signs(run: Run) -> None:
    given = 'import numpy\nd = {"a b": numpy.ones((4, 4))}\nimage = %publish 1 - {"x": d["a b"]}["x"] --format rst'
    notebook = run(given, "print(image.width, image)")
    assert printed(notebook.cells[1]).startswith(".. image:: http")
    assert printed(notebook.cells[2]).split() == ["4", *links(notebook.cells[1])]


MISTAKES = {
    "%publish --all": "No cell has shown a picture",
    "%publish": "Nothing has been shown yet",
    "%publish 3": "int cannot be seen",
    "%publish --colour red": "unrecognized arguments: --colour red",
    '%publish --alt "open': "No closing quotation",
    "%publish x --all": "either an expression or --all",
    "%%publish x\n1": "takes options only",
    "%%publish\n'text'": "The cell has shown no picture",
    "%%publish\n1/0": "division by zero",
    "%publish nowhere": "name 'nowhere' is not defined",
}


def test_mistakes_are_errors_that_say_what_is_wrong(run: Run) -> None:
    notebook = run(*MISTAKES, allow_errors=True)
    for cell, said in zip(notebook.cells[1:], MISTAKES.values(), strict=True):
        told = "".join(str(each.get("text", "")) + str(each.get("evalue", "")) for each in cell.outputs)
        assert said in told
    assert not links(*notebook.cells)


def test_pictures_of_a_cell_that_fails_are_shown_but_not_published(run: Run) -> None:
    cell = run("%%publish\n" + PLOT + "plt.show()\n1/0", allow_errors=True).cells[1]
    assert ["image/png" in each for each in shown(cell)] == [True]
    assert not links(cell)


def test_pictures_of_a_cell_are_shown_as_they_are_where_there_is_no_server(run: Run) -> None:
    cell = "%%publish\n" + PLOT + "plt.show()\nprint('said')\n" + CHARTS["Pillow"]
    away = f"import os\nos.environ['HELIOGRAPH_URL'] = 'http://127.0.0.1:{free_port()}'"
    told = run(away, cell, allow_errors=True).cells[2]
    assert ["image/png" in each for each in shown(told)] == [True, True]
    (error,) = [each for each in told.outputs if each.output_type == "error"]
    assert error.ename == "KeptError"
    assert error.traceback == [f"KeptError: {error.evalue}"], "one line, not pages of our own code"


def test_a_terminal_publishes_figures_and_pictures_too(server: RunningServer, tmp_path: Path) -> None:
    cells = ["%load_ext heliograph", PLOT + "%publish", "%%publish\n" + CHARTS["Pillow"], "%%publish\n" + PLOT]
    script = tmp_path / "session.py"
    script.write_text(f"for cell in {cells!r}:\n    get_ipython().run_cell(cell).raise_error()\n")
    told = {"HELIOGRAPH_URL": server.url, "MPLBACKEND": "agg", "IPYTHONDIR": str(tmp_path)}
    said = subprocess.check_output([sys.executable, "-m", "IPython", script], env=os.environ | told, text=True)
    found = re.findall(rf"\(({LINK.pattern})\)", said)
    assert [red_share(link) > 0.2 for link in found] == [True] * 3
