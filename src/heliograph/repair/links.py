"""Links to pictures that repair can look at: absolute addresses of http(s); hides what else documents refer to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from heliograph.documents import html, markdown
from heliograph.documents.views import Reference, Spell, Use, View

PICTURE_PATH = re.compile(r"\.(?:png|jpe?g|jfif|gif|webp|bmp|tiff?|svgz?|avif|heic|heif|jxl|apng)$", re.IGNORECASE)
ADDRESS = re.compile(r"(?P<scheme>https?:)?(?P<rest>//[^\s/?#<>\"\\{}|^`]+[^\s<>\"\\{}|^`]*)", re.IGNORECASE)


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


def links(references: Iterable[Reference]) -> Iterator[Link]:
    """Those that are absolute addresses of http(s) and lead to pictures, as far as their uses or names tell."""
    for each in references:
        url = absolute(each.address)
        if url is None:
            continue
        is_picture = each.use in (Use.PICTURE, Use.SHOWN)
        if not _is_unreadable(url) and (is_picture or looks_like_a_picture(url)):
            yield Link(url, each.start, each.end, each.use is not Use.LINK, each.width, each.height, each.written)


def absolute(address: str) -> str | None:
    """The address as browsers ask for it (URL standard, section 4.4); None where it is none of http(s)."""
    match = ADDRESS.fullmatch(address.replace(" ", "%20"))
    return f"{(match['scheme'] or 'https:').lower()}{match['rest']}" if match else None


def html_links(view: View) -> Iterator[Link]:
    """The links of HTML."""
    return links(html.references(view))


def markdown_links(view: View) -> Iterator[Link]:
    """The links of Markdown."""
    return links(markdown.references(view))


def looks_like_a_picture(url: str) -> bool:
    """Whether the path of `url` ends as the name of a picture's file does."""
    return PICTURE_PATH.search(urlsplit(url).path) is not None


def _is_unreadable(url: str) -> bool:
    """Whether no host can be read from `url`, for example because of a damaged port."""
    try:
        parts = urlsplit(url)
        return not parts.hostname or (parts.port or 1) < 1
    except ValueError:
        return True
