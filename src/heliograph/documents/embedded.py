"""What is the same in all documents: places that show a picture, and the two walks that move the pictures out.

A document is walked twice. The first walk only collects the pictures that are embedded in it; when all of them are
published, the second one writes their links. So no picture is taken out of a document before it is published, and
what would be done can be told without doing it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias, TypeVar
from urllib.parse import unquote, urlsplit

from heliograph import Image, InputError
from heliograph.client.figures import RASTERS, SVG, in_uri
from heliograph.documents.views import Reference


@dataclass(frozen=True)
class Embedded:
    """A picture in a document: its bytes, or the file beside the document that it is.

    alt: what it shows, "" where the document does not say. place: where it is, in words for people.
    """

    picture: bytes | Path = field(repr=False)
    alt: str = ""
    media_type: str = ""
    place: str = field(default="", compare=False)

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.picture) if isinstance(self.picture, bytes) else self.picture.stat().st_size


Linking: TypeAlias = Callable[[Embedded], Image | None]
"""Told of each embedded picture, in order; gives the image to link to, or None to leave it where it is."""

Finding: TypeAlias = Callable[[Reference], Embedded | None]
"""What is embedded at a place; None where nothing is that is to be published (a link, for instance)."""

T = TypeVar("T")


def moved_out(walk: Callable[[Linking], T], publish: Callable[[Sequence[Embedded]], Mapping[Embedded, Image]]) -> T:
    """Walk a document to collect its pictures, publish them, walk it again to write their links; what that gives."""
    return walk(publish(collected(walk)).get)


def collected(walk: Callable[[Linking], object]) -> list[Embedded]:
    """The pictures that a walk meets, each once."""
    found: dict[Embedded, None] = {}

    def collect(picture: Embedded) -> None:
        found.setdefault(picture)

    walk(collect)
    return list(found)


def linked(text: str, references: Iterable[Reference], find: Finding, link: Linking) -> str:
    """`text` with links in the place of what `find` finds."""
    links = []
    for reference in sorted(references, key=lambda each: each.start):
        picture = find(reference)
        image = link(picture) if picture is not None else None
        if image is not None:
            links.append((reference, image.link))
    return replaced(text, links)


def replaced(text: str, links: Iterable[tuple[Reference, str]]) -> str:
    """`text` with other addresses at some places, in their order; not another character is changed."""
    pieces, end = [], 0
    for reference, link in links:
        pieces += [text[end : reference.start], reference.written(link)]
        end = reference.end
    return "".join([*pieces, text[end:]])


def in_data_uri(reference: Reference, place: str, keep_svg: bool) -> Embedded | None:
    """The picture in a data: URI; None where the address is no such, or holds no picture (it shows nothing, then)."""
    if reference.address[:11].lower() != "data:image/":
        return None
    try:
        media_type, picture = in_uri(reference.address)
    except InputError:
        return None
    return of_type(media_type, picture, reference.alt, place, keep_svg)


def path_beside(address: str) -> str:
    """The path, percent signs decoded, where an address leads to a file beside the document; "" for all others."""
    try:
        parts = urlsplit(address)
    except ValueError:  # such as http://[
        return ""
    return "" if parts.scheme or parts.netloc or parts.path.startswith("/") else unquote(parts.path)


def of_type(media_type: str, picture: bytes, alt: str, place: str, keep_svg: bool) -> Embedded | None:
    """The picture, where it is of a type that can be published."""
    published = media_type in RASTERS or (media_type == SVG and not keep_svg)
    return Embedded(picture, alt, media_type, place) if published and picture else None
