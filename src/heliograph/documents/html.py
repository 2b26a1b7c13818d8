"""Where HTML shows pictures: the `src` of its `img` elements; hides tokenising, and all that only looks like one."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import accumulate

from heliograph.documents.embedded import Reference

NAME = re.compile(r"<[^\s/>]+")
ATTRIBUTE = re.compile(
    r"""[\s/]*(?P<name>[^\s/>=][^\s/>=]*+)(?:\s*=\s*(?:"(?P<double>[^"]*+)"|'(?P<single>[^']*+)'|(?P<bare>[^\s>"'][^\s>]*+)))?"""
)


def references(text: str) -> Iterator[Reference]:
    """The pictures of a page or a piece of one, not those in comments, scripts and styles."""
    for start, tag in _images(text):
        attributes: dict[str, re.Match[str]] = {}
        for found in ATTRIBUTE.finditer(tag, _after_name(tag)):
            attributes.setdefault(found["name"].lower(), found)  # the first of a name counts
        source, alt = attributes.get("src"), attributes.get("alt")
        if source is None or source.lastgroup == "name":
            continue
        group = source.lastgroup or ""
        yield Reference(
            start + source.start(group),
            start + source.end(group),
            html.unescape(source[group]).strip(),
            html.unescape(alt[alt.lastgroup] or "") if alt and alt.lastgroup and alt.lastgroup != "name" else "",
            html.escape,
        )


def _after_name(tag: str) -> int:
    name = NAME.match(tag)
    return name.end() if name else 0


def _images(text: str) -> list[tuple[int, str]]:
    """Where each `img` tag begins, and the tag as it is written."""
    finder = _Finder()
    finder.feed(text)
    finder.close()
    lines = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]
    return [(lines[line - 1] + column, tag) for (line, column), tag in finder.found]


class _Finder(HTMLParser):
    """Collects `img` tags with their positions."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.found: list[tuple[tuple[int, int], str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 # the library's
        written = self.get_starttag_text()
        if tag == "img" and written:
            self.found.append((self.getpos(), written))
