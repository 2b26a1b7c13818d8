"""The text of a notebook's file, changed in its cells and nowhere else; hides JSON, and how it was laid out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

from heliograph import InputError

BLANK = re.compile(r"[ \t\r\n]*")
LAYOUTS = [
    {"indent": indent, "ensure_ascii": ascii_only, "separators": separators}
    for indent, separators in (
        (1, (",", ": ")),
        (2, (",", ": ")),
        (4, (",", ": ")),
        ("\t", (",", ": ")),
        (None, (", ", ": ")),
        (None, (",", ":")),
    )
    for ascii_only in (False, True)
]
"""How notebooks are written: Jupyter's way first, which is taken where a cell was written in none of them."""


def changed(text: str, change: Callable[[dict[str, Any], int], None]) -> str:
    """The file's text after `change` had each cell, with its number. A cell that stays the same stays so to the byte;
    one that does not is laid out as it was. Raises InputError where this is no notebook of format 4.
    """
    _check(text)
    pieces, end = [], 0
    for number, (start, stop, cell) in enumerate(_cells(text), 1):
        after = deepcopy(cell)
        change(after, number)
        if after != cell:
            pieces += [text[end:start], _written(after, cell, text[start:stop], _margin(text, start))]
            end = stop
    return "".join([*pieces, text[end:]])


def _check(text: str) -> None:
    try:
        notebook = json.loads(text.removeprefix("\ufeff"))
        version = notebook["nbformat"]
        good = isinstance(notebook.get("cells", []), list)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError("This is no notebook: it is damaged, or something else.") from error
    if version != 4 or not good:
        raise InputError(
            f"This is a notebook of format {version}. Open it in Jupyter and save it: that makes it format 4."
        )


def _cells(text: str) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """Where each cell begins and ends, and the cell."""
    decode = json.JSONDecoder().raw_decode
    at = _skip(text, text.index("{") + 1)
    while text[at] == '"':
        name, at = decode(text, at)
        at = _skip(text, _skip(text, at) + 1)
        if name == "cells":
            break
        _, at = decode(text, at)
        at = _skip(text, _skip(text, at) + 1)
    else:
        return
    at = _skip(text, at + 1)
    while text[at] != "]":
        cell, end = decode(text, at)
        yield at, end, cell
        at = _skip(text, end)
        at = _skip(text, at + 1) if text[at] == "," else at


def _skip(text: str, at: int) -> int:
    """Where the blanks after `at` end."""
    found = BLANK.match(text, at)
    return found.end() if found else at


def _margin(text: str, at: int) -> str:
    """What begins each line inside of what stands at `at`: its line's break and indentation."""
    first = text.rfind("\n", 0, at)
    break_ = "\r\n" if text[first - 1 : first] == "\r" else "\n"
    indentation = text[first + 1 : at]
    return break_ + (indentation if not indentation.strip() else "")


def _written(after: dict[str, Any], before: dict[str, Any], as_it_stood: str, margin: str) -> str:
    """A cell's text, in the layout that the cell had before."""

    def text(cell: dict[str, Any], layout: dict[str, Any]) -> str:
        return json.dumps(cell, **layout).replace("\n", margin)

    layout = next((each for each in LAYOUTS if text(before, each) == as_it_stood), LAYOUTS[0])
    return text(after, layout)
