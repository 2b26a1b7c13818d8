"""Pictures in HTML: which attributes hold addresses; hides tags, quotes and `srcset`.

The tags are found by Python's own parser, which tells where each begins; the attributes' places are read from there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser

from heliograph.repair.views import Link, View, html_decoded

ATTRIBUTE = re.compile(r"""[\s/]*([^\s/>=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"'][^\s>]*)))?""")
CANDIDATE = re.compile(r"[\s,]*(\S*[^\s,])(?:\s+[^,]*)?(?:,|$)")
CSS_URL = re.compile(
    r"""/\*.*?\*/|\burl\(\s*(?:"([^"\n]*)"|'([^'\n]*)'|([^"'()\s]*))\s*\)""", re.DOTALL | re.IGNORECASE
)
PIXELS = re.compile(r"\s*(\d{1,5})\s*(?:px)?\s*")

SHOWN = {
    "img": ("src", "srcset"),
    "source": ("srcset",),
    "input": ("src",),
    "video": ("poster",),
    "image": ("href", "xlink:href"),
    "body": ("background",),
    "table": ("background",),
    "td": ("background",),
}
"""The attributes that show pictures; `a href` is followed by people, and counts where it looks like a picture."""


def html_links(view: View) -> Iterator[Link]:
    """The links in a whole page or a piece of one, comments and scripts left out."""
    parser = _Tags(view)
    parser.feed(view.text)
    parser.close()
    return iter(parser.links)


def tag_links(view: View, name: str, start: int, end: int) -> Iterator[Link]:
    """The links in one start tag: `view.text[start:end]` is all of it, `name` its name in small letters."""
    attributes = _attributes(view.text, start + 1 + len(name), end)
    width, height = (_pixels(view.text, attributes.get(side)) for side in ("width", "height"))
    found: list[Link | None] = []
    for attribute in SHOWN.get(name, ()):
        if attribute in attributes:
            value = html_decoded(view.part(*attributes[attribute]))
            if attribute == "srcset":
                found += [value.link(*candidate.span(1), shown=True) for candidate in CANDIDATE.finditer(value.text)]
            else:
                found.append(value.link(0, len(value.text), shown=True, width=width, height=height))
    if name in ("a", "area") and "href" in attributes:
        value = html_decoded(view.part(*attributes["href"]))
        found.append(value.link(0, len(value.text), shown=False))
    if "style" in attributes:
        found += css_links(html_decoded(view.part(*attributes["style"])))
    yield from (link for link in found if link is not None)


def css_links(view: View) -> Iterator[Link]:
    """The pictures that a piece of CSS names by `url()`, its comments and fonts left out."""
    for match in CSS_URL.finditer(view.text):
        if match.lastindex is not None and not match[0].startswith("/*"):
            link = view.link(*match.span(match.lastindex), shown=False)
            if link is not None:
                yield Link(link.url, link.start, link.end, True, None, None, link.spell)


class _Tags(HTMLParser):
    """Collects the links of one text."""

    def __init__(self, view: View) -> None:
        super().__init__(convert_charrefs=True)  # without, "&#" with no number ends the reading
        self.links: list[Link] = []
        self._view = view
        self._lines = [0, *(match.end() for match in re.finditer("\n", view.text))]
        self._style = False

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 # they come without their places
        start = self._offset()
        self._style = tag == "style"
        self.links += tag_links(self._view, tag, start, start + len(self.get_starttag_text() or ""))

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        self.handle_starttag(tag, attrs)
        self._style = False

    def handle_endtag(self, tag: str) -> None:
        self._style = self._style and tag != "style"

    def handle_data(self, data: str) -> None:
        if self._style:
            start = self._offset()
            self.links += css_links(self._view.part(start, start + len(data)))

    def _offset(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column


def _attributes(text: str, start: int, end: int) -> Mapping[str, tuple[int, int]]:
    """Name -> span of the value. Of several with one name, the first counts (HTML standard, section 13.2.5.33)."""
    found: dict[str, tuple[int, int]] = {}
    for match in ATTRIBUTE.finditer(text, start, end):
        for group in (2, 3, 4):
            if match[group] is not None:
                found.setdefault(match[1].lower(), match.span(group))
    return found


def _pixels(text: str, span: tuple[int, int] | None) -> int | None:
    """A width or height in pixels; None where there is none, or it is a share of something."""
    match = PIXELS.fullmatch(text[slice(*span)]) if span is not None else None
    return int(match[1]) if match else None
