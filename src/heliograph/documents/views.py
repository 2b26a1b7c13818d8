"""Text as a reader of some markup sees it, which still knows where each character stands in the document.

Hides escapes within escapes: HTML in an attribute of XML, Markdown in strings of JSON. A scanner reads plain text; what
it finds is a span of the document, so that a change can touch that span and nothing else.
"""

from __future__ import annotations

import html
import re
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from html.entities import html5

Spell = Callable[[str], str]
"""Writes a text so that it means the same where it is put."""

ENTITY = re.compile(r"&(?:#[0-9]{1,7};?|#[xX][0-9a-fA-F]{1,6};?|[A-Za-z][A-Za-z0-9]*;?)")
XML_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#x[0-9a-fA-F]{1,6}|lt|gt|amp|quot|apos);")


class Use(Enum):
    """What a document does with an address."""

    PICTURE = "the picture stands in the text"
    SHOWN = "it is shown in other ways: one of several sizes, a poster, a background"
    NAMED = "it is shown if it is a picture, which only its name tells: in a style, a frame, a page's own data"
    LINK = "somebody has to follow it"


@dataclass(frozen=True)
class Reference:
    """An address in a document that leads to a picture, or may.

    `address` is what it means; `start` to `end` is where it is spelled, in characters of the document's text.
    `alt`: what the picture shows, "" where the document does not say. `width`, `height`: the size that the document
    gives the picture, in pixels. `written` spells another address for the same place.
    """

    start: int
    end: int
    address: str
    use: Use
    alt: str = ""
    width: int | None = None
    height: int | None = None
    written: Spell = str


@dataclass(frozen=True)
class View:
    """Plain text. Character i of `text` is spelled from `starts[i]` to `ends[i]` in the document."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]
    spell: Spell

    @classmethod
    def whole(cls, text: str) -> View:
        """A document in which every character stands for itself, without the mark of its byte order."""
        mark = int(text.startswith("\ufeff"))
        return cls(text[mark:], range(mark, len(text)), range(mark + 1, len(text) + 1), str)

    @classmethod
    def joined(cls, views: Iterable[View], spell: Spell) -> View:
        """Several pieces of one document read as one text, such as the lines of a notebook's cell."""
        parts = list(views)
        starts = array("q", (at for part in parts for at in part.starts))
        ends = array("q", (at for part in parts for at in part.ends))
        return cls("".join(part.text for part in parts), starts, ends, spell)

    def part(self, start: int, end: int) -> View:
        """Only the characters from `start` to `end`."""
        return View(self.text[start:end], self.starts[start:end], self.ends[start:end], self.spell)

    def masked(self, text: str) -> View:
        """The same places with another text of the same length: parts that a scanner must not see are blanks there."""
        assert len(text) == len(self.text)
        return View(text, self.starts, self.ends, self.spell)

    def decoded(self, escape: re.Pattern[str], meaning: Callable[[re.Match[str]], str | None], spell: Spell) -> View:
        """Every match of `escape` replaced by what it means (None: itself). `spell` is the way back."""
        outer = self.spell  # and not the view, which knows the place of each of its characters

        def both(text: str) -> str:
            return outer(spell(text))

        texts: list[str] = []
        starts, ends = array("q"), array("q")  # an eighth of what lists of numbers take
        done = 0
        for match in escape.finditer(self.text):
            meant = meaning(match)
            if meant is None:
                continue
            first, last = match.span()
            texts += self.text[done:first], meant
            starts.extend(self.starts[done:first])
            starts.extend([self.starts[first]] * len(meant))
            ends.extend(self.ends[done:first])
            ends.extend([self.ends[last - 1]] * len(meant))
            done = last
        if not done:
            return View(self.text, self.starts, self.ends, both)
        starts.extend(self.starts[done:])
        ends.extend(self.ends[done:])
        return View("".join(texts) + self.text[done:], starts, ends, both)

    def reference(
        self,
        start: int,
        end: int,
        use: Use,
        *,
        read: Callable[[str], str] = str,
        write: Spell = str,
        alt: str = "",
        width: int | None = None,
        height: int | None = None,
    ) -> Reference:
        """The address that is spelled from `start` to `end`, blanks around it left out.

        `read` says what the spelling means, and `write` is the way back. So an address of megabytes is read as a whole,
        where a view of it would know the place of each character.
        """
        spelt = self.text[start:end]
        first = start + len(spelt) - len(spelt.lstrip())
        last = first + len(spelt.strip())
        places = (self.starts[first], self.ends[last - 1]) if first < last else (self._place(start),) * 2

        outer = self.spell  # a reference lives longer than the view it is from

        def written(text: str) -> str:
            return outer(write(text))

        return Reference(*places, read(spelt).strip(), use, alt, width, height, written)

    def _place(self, at: int) -> int:
        """Where the document goes on before the character at `at`, which may be the end."""
        return self.starts[at] if at < len(self.text) else self.ends[-1] if self.text else 0


def html_escaped(text: str) -> str:
    """A text as the value of an attribute of HTML or XML, in quotes of either kind."""
    return html.escape(text, quote=True)


def html_meaning(text: str) -> str:
    """What the value of an attribute of HTML means, its character references read (HTML standard, 13.2.5.73)."""

    def meaning(match: re.Match[str]) -> str:
        meant = _html_meaning(match)
        return match[0] if meant is None else meant

    return ENTITY.sub(meaning, text)


def html_decoded(view: View) -> View:
    """The value of an attribute of HTML as `html_meaning` reads it."""
    return view.decoded(ENTITY, _html_meaning, html_escaped)


def xml_decoded(view: View) -> View:
    """The value of an attribute of XML, its references read (XML 1.0, section 4.6)."""
    return view.decoded(XML_ENTITY, lambda match: html.unescape(match[0]), html_escaped)


def _html_meaning(match: re.Match[str]) -> str | None:
    name = match[0][1:]
    if name.startswith("#"):
        return html.unescape(match[0])
    if name.endswith(";"):
        return html5.get(name)
    follows = match.string[match.end() : match.end() + 1]
    return html5.get(name) if follows != "=" else None
