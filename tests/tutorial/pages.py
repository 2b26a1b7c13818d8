"""The pages of docs/tutorial as what a reader does: one thing after the other, and what has to be seen then."""

import doctest
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "docs" / "tutorial"
PAGES = sorted(FOLDER.glob("[0-9]*.md"))
"""In the order in which they are read."""

_BLOCK = re.compile(r"^```(?P<language>.*)\n(?P<text>(?:.*\n)*?)```$", re.MULTILINE)
_COMMAND = re.compile(r"^\$ (?P<source>.*\n(?:> .*\n)*)(?P<output>(?:(?!\$ ).*\n)*)", re.MULTILINE)


@dataclass(frozen=True)
class Step:
    """What a reader types where, and what the page shows below it, where `...` stands for anything."""

    language: str
    source: str
    output: str
    place: str


def steps(page: Path) -> list[Step]:
    """All that is in the page's fenced blocks, in order.

    `console`: commands after `$`, their further lines after `>`, and what they print. `python`: a session with `>>>`.
    `ipython`: a notebook's cell, and in the `text` block after it what it prints. A block that is none of these would
    never be run, so there is none.
    """
    text = page.read_text()
    found: list[Step] = []
    assert len(re.findall("^```", text, re.MULTILINE)) == 2 * len(_BLOCK.findall(text)), (
        f"{page.name}: a block has no end"
    )
    for block in _BLOCK.finditer(text):
        place = f"{page.name}, line {text.count(chr(10), 0, block.start()) + 2}"
        if block["language"] == "text":
            assert found, f"{place}: nothing prints this"
            found.append(_with_output(found.pop(), block["text"], place))
        else:
            found.extend(_read(block["language"], block["text"], place))
    return found


def _read(language: str, text: str, place: str) -> Iterator[Step]:
    if language == "console":
        commands = list(_COMMAND.finditer(text))
        assert "".join(each[0] for each in commands) == text, f"{place}: a console block begins with a command"
        for each in commands:
            yield Step(language, each["source"].replace("\n> ", "\n").rstrip("\n"), each["output"], place)
    elif language == "python":
        assert text.startswith(">>> "), f"{place}: a python block begins with >>>"
        for example in doctest.DocTestParser().get_examples(text, place):
            yield Step(language, example.source, example.want, place)
    else:
        assert language == "ipython", f"{place}: nothing runs a block of {language or 'no language'}"
        yield Step(language, text, "", place)


def _with_output(cell: Step, output: str, place: str) -> Step:
    assert (cell.language, cell.output) == ("ipython", ""), f"{place}: only what a cell prints stands in a text block"
    return Step(cell.language, cell.source, output, cell.place)
