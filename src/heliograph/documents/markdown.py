"""Where Markdown shows pictures: inline, by reference, and as HTML; hides what is code or comment.

By the rules of CommonMark 0.31, as far as they decide what is a picture. Texts are scanned, not parsed, because what is
found has to be replaced where it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from heliograph.documents import html
from heliograph.documents.embedded import Reference

DESTINATION = r"(?:<(?P<angled>[^<>\n]*+)>|(?P<bare>(?:[^\s()<\\]++|\\.|\((?:[^\s()\\]++|\\.)*+\))++))"
TITLE = r"""(?:\s+(?:"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'|\((?:[^()\\]|\\.)*+\)))?"""
INLINE = re.compile(rf"\]\(\s*{DESTINATION}{TITLE}\s*\)")
DEFINITION = re.compile(rf"^(?:[ ]{{0,3}}>)*[ ]{{0,3}}\[(?P<label>[^\[\]\n]++)\]:\s*{DESTINATION}", re.MULTILINE)
BY_LABEL = re.compile(r"!\[(?P<alt>(?:[^\[\]\\]|\\.){0,1000}+)\](?:\[(?P<label>[^\[\]\n]{0,1000}+)\])?")
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
LONGEST_ALT = 1000
"""Characters between the brackets of a picture, at most."""

LIST_MARKER = re.compile(r"(?:[-*+]|\d{1,9}[.)])(?:[ \t]+|$)")
FENCE = re.compile(r"(`{3,})[^`]*$|(~{3,})")
TICKS = re.compile(r"`+|\n[ \t>]*\n")


def references(text: str) -> Iterator[Reference]:
    """The pictures of a page, not those in code and comments."""
    text = _blanked(text, _code_blocks(text))
    text = _blanked(text, _code_spans(text))
    yield from html.references(text)
    text = _blanked(text, (found.span() for found in COMMENT.finditer(text)))
    for found in INLINE.finditer(text):
        alt = _alt_before(text, found.start())
        if alt is not None:
            yield _reference(found, alt)
    named = {_label(each["label"] or each["alt"]): each["alt"] for each in reversed(list(BY_LABEL.finditer(text)))}
    for found in DEFINITION.finditer(text):
        alt = named.get(_label(found["label"]))
        if alt is not None:
            yield _reference(found, alt)


def _reference(found: re.Match[str], alt: str) -> Reference:
    group = "bare" if found["angled"] is None else "angled"
    shown = " ".join(ESCAPED.sub(r"\1", alt).split())
    return Reference(found.start(group), found.end(group), ESCAPED.sub(r"\1", found[group]), shown)


def _label(text: str) -> str:
    """A label as it is compared: neither case nor white space counts (section 4.7)."""
    return " ".join(text.split()).casefold()


def _alt_before(text: str, close: int) -> str | None:
    """What stands in `![...]` before the bracket at `close`; None where that is no picture but a link."""
    depth = 0
    for at in range(close - 1, max(close - LONGEST_ALT, 0), -1):
        if text[at] not in "[]" or _is_escaped(text, at):
            continue
        if text[at] == "[" and depth == 0:
            is_picture = text[at - 1] == "!" and not _is_escaped(text, at - 1)
            return text[at + 1 : close] if is_picture and "\n\n" not in text[at:close] else None
        depth += 1 if text[at] == "]" else -1
    return None


def _blanked(text: str, spans: Iterator[tuple[int, int]]) -> str:
    """The same text with blanks in the place of what is in `spans`; all else stays where it is."""
    pieces, end = [], 0
    for start, stop in spans:
        pieces += [text[end:start], re.sub(r"[^\n]", " ", text[start:stop])]
        end = stop
    return "".join([*pieces, text[end:]])


def _code_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where code in lines is: between runs of the same number of backticks, in one paragraph (section 6.1)."""
    runs: list[tuple[int, int]] = []
    for found in TICKS.finditer(text):
        if found[0][0] == "`":
            runs.append(found.span())
        else:
            yield from _paired(text, runs)
            runs = []
    yield from _paired(text, runs)


def _paired(text: str, runs: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The runs that open code, each to the end of the one that closes it."""
    at = 0
    while at < len(runs):
        start, end = runs[at]
        start += _is_escaped(text, start)  # in code, a backslash means itself
        closing = (n for n in range(at + 1, len(runs)) if runs[n][1] - runs[n][0] == end - start)
        closed = next(closing, None) if end > start else None
        if closed is not None:
            yield start, runs[closed][1]
            at = closed
        at += 1


def _is_escaped(text: str, at: int) -> bool:
    """Whether what stands at `at` is behind an odd number of backslashes."""
    first = at
    while first and text[first - 1] == "\\":
        first -= 1
    return bool((at - first) % 2)


def _code_blocks(text: str) -> Iterator[tuple[int, int]]:
    """Where blocks of code are, line by line: fenced and indented ones, in quotes and lists too."""
    blocks, at = _Blocks(), 0
    for line in text.splitlines(keepends=True):
        if blocks.is_code(line.expandtabs(4).rstrip("\r\n")):
            yield at, at + len(line)
        at += len(line)


class _Blocks:
    """Tells of one line after the other whether it is of a block of code (sections 4.4, 4.5 and 5)."""

    def __init__(self) -> None:
        self._columns: list[int] = []  # where the texts of the lists that are open begin, from the outermost
        self._fence = ""  # what the block that is open began with
        self._fence_column = 0  # of the list that it is in
        self._quotes = 0
        self._after_blank = True
        self._in_code = False

    def is_code(self, line: str) -> bool:
        quotes, line = self._unquoted(line)
        text = line.lstrip(" ")
        indent = len(line) - len(text)
        if self._fence and quotes >= self._quotes and (not text or indent >= self._fence_column):
            return self._is_fenced(text)
        self._fence, self._quotes = "", quotes
        if not text:
            self._after_blank = True
            return self._in_code
        if self._in_list(indent) >= 4 and (self._after_blank or self._in_code):
            self._in_code = True
            return True
        self._in_code, self._after_blank = False, False
        return self._opens_fence(text, indent)

    def _is_fenced(self, text: str) -> bool:
        """A line in a fenced block, which one as its first line closes."""
        text = text.rstrip(" ")
        if len(text) >= len(self._fence) and not text.strip(self._fence[0]):
            self._fence = ""
        self._after_blank = not self._fence
        return True

    def _in_list(self, indent: int) -> int:
        """The indentation less that of the lists which the line is in; ends those that it is not in."""
        while self._columns and indent < self._columns[-1] and self._after_blank:
            self._columns.pop()
        return indent - next((column for column in reversed(self._columns) if column <= indent), 0)

    def _opens_fence(self, text: str, column: int) -> bool:
        """Whether a line opens a fenced block, behind the markers of lists that it may open, too."""
        while marker := LIST_MARKER.match(text):
            self._columns = [each for each in self._columns if each <= column]
            blanks = len(marker[0]) - len(marker[0].rstrip())
            column += len(marker[0]) if 0 < blanks <= 4 else len(marker[0].rstrip()) + 1
            self._columns.append(column)
            text = text[marker.end() :]
        fence = FENCE.match(text)
        self._fence = (fence[1] or fence[2]) if fence else ""
        self._fence_column = next((each for each in reversed(self._columns) if each <= column), 0)
        return bool(fence)

    def _unquoted(self, line: str) -> tuple[int, str]:
        """How many marks of quotes a line begins with, and the rest of it."""
        quotes = 0
        while found := re.match(r" {0,3}> ?", line):
            quotes += 1
            line = line[found.end() :]
        return quotes, line
