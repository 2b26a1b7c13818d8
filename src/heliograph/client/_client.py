"""The client that blocks; hides that every operation is a plan, written for both clients.

A client only has its driver (`_http`) follow the plans of `_operations`, `_albums`, `_login` and `_keys`. Its verbs
about the account stand in `_account_verbs`, those of favourites and ownership in `_image_verbs`, each beside its twin
for asyncio.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType

from heliograph.client._account_verbs import AccountVerbs
from heliograph.client._albums import Album, AlbumOperations, album_name
from heliograph.client._config import load, load_fallbacks
from heliograph.client._downloads import download
from heliograph.client._exchange import Patience
from heliograph.client._http import Driver
from heliograph.client._image_verbs import ImageVerbs
from heliograph.client._kept import Login
from heliograph.client._login import DEFAULT_SCOPES, DeviceCodes, LoginOperations
from heliograph.client._models import Account, Image, Receipt, Whose
from heliograph.client._operations import PAGE, Operations, searched
from heliograph.client._outbox import Outbox, Waiting
from heliograph.client._pictures import Progress, Source
from heliograph.client._publishing import Publishing, Repeat
from heliograph.client._renewal import Renewal
from heliograph.client.figures import prepared


class Client(AccountVerbs, ImageVerbs):
    """A client of one Heliograph server. May be used by several threads; close it, or use it in a `with` statement.

    Every method may raise InputError (what was passed cannot be used), UnreachableError, UnexpectedAnswerError, or a
    RefusedError that says why the server said no. Requests that met a lost connection, 429 or 5xx are repeated up to
    `retries` times, waiting `patience` seconds at most in all; an upload carries an idempotency key, so that it is
    published once however often it was sent.
    """

    def __init__(
        self,
        server: str | None = None,
        key: str | None = None,
        *,
        timeout: float = 60.0,
        retries: int = 3,
        patience: float = 30.0,
        outbox: bool = False,
        fallbacks: Sequence[str | Mapping[str, str]] | None = None,
    ) -> None:
        """Speak to the base URL `server` with `key`, else to what the environment or the config file says.

        Where that is a login of `heliograph login`, its token is renewed as need be, also beside other programs.
        `timeout`: seconds that the server may be silent. `outbox`: keep pictures that cannot be sent now on this
        computer (docs/client.md). `fallbacks`: other hosts for when this one is down, else those of the config file;
        each is a base URL, or a mapping with "url" and either "key" or, if it is shaped like Imgur, "client_id".
        """
        self._operations = Operations(load(server, key), Patience(retries, patience))
        self._outbox = Outbox()
        self._publishing = Publishing(self._operations, self._outbox, outbox, load_fallbacks(fallbacks))
        self._albums = AlbumOperations(self._operations)
        self._login = LoginOperations(self._operations.target, self._operations.patience)
        self._renewal = Renewal(self._operations.target, self._operations.patience)
        self._driver = Driver(self._renewal, timeout)

    @property
    def server(self) -> str:
        """The base URL of the server that this client speaks to."""
        return self._operations.target.url

    @property
    def login(self) -> Login | None:
        """The login that is used, as it is now; None where a key is, or nothing."""
        return self._renewal.login

    def upload(
        self,
        thing: object,
        *,
        title: str | None = None,
        description: str | None = None,
        alt: str | None = None,
        name: str | None = None,
        progress: Progress | None = None,
        idempotency_key: str | None = None,
        again: bool = False,
        album: Album | str | None = None,
        theme: str | None = None,
        vector: bool | str | None = None,
        source: bool | str | None = None,
        online: bool = False,
    ) -> Image:
        """Publish anything that can be seen: a path, an http(s) URL that the server is to fetch, a data: URI, bytes, a
        binary file object, an array, a figure, or what shows itself in notebooks (docs/figures.md).

        A str that is no URL is a path. Files are streamed, never held in memory; figures are drawn. `progress` is
        called with the bytes sent so far and in all. The same bytes with the same texts give the same image for as long
        as it is there, unless `again` asks for another one; an `idempotency_key` (16 to 128 printable ASCII characters)
        of your own says otherwise what is the same upload. The picture becomes the last of `album`, where one is named
        (its id, link or delete hash). Raises VerificationError if the receipt says that other bytes arrived than were
        sent, and with an outbox KeptError where the picture could not be sent now, but is kept.

        `theme`: draw it light or dark. `vector`: keep its SVG beside it, always (True), never (False), where it is
        quick to draw (None), or this one (a text). `source`: keep the code that calls (True) or a text beside it, for
        all who see it, with the versions of what is imported. `online`: let a page that a browser draws load what it
        names.
        """
        picture, beside = prepared(thing, theme, vector, source, online=online)
        texts = {"title": title, "description": description, "alt": alt, "name": name}
        texts["album"] = album_name(album) if album is not None else None
        repeat = Repeat(idempotency_key, again)
        return self._driver.follow(self._publishing.publish(picture, texts | beside, repeat, progress))

    def waiting(self) -> tuple[Waiting, ...]:
        """The pictures that are kept in the outbox for this client's server, the oldest first."""
        return tuple(self._outbox.waiting(self.server))

    def send(self, waiting: Waiting) -> Image:
        """Publish a picture that waits, and forget it; published before, it is not published twice."""
        return self._driver.follow(self._publishing.send(waiting))

    def info(self, image: Image | str, *, delete_hash: str | None = None) -> Image:
        """Describe an image, named by its id or any of its links; the owner's answer holds the receipt as well."""
        return self._driver.follow(self._operations.info(image, delete_hash))

    def download(
        self, image: Image | str, folder: str | os.PathLike[str] = ".", *, progress: Progress | None = None
    ) -> Path:
        """Bring the original of an image into `folder`, checked against its SHA-256; returns the file's path.

        It is called as the image is, and ends as its format does. No file is overwritten: where there is another of
        that name, the image's id goes into the name. `progress` is called with the bytes that are there and in all.
        Raises VerificationError if the link gives other bytes.
        """
        return self._driver.follow(download(self._operations, image, folder, progress))

    def source(self, image: Image | str) -> str:
        """The source that was published with an image, named by its id or any of its links. Raises NotFoundError."""
        return self._driver.follow(self._operations.source(image))

    def account(self) -> Account:
        """The account of the key's owner: how much it holds, and how much it may."""
        return self._driver.follow(self._operations.account())

    def list(
        self, query: str = "", *, since: datetime | str | None = None, until: datetime | str | None = None
    ) -> Iterator[Image]:
        """All images that the key's owner has, newest first, fetched page by page while you iterate.

        `query`: only those with all its words in title, description or alt. `since`, `until`: only those made from that
        time on, and before that time; UTC where it says no zone.
        """
        search = searched(query, since, until)
        cursor, more = None, True
        while more:
            page = self._driver.follow(self._operations.page(PAGE, cursor, search))
            yield from page.images
            cursor, more = page.next, page.next is not None

    def update(
        self,
        image: Image | str,
        *,
        title: str | None = None,
        description: str | None = None,
        alt: str | None = None,
        name: str | None = None,
        delete_hash: str | None = None,
    ) -> Image:
        """Change an image's texts: None leaves one as it is, "" empties it."""
        texts = {"title": title, "description": description, "alt": alt, "name": name}
        return self._driver.follow(self._operations.update(image, texts, delete_hash))

    def delete(self, image: Image | str, *, delete_hash: str | None = None) -> None:
        """Remove an image for ever, by the owner's key or the delete hash; `image` may be its delete link, too."""
        self._driver.follow(self._operations.delete(image, delete_hash))

    def verify(self, subject: Image | Receipt | str, *, file: Source | None = None) -> Receipt:
        """Check that this client's server signed the receipt, and that its link shows the very bytes it speaks of.

        `subject` is an upload's Image, a receipt, or an image's id or link. A local `file` is held to be what was
        uploaded, or what is stored. Raises VerificationError, which says what is not so.
        """
        return self._driver.follow(self._operations.verify(subject, file))

    def create_album(
        self,
        images: Iterable[Image | str] = (),
        *,
        title: str | None = None,
        description: str | None = None,
        privacy: str | None = None,
        layout: str | None = None,
        cover: str | None = None,
    ) -> Album:
        """Make an album of `images`, by the key's account or anonymous with a delete hash.

        `privacy`: public, hidden (the default) or secret; `layout`: blog (the default), grid, horizontal or vertical;
        `cover`: the id of one of the images. Images of others are named by their delete hashes. This request is never
        repeated by itself where it may have arrived.
        """
        about = {"title": title, "description": description, "privacy": privacy, "layout": layout, "cover": cover}
        return self._driver.follow(self._albums.create(images, about))

    def album(self, album: Album | str) -> Album:
        """Describe an album and its images, named by its id, its link or its delete hash."""
        return self._driver.follow(self._albums.find(album))

    def albums(self) -> Iterator[Album]:
        """All albums that the key's owner has, without their images, fetched page by page while you iterate."""
        cursor, more = None, True
        while more:
            page = self._driver.follow(self._albums.page(PAGE, cursor))
            yield from page.albums
            cursor, more = page.next, page.next is not None

    def update_album(
        self,
        album: Album | str,
        *,
        title: str | None = None,
        description: str | None = None,
        privacy: str | None = None,
        layout: str | None = None,
        cover: str | None = None,
    ) -> Album:
        """Change what is not None: "" empties a text, or lets the first image be the cover again."""
        about = {"title": title, "description": description, "privacy": privacy, "layout": layout, "cover": cover}
        return self._driver.follow(self._albums.update(album, about))

    def set_album_images(
        self, album: Album | str, images: Iterable[Image | str], *, version: int | None = None
    ) -> Album:
        """Hold `images`, in that order, and no other. With `version`, the album's when you read it, raises RefusedError
        where it has changed since, and the request is never repeated by itself where it may have arrived.
        """
        return self._driver.follow(self._albums.set_images(album, images, version))

    def add_to_album(self, album: Album | str, images: Iterable[Image | str]) -> Album:
        """Put images behind those that the album holds; those that are there stay in place."""
        return self._driver.follow(self._albums.add_images(album, images))

    def remove_from_album(self, album: Album | str, images: Iterable[Image | str]) -> Album:
        """Take images out of an album; they stay as they are elsewhere."""
        return self._driver.follow(self._albums.remove_images(album, images))

    def delete_album(self, album: Album | str) -> None:
        """Remove an album for ever. Its images stay."""
        self._driver.follow(self._albums.delete(album))

    def log_in(self, show: Callable[[DeviceCodes], None], *, scope: str = DEFAULT_SCOPES) -> str:
        """Log in by somebody who allows it in a browser, and keep that in the config file.

        `show` is told the address to open and the code to type there; then this waits. Returns the account's name.
        `scope`: what may be done, blanks between the words. Clients that are made from then on use the login. Raises
        NotAllowedError where nobody allows it in time.
        """
        codes = self._driver.follow(self._login.begin(scope))
        show(codes)
        return self._driver.follow(self._login.finish(codes)).account

    def log_out(self) -> None:
        """End what `log_in` got, on the server and in the config file. Raises InputError where there is nothing.

        Where the server cannot be told, the error says so; the login is forgotten all the same.
        """
        self._driver.follow(self._login.end())

    def whoami(self) -> Whose:
        """Whose key this is, and what it may do."""
        return self._driver.follow(self._operations.whoami())

    def close(self) -> None:
        """Close the connections."""
        self._driver.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
