"""The pages that are made from the code are as the code is now."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))
import document


@pytest.mark.parametrize("page", document.PAGES)
def test_a_generated_page_is_up_to_date(page: str) -> None:
    assert (document.DOCS / page).read_text() == document.PAGES[page](), "run `make docs`"
