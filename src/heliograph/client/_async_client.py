"""The client for asyncio: the operations of `_client`, by the same plans."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType

from heliograph.client._account_verbs import AsyncAccountVerbs
from heliograph.client._albums import Album, AlbumOperations, album_name
from heliograph.client._config import load, load_fallbacks
from heliograph.client._downloads import download
from heliograph.client._exchange import Patience
from heliograph.client._http import AsyncDriver
from heliograph.client._image_verbs import AsyncImageVerbs
from heliograph.client._kept import Login
from heliograph.client._login import DEFAULT_SCOPES, DeviceCodes, LoginOperations
from heliograph.client._models import Account, Image, Receipt, Whose
from heliograph.client._operations import PAGE, Operations, searched
from heliograph.client._outbox import Outbox, Waiting
from heliograph.client._pictures import Progress, Source, is_pipe, spooled
from heliograph.client._publishing import Publishing, Repeat
from heliograph.client._renewal import Renewal
from heliograph.client.figures import prepared


class AsyncClient(AsyncAccountVerbs, AsyncImageVerbs):
    """Client for asyncio: the same operations by the same plans; `await` them, `async for` the list."""

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
        """As Client."""
        self._operations = Operations(load(server, key), Patience(retries, patience))
        self._outbox = Outbox()
        self._publishing = Publishing(self._operations, self._outbox, outbox, load_fallbacks(fallbacks))
        self._albums = AlbumOperations(self._operations)
        self._login = LoginOperations(self._operations.target, self._operations.patience)
        self._renewal = Renewal(self._operations.target, self._operations.patience)
        self._driver = AsyncDriver(self._renewal, timeout)

    @property
    def server(self) -> str:
        """As Client.server."""
        return self._operations.target.url

    @property
    def login(self) -> Login | None:
        """As Client.login."""
        return self._renewal.login

    async def upload(
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
        """As Client.upload. A pipe is read to its end in a thread first; figures, which no thread may share, are drawn
        here and now.
        """
        picture, beside = prepared(thing, theme, vector, source, online=online)
        texts = {"title": title, "description": description, "alt": alt, "name": name}
        texts["album"] = album_name(album) if album is not None else None
        texts |= beside
        repeat = Repeat(idempotency_key, again)
        if not is_pipe(picture):
            return await self._driver.follow(self._publishing.publish(picture, texts, repeat, progress))
        with await asyncio.to_thread(spooled, picture) as copy:
            return await self._driver.follow(self._publishing.publish(copy, texts, repeat, progress))

    def waiting(self) -> tuple[Waiting, ...]:
        """As Client.waiting."""
        return tuple(self._outbox.waiting(self.server))

    async def send(self, waiting: Waiting) -> Image:
        """As Client.send."""
        return await self._driver.follow(self._publishing.send(waiting))

    async def info(self, image: Image | str, *, delete_hash: str | None = None) -> Image:
        """As Client.info."""
        return await self._driver.follow(self._operations.info(image, delete_hash))

    async def download(
        self, image: Image | str, folder: str | os.PathLike[str] = ".", *, progress: Progress | None = None
    ) -> Path:
        """As Client.download."""
        return await self._driver.follow(download(self._operations, image, folder, progress))

    async def source(self, image: Image | str) -> str:
        """As Client.source."""
        return await self._driver.follow(self._operations.source(image))

    async def account(self) -> Account:
        """As Client.account."""
        return await self._driver.follow(self._operations.account())

    async def list(
        self, query: str = "", *, since: datetime | str | None = None, until: datetime | str | None = None
    ) -> AsyncIterator[Image]:
        """As Client.list."""
        search = searched(query, since, until)
        cursor, more = None, True
        while more:
            page = await self._driver.follow(self._operations.page(PAGE, cursor, search))
            for image in page.images:
                yield image
            cursor, more = page.next, page.next is not None

    async def update(
        self,
        image: Image | str,
        *,
        title: str | None = None,
        description: str | None = None,
        alt: str | None = None,
        name: str | None = None,
        delete_hash: str | None = None,
    ) -> Image:
        """As Client.update."""
        texts = {"title": title, "description": description, "alt": alt, "name": name}
        return await self._driver.follow(self._operations.update(image, texts, delete_hash))

    async def delete(self, image: Image | str, *, delete_hash: str | None = None) -> None:
        """As Client.delete."""
        await self._driver.follow(self._operations.delete(image, delete_hash))

    async def verify(self, subject: Image | Receipt | str, *, file: Source | None = None) -> Receipt:
        """As Client.verify."""
        return await self._driver.follow(self._operations.verify(subject, file))

    async def create_album(
        self,
        images: Iterable[Image | str] = (),
        *,
        title: str | None = None,
        description: str | None = None,
        privacy: str | None = None,
        layout: str | None = None,
        cover: str | None = None,
    ) -> Album:
        """As Client.create_album."""
        about = {"title": title, "description": description, "privacy": privacy, "layout": layout, "cover": cover}
        return await self._driver.follow(self._albums.create(images, about))

    async def album(self, album: Album | str) -> Album:
        """As Client.album."""
        return await self._driver.follow(self._albums.find(album))

    async def albums(self) -> AsyncIterator[Album]:
        """As Client.albums."""
        cursor, more = None, True
        while more:
            page = await self._driver.follow(self._albums.page(PAGE, cursor))
            for album in page.albums:
                yield album
            cursor, more = page.next, page.next is not None

    async def update_album(
        self,
        album: Album | str,
        *,
        title: str | None = None,
        description: str | None = None,
        privacy: str | None = None,
        layout: str | None = None,
        cover: str | None = None,
    ) -> Album:
        """As Client.update_album."""
        about = {"title": title, "description": description, "privacy": privacy, "layout": layout, "cover": cover}
        return await self._driver.follow(self._albums.update(album, about))

    async def set_album_images(
        self, album: Album | str, images: Iterable[Image | str], *, version: int | None = None
    ) -> Album:
        """As Client.set_album_images."""
        return await self._driver.follow(self._albums.set_images(album, images, version))

    async def add_to_album(self, album: Album | str, images: Iterable[Image | str]) -> Album:
        """As Client.add_to_album."""
        return await self._driver.follow(self._albums.add_images(album, images))

    async def remove_from_album(self, album: Album | str, images: Iterable[Image | str]) -> Album:
        """As Client.remove_from_album."""
        return await self._driver.follow(self._albums.remove_images(album, images))

    async def delete_album(self, album: Album | str) -> None:
        """As Client.delete_album."""
        await self._driver.follow(self._albums.delete(album))

    async def log_in(self, show: Callable[[DeviceCodes], None], *, scope: str = DEFAULT_SCOPES) -> str:
        """As Client.log_in."""
        codes = await self._driver.follow(self._login.begin(scope))
        show(codes)
        return (await self._driver.follow(self._login.finish(codes))).account

    async def log_out(self) -> None:
        """As Client.log_out."""
        await self._driver.follow(self._login.end())

    async def whoami(self) -> Whose:
        """As Client.whoami."""
        return await self._driver.follow(self._operations.whoami())

    async def aclose(self) -> None:
        """Close the connections."""
        await self._driver.aclose()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
