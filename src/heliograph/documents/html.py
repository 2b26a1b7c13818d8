"""Pictures in HTML: which attributes hold addresses; hides tags, quotes and `srcset`.

The tags are found by Python's own parser, which tells where each begins; the attributes' places are read from there.
What scripts put into the place of an attribute as the page is read (`data-src`) counts like the attribute itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import urljoin

from heliograph.documents.views import Reference, Use, View, html_decoded, html_escaped, html_meaning

ATTRIBUTE = re.compile(r"""[\s/]*([^\s/>=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"'][^\s>]*)))?""")
CANDIDATE = re.compile(r"[\s,]*(\S*[^\s,])(?:\s+[^,]*)?(?:,|$)")
CSS_URL = re.compile(r"""/\*.*?\*/|\b(?i:url)\(\s*(?:"([^"\n]*+)"|'([^'\n]*+)'|([^"'()\s]*+))\s*\)""", re.DOTALL)
PIXELS = re.compile(r"\s*(\d{1,5})\s*(?:px)?\s*")

LAZY = ("data-src", "data-original", "data-lazy-src")
"""Where pages that load pictures late keep the address (lazysizes, jQuery's Lazy Load, WordPress)."""
SETS = ("srcset", "data-srcset", "data-lazy-srcset")
SHOWN = {
    "img": LAZY,
    "source": LAZY,
    "input": ("src",),
    "video": ("poster",),
    "image": ("href", "xlink:href"),
    "body": ("background",),
    "table": ("background",),
    "td": ("background",),
}
"""The attributes that show pictures, beside the `src` and `srcset` of images."""
NAMED = {"object": ("data",), "embed": ("src",), "section": ("data-background", "data-background-image")}
"""Those that may show a picture or something else; reveal.js has sections with backgrounds."""
PREVIEWS = {"og:image", "og:image:url", "og:image:secure_url", "twitter:image", "twitter:image:src"}
"""What others show of a page (ogp.me)."""
ICONS = {"icon", "apple-touch-icon", "image_src"}


def references(view: View) -> Iterator[Reference]:
    """The addresses in a whole page or a piece of one, comments and scripts left out."""
    parser = _Tags(view)
    parser.feed(view.text)
    parser.close()
    return (_resolved(each, parser.base) for each in parser.found)


def pictures(text: str) -> Iterator[Reference]:
    """Only the pictures of `img` elements, by their `src`."""
    return (each for each in references(View.whole(text)) if each.use is Use.PICTURE)


def tag_references(view: View, name: str, start: int, end: int) -> Iterator[Reference]:
    """The addresses in one start tag: `view.text[start:end]` is all of it, `name` its name in small letters."""
    spans = _attributes(view.text, start + 1 + len(name), end)

    def value(attribute: str) -> str:
        return html_meaning(view.text[slice(*spans.get(attribute, (0, 0)))])

    def address(attribute: str, use: Use, alt: str = "") -> Reference:
        width, height = _pixels(value("width")), _pixels(value("height"))
        read, write = html_meaning, html_escaped
        return view.reference(*spans[attribute], use, read=read, write=write, alt=alt, width=width, height=height)

    if name == "img" and "src" in spans:
        yield address("src", Use.PICTURE, value("alt"))
    yield from (address(each, Use.SHOWN) for each in SHOWN.get(name, ()) if each in spans)
    yield from (address(each, Use.NAMED) for each in NAMED.get(name, ()) if each in spans)
    for attribute in SETS if name in ("img", "source") else ():
        candidates = html_decoded(view.part(*spans.get(attribute, (0, 0))))
        for each in CANDIDATE.finditer(candidates.text):
            yield candidates.reference(*each.span(1), Use.SHOWN)
    if name == "meta" and "content" in spans and {value("property").lower(), value("name").lower()} & PREVIEWS:
        yield address("content", Use.SHOWN)
    if name in ("a", "area", "link") and "href" in spans:
        is_icon = name == "link" and ICONS & set(value("rel").lower().split())
        if is_icon or name != "link":
            yield address("href", Use.SHOWN if is_icon else Use.LINK)
    if "style" in spans:
        yield from css_references(html_decoded(view.part(*spans["style"])))


def css_references(view: View) -> Iterator[Reference]:
    """What a piece of CSS names by `url()`, comments left out: pictures, and fonts and more."""
    for match in CSS_URL.finditer(view.text):
        if match.lastindex is not None:
            yield view.reference(*match.span(match.lastindex), Use.NAMED)


def _resolved(reference: Reference, base: str) -> Reference:
    """The same where `<base href>` says what addresses begin at (HTML standard, section 4.2.3)."""
    if not base or not reference.address or reference.address[:5].lower() == "data:":
        return reference
    try:
        return replace(reference, address=urljoin(base, reference.address))
    except ValueError:
        return reference


TEXTS = {"textarea", "title", "xmp", "iframe", "noembed", "noframes"}
"""What holds text and no tags, as scripts and styles do (HTML standard, section 13.2.6)."""


class _Tags(HTMLParser):
    """Collects the addresses of one text, and what they begin at."""

    def __init__(self, view: View) -> None:
        super().__init__(convert_charrefs=True)  # without, "&#" with no number ends the reading
        self.found: list[Reference] = []
        self.base = ""
        self._view = view
        self._lines = [0, *(match.end() for match in re.finditer("\n", view.text))]
        self._style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._take(tag, attrs)
        self._style = tag == "style"
        if tag in TEXTS:
            self.set_cdata_mode(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._take(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self._style = self._style and tag != "style"

    def handle_data(self, data: str) -> None:
        if self._style:
            start = self._offset()
            self.found += css_references(self._view.part(start, start + len(data)))

    def _take(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        start = self._offset()
        if tag == "base" and not self.base:
            self.base = (dict(attrs).get("href") or "").strip()
        self.found += tag_references(self._view, tag, start, start + len(self.get_starttag_text() or ""))

    def check_for_whole_start_tag(self, i: int) -> int:
        """A tag that nothing ends is none. Python's parser finds out in a time that grows as the square of the text."""
        return super().check_for_whole_start_tag(i) if self.rawdata.find(">", i) >= 0 else -1

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        """`<![words`, where Python's parser fails, is a comment up to the next `>` (HTML standard, 13.2.5.42)."""
        try:
            return super().parse_marked_section(i, report)
        except AssertionError:
            return self.parse_bogus_comment(i)

    def _offset(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column


def _attributes(text: str, start: int, end: int) -> Mapping[str, tuple[int, int]]:
    """Name -> span of the value. Of several with one name, the first counts (HTML standard, section 13.2.5.33)."""
    found: dict[str, tuple[int, int]] = {}
    bare: set[str] = set()
    for match in ATTRIBUTE.finditer(text, start, end):
        name = match[1].lower()
        if name in found or name in bare:
            continue
        if match.lastindex == 1:
            bare.add(name)
        else:
            found[name] = match.span(match.lastindex or 0)
    return found


def _pixels(value: str) -> int | None:
    """A width or height in pixels; None where there is none, or it is a share of something."""
    match = PIXELS.fullmatch(value)
    return int(match[1]) if match else None
