"""Where Markdown shows pictures: inline, by reference, and as HTML; hides what is code or comment.

By the rules of CommonMark 0.31, as far as they decide what is a picture. Texts are scanned, not parsed, because what is
found has to be replaced where it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from heliograph.documents import html
from heliograph.documents._code import code_blocks
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

TICKS = re.compile(r"`+|\n[ \t>]*\n")


def references(text: str) -> Iterator[Reference]:
    """The pictures of a page, not those in code and comments."""
    text = _blanked(text, code_blocks(text))
    text = _blanked(text, _code_spans(text))
    yield from html.references(text)
    text = _blanked(text, (found.span() for found in COMMENT.finditer(text)))
    for found in INLINE.finditer(text):
        alt = _alt_before(text, found.start())
        if alt is not None:
            yield _reference(found, alt)
    named: dict[str, str] = {}
    for found in BY_LABEL.finditer(text):
        label = _label(found["label"] or found["alt"])
        named[label] = named.get(label) or found["alt"]
    for found in DEFINITION.finditer(text):
        if (label := _label(found["label"])) in named:
            yield _reference(found, named[label])


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
