"""Albums: the record, and what a client can do with them as plans of requests; hides the native API's album calls."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

from heliograph.client._errors import InputError, UnexpectedAnswerError
from heliograph.client._exchange import Plan, Send, exchange
from heliograph.client._models import Image
from heliograph.client._operations import Operations, json_of
from heliograph.client._references import refer

WORD = re.compile(r"[A-Za-z0-9]+")


@dataclass(frozen=True)
class Album:
    """Images in an order. `str(album)` is the link of its page.

    `privacy`: public, hidden or secret. `layout`: blog, grid, horizontal or vertical. `cover`: the id of the image that
    stands for it, "" where it shows none. `version` counts its changes. `images` are told by `Client.album` only,
    `delete_hash` to its owner and maker only. `answer` is the server's whole answer, unknown members too.
    """

    id: str
    page: str
    privacy: str
    layout: str
    images_count: int
    version: int
    created: datetime
    title: str = ""
    description: str = ""
    cover: str = ""
    images: tuple[Image, ...] = field(default=(), repr=False)
    delete_hash: str | None = field(default=None, repr=False)
    answer: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def __str__(self) -> str:
        return self.page

    @classmethod
    def parse(cls, answer: object) -> Album:
        """Read the JSON object of an album. Raises UnexpectedAnswerError if what every album has is missing."""
        try:
            return cls._read(answer)  # type: ignore[arg-type] # whatever it is, reading it tells
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UnexpectedAnswerError(
                f"The server described an album in a way that this client does not understand ({error!r}). "
                "Is it a Heliograph server, and is this client as new as it?"
            ) from error

    @classmethod
    def _read(cls, answer: Mapping[str, Any]) -> Album:
        return cls(
            id=str(answer["id"]),
            page=str(answer["page"]),
            privacy=str(answer["privacy"]),
            layout=str(answer["layout"]),
            images_count=int(answer["images_count"]),
            version=int(answer["version"]),
            created=datetime.fromisoformat(answer["created"]),
            title=str(answer.get("title") or ""),
            description=str(answer.get("description") or ""),
            cover=str(answer.get("cover") or ""),
            images=tuple(map(Image.parse, answer.get("images") or ())),
            delete_hash=answer.get("delete_hash"),
            answer=answer,
        )


@dataclass(frozen=True)
class AlbumPage:
    """A page of a listing; `next` is the cursor of the page after it, None at the end."""

    albums: tuple[Album, ...]
    next: str | None


@dataclass(frozen=True)
class AlbumOperations:
    """The operations on albums. What each raises is said at `Client`."""

    operations: Operations

    def create(self, images: Iterable[Image | str], about: Mapping[str, str | None]) -> Plan[Album]:
        """Make an album. Sent once only where it may have arrived: a second one would make a second album."""
        content = {name: text for name, text in about.items() if text is not None}
        send = Send(
            "POST",
            self.operations.address("api/v1/albums"),
            self.operations.headers(),
            json={"images": image_names(images), **content},
        )
        return Album.parse(json_of((yield from exchange(send, self.operations.patience, repeatable=False))))

    def find(self, album: Album | str) -> Plan[Album]:
        """One album with its images."""
        return (yield from self._album_of("GET", album))

    def page(self, limit: int, cursor: str | None) -> Plan[AlbumPage]:
        """One page of the caller's albums, `limit` at most."""
        query = {"limit": str(limit)} | ({"cursor": cursor} if cursor else {})
        send = Send("GET", self.operations.address("api/v1/albums"), self.operations.headers(), query)
        answer = json_of((yield from exchange(send, self.operations.patience)))
        albums = answer.get("albums") if isinstance(answer, dict) else None
        if not isinstance(albums, list):
            raise UnexpectedAnswerError(f"{send.url} answered with no list of albums. Is the server's address right?")
        return AlbumPage(tuple(map(Album.parse, albums)), answer.get("next") or None)

    def update(self, album: Album | str, about: Mapping[str, str | None]) -> Plan[Album]:
        """Change what is not None; "" empties a text and unsets the cover."""
        changes = {name: text or None for name, text in about.items() if text is not None}
        if not changes:
            raise InputError("Nothing to change: pass a title, description, privacy, layout or cover.")
        return (yield from self._album_of("PATCH", album, json=changes))

    def set_images(self, album: Album | str, images: Iterable[Image | str], version: int | None) -> Plan[Album]:
        """Hold those images in that order and no other. With a version, sent once only where it may have arrived:
        our own lost first try would make the second a conflict.
        """
        wanted = {"images": image_names(images), "version": version}
        return (yield from self._album_of("PUT", album, "/images", json=wanted, repeatable=version is None))

    def add_images(self, album: Album | str, images: Iterable[Image | str]) -> Plan[Album]:
        """Put images behind those that are there."""
        return (yield from self._album_of("POST", album, "/images", json={"images": image_names(images)}))

    def remove_images(self, album: Album | str, images: Iterable[Image | str]) -> Plan[Album]:
        """Take images out."""
        query = {"images": ",".join(image_names(images))}
        return (yield from self._album_of("DELETE", album, "/images", query=query))

    def delete(self, album: Album | str) -> Plan[None]:
        """Remove an album. If an answer was lost and the next try finds it gone, this was our own doing."""
        send = Send("DELETE", self._address(album), self.operations.headers(), done_before=410)
        yield from exchange(send, self.operations.patience)

    def mark(self, album: Album | str, *, favorite: bool) -> Plan[None]:
        """Have an album among the caller's favourites, or not."""
        method = "PUT" if favorite else "DELETE"
        send = Send(method, f"{self._address(album)}/favorite", self.operations.headers())
        yield from exchange(send, self.operations.patience)

    def _album_of(
        self,
        method: str,
        album: Album | str,
        path: str = "",
        json: Mapping[str, object] | None = None,
        query: Mapping[str, str] | None = None,
        *,
        repeatable: bool = True,
    ) -> Plan[Album]:
        send = Send(method, self._address(album) + path, self.operations.headers(), query or {}, json)
        return Album.parse(json_of((yield from exchange(send, self.operations.patience, repeatable=repeatable))))

    def _address(self, album: Album | str) -> str:
        return self.operations.address(f"api/v1/albums/{quote(album_name(album))}")


def album_name(album: Album | str) -> str:
    """What the server knows an album by: its delete hash where it is known, else its id; a link is read."""
    if isinstance(album, Album):
        return album.delete_hash or album.id
    name = (urlsplit(album.strip()).path if "//" in album else album.strip()).rstrip("/").rpartition("/")[2]
    if not WORD.fullmatch(name):
        raise InputError(f"{album!r} names no album. Pass an album's id, its delete hash or its link.")
    return name


def image_names(images: Iterable[Image | str]) -> list[str]:
    """What the server knows images by: the delete hash where it is known, else the id; links are read."""
    if isinstance(images, str | Image):
        raise InputError("Pass a list of images, also where it is only one.")
    names = []
    for image in images:
        if isinstance(image, Image):
            names.append(image.delete_hash or image.id)
        else:
            named = refer(image)
            names.append(named.id or named.delete_hash)
    return names
