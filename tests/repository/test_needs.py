"""docs/needs.md names tests that exist, and loses no need."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "needs.md").read_text()
ROWS = re.findall(r"^\| (N\d+) \|.*\| `([^`]+)::([^`]+)` \|$", PAGE, re.MULTILINE)


@pytest.mark.parametrize(("need", "file", "test"), ROWS)
def test_the_test_that_a_need_names_is_there(need: str, file: str, test: str) -> None:
    assert f"def {test}(" in (ROOT / file).read_text(), need


def test_every_need_is_met_or_said_to_be_open() -> None:
    numbers = {int(number) for number in re.findall(r"N(\d+)", PAGE)}
    for first, last in re.findall(r"N(\d+) to N(\d+)", PAGE):
        numbers |= set(range(int(first), int(last) + 1))
    assert numbers == set(range(1, 22))
