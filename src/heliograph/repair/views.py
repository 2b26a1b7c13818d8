"""Text as a reader of some markup sees it, which still knows where each character stands in the document.

Hides escapes within escapes: HTML in an attribute of XML, Markdown in strings of JSON. A scanner reads plain text; what
it finds is a span of the document, so that a patch can touch that span and nothing else.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html.entities import html5
from urllib.parse import urlsplit

Spell = Callable[[str], str]
"""Writes a text so that it means the same where it is put."""

PICTURE_PATH = re.compile(r"\.(?:png|jpe?g|jfif|gif|webp|bmp|tiff?|svgz?|avif|heic|heif|jxl|apng)$", re.IGNORECASE)
ADDRESS = re.compile(r"(?:https?:)?//[^\s/?#<>\"\\{}|^`]+[^\s<>\"\\{}|^`]*", re.IGNORECASE)
ENTITY = re.compile(r"&(?:#[0-9]{1,7};?|#[xX][0-9a-fA-F]{1,6};?|[A-Za-z][A-Za-z0-9]*;?)")
XML_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#x[0-9a-fA-F]{1,6}|lt|gt|amp|quot|apos);")


@dataclass(frozen=True)
class Link:
    """The address of a picture in a document.

    `url` is what it means, absolute; `start` to `end` is where it is spelled, in characters of the document's text.
    `shown`: the picture is part of the page; else somebody has to follow the link. `width`, `height`: the size that the
    document gives the picture, in pixels. `spell` writes another address for the same place.
    """

    url: str
    start: int
    end: int
    shown: bool
    width: int | None
    height: int | None
    spell: Spell


@dataclass(frozen=True)
class View:
    """Plain text. Character i of `text` is spelled from `starts[i]` to `ends[i]` in the document."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]
    spell: Spell

    @classmethod
    def whole(cls, text: str) -> View:
        """A document in which every character stands for itself."""
        return cls(text, range(len(text)), range(1, len(text) + 1), str)

    @classmethod
    def joined(cls, views: Iterable[View], spell: Spell) -> View:
        """Several pieces of one document read as one text, such as the lines of a notebook's cell."""
        parts = list(views)
        return cls(
            "".join(part.text for part in parts),
            [at for part in parts for at in part.starts],
            [at for part in parts for at in part.ends],
            spell,
        )

    def part(self, start: int, end: int) -> View:
        """Only the characters from `start` to `end`."""
        return View(self.text[start:end], self.starts[start:end], self.ends[start:end], self.spell)

    def masked(self, text: str) -> View:
        """The same places with another text of the same length: parts that a scanner must not see are blanks there."""
        assert len(text) == len(self.text)
        return View(text, self.starts, self.ends, self.spell)

    def decoded(self, escape: re.Pattern[str], meaning: Callable[[re.Match[str]], str | None], spell: Spell) -> View:
        """Every match of `escape` replaced by what it means (None: itself). `spell` is the way back."""

        def both(text: str) -> str:
            return self.spell(spell(text))

        texts: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        done = 0
        for match in escape.finditer(self.text):
            meant = meaning(match)
            if meant is None:
                continue
            first, last = match.span()
            texts += self.text[done:first], meant
            starts += [*self.starts[done:first], *[self.starts[first]] * len(meant)]
            ends += [*self.ends[done:first], *[self.ends[last - 1]] * len(meant)]
            done = last
        if not done:
            return View(self.text, self.starts, self.ends, both)
        return View("".join(texts) + self.text[done:], [*starts, *self.starts[done:]], [*ends, *self.ends[done:]], both)

    def link(
        self, start: int, end: int, *, shown: bool, width: int | None = None, height: int | None = None
    ) -> Link | None:
        """The link whose address is spelled from `start` to `end`, blanks around it left out.

        None where it is no absolute address of http(s), or one that is only linked and does not look like a picture.
        """
        address = self.text[start:end]
        start += len(address) - len(address.lstrip())
        address = address.strip()
        if not ADDRESS.fullmatch(address):
            return None
        url = address if address[0] != "/" else f"https:{address}"
        if _is_unreadable(url) or (not shown and not looks_like_a_picture(url)):
            return None
        last = start + len(address) - 1
        return Link(url, self.starts[start], self.ends[last], shown, width, height, self.spell)


def looks_like_a_picture(url: str) -> bool:
    """Whether the path of `url` ends as the name of a picture's file does."""
    return PICTURE_PATH.search(urlsplit(url).path) is not None


def html_decoded(view: View) -> View:
    """The value of an attribute of HTML, its character references read (HTML standard, section 13.2.5.73)."""
    return view.decoded(ENTITY, _html_meaning, lambda text: html.escape(text, quote=True))


def xml_decoded(view: View) -> View:
    """The value of an attribute of XML, its references read (XML 1.0, section 4.6)."""
    return view.decoded(XML_ENTITY, lambda match: html.unescape(match[0]), lambda text: html.escape(text, quote=True))


def _html_meaning(match: re.Match[str]) -> str | None:
    name = match[0][1:]
    if name.startswith("#"):
        return html.unescape(match[0])
    if name.endswith(";"):
        return html5.get(name)
    follows = match.string[match.end() : match.end() + 1]
    return html5.get(name) if follows != "=" else None


def _is_unreadable(url: str) -> bool:
    """Whether no host can be read from `url`, for example because of a damaged port."""
    try:
        parts = urlsplit(url)
        return not parts.hostname or (parts.port or 1) < 1
    except ValueError:
        return True
