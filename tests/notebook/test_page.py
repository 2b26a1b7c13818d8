"""docs/figures.md: the cells that it shows are run in a real kernel, in their order."""

import re
from pathlib import Path

from tests.notebook.conftest import LINK, Run, printed, shown

PAGE = (Path(__file__).parents[2] / "docs" / "figures.md").read_text()
CELLS = re.findall(r"^```ipython\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_cells_of_the_page_do_what_it_says(run: Run) -> None:
    first, bars, both, plain, everything = run(*CELLS).cells[2:]
    assert re.fullmatch(rf"!\[Growth\]\({LINK.pattern}\)\n", printed(first))
    assert re.fullmatch(rf'<img src="{LINK.pattern}" alt="Bars" width="640" height="480">\n', printed(bars))
    assert not shown(bars)
    assert len(re.findall(r"!\[Two at once\]", printed(both))) == 2
    assert "Both are above." in printed(both)
    assert "image/png" in shown(plain)[-1]
    assert re.fullmatch(rf"{LINK.pattern}\n", printed(everything))
