"""Which lines of Markdown are code: fenced and indented blocks, in quotes and lists too; hides how blocks nest.

By CommonMark 0.31, appendix "A parsing strategy": a line goes on with the quotes and items of lists that are open, as
far as its beginning fits; what is left of it opens others, or is text or code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

QUOTE = 0
"""Stands for a quote among the containers; an item of a list is the columns that its lines are indented by."""

ITEM = re.compile(r"(?P<marker>[-*+]|(?P<number>\d{1,9})[.)])(?P<blanks> +|$)")
FENCE = re.compile(r"(`{3,})[^`]*$|(~{3,})")
NO_PARAGRAPH = re.compile(r"#{1,6}(?: |$)|(?:\* *){3,}$|(?:- *){3,}$|(?:_ *){3,}$")
"""Headings and lines across: what follows them begins anew."""
RULE = re.compile(r"(?:\* *){3,}$|(?:- *){3,}$")
"""Lines across that begin as an item would."""


def code_blocks(text: str) -> Iterator[tuple[int, int]]:
    """Where the lines of code are, one after the other."""
    blocks, at = _Blocks(), 0
    for line in re.findall(r"[^\n]*\n|[^\n]+$", text):
        if blocks.is_code(line.expandtabs(4).rstrip("\r\n")):
            yield at, at + len(line)
        at += len(line)


class _Blocks:
    """The blocks that are open while a text is read line by line."""

    def __init__(self) -> None:
        self._containers: list[int] = []
        self._fence = ""  # what the fenced block that is open began with
        self._indented = False  # whether an indented block is open
        self._paragraph = False  # whether a paragraph is, which the next line may go on with
        self._empty_item = False  # whether the last line was an item of a list and nothing else

    def is_code(self, line: str) -> bool:
        """Whether the next line is code."""
        matched, rest = self._continued(line)
        text = rest.lstrip(" ")
        if matched == len(self._containers) and self._fence:
            self._close_fence(rest, text)
            return True
        if not text:
            return self._blank(matched)
        before = len(self._containers)
        lazy = self._paragraph
        rest, opened = self._open_containers(rest, matched)
        text = rest.lstrip(" ")
        self._empty_item = opened and not text
        if len(rest) - len(text) >= 4 and text and not (self._paragraph and not opened):
            self._begin(matched, opened)
            self._indented = True
            return True
        fence = FENCE.match(text) if len(rest) - len(text) < 4 else None
        plain = bool(text) and fence is None and not NO_PARAGRAPH.match(text)
        if not (plain and lazy and not opened and matched < before):
            self._begin(matched, opened)
        self._fence = (fence[1] or fence[2]) if fence else ""
        self._paragraph = plain
        return bool(fence)

    def _begin(self, matched: int, opened: bool) -> None:
        """The line is no lazy continuation: what it does not go on with ends."""
        if not opened:
            del self._containers[matched:]
        self._fence, self._indented, self._paragraph = "", False, False

    def _blank(self, matched: int) -> bool:
        """A blank line: it ends quotes, paragraphs, and items that have nothing in them yet."""
        del self._containers[matched:]
        if self._empty_item:
            self._containers.pop()
        self._empty_item = self._paragraph = False
        self._fence = ""
        return self._indented

    def _continued(self, line: str) -> tuple[int, str]:
        """How many of the containers a line goes on with, and the rest of it."""
        for matched, width in enumerate(self._containers):
            text = line.lstrip(" ")
            indent = len(line) - len(text)
            if width == QUOTE:
                if indent > 3 or not text.startswith(">"):
                    return matched, line
                line = text[1:].removeprefix(" ")
            elif text and indent < width:
                return matched, line
            else:
                line = line[width:]
        return len(self._containers), line

    def _open_containers(self, rest: str, matched: int) -> tuple[str, bool]:
        """Open the quotes and items that the rest of a line begins with; what is left, and whether there were any."""
        opened = False
        while len(rest) - len(text := rest.lstrip(" ")) < 4:
            width = self._marker(text, len(rest) - len(text), interrupts=self._paragraph and not opened)
            if width is None:
                break
            if not opened:
                del self._containers[matched:]
            opened = True
            self._containers.append(width)
            rest = text[1:].removeprefix(" ") if width == QUOTE else rest[width:]
        return rest, opened

    def _marker(self, text: str, indent: int, interrupts: bool) -> int | None:
        """What container a text opens: QUOTE, or the columns of an item; None for none.

        `interrupts`: a paragraph is open, which an item may end only if it is not empty and begins a list at 1.
        """
        if text.startswith(">"):
            return QUOTE
        item = ITEM.match(text)
        if item is None or RULE.match(text):
            return None
        is_empty = item.end() == len(text)
        if interrupts and (is_empty or (item["number"] or "1").lstrip("0") != "1"):
            return None
        blanks = len(item["blanks"])
        return indent + len(item["marker"]) + (blanks if 1 <= blanks <= 4 and not is_empty else 1)

    def _close_fence(self, rest: str, text: str) -> None:
        closing = text.rstrip(" ")
        if len(rest) - len(text) < 4 and len(closing) >= len(self._fence) and not closing.strip(self._fence[0]):
            self._fence = ""
