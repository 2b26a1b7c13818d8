"""The two clients; hides the HTTP library, its errors, and that every operation is written once for both.

A client only drives the plans of `_operations`: it makes the requests and the pauses that a plan asks for. This is the
only importer of httpx2.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import aclosing, closing, contextmanager
from datetime import datetime
from importlib.metadata import version
from types import TracebackType
from typing import Any, TypeVar

import httpx2

from heliograph.client._albums import Album, AlbumOperations, album_name
from heliograph.client._config import load
from heliograph.client._errors import InputError, UnreachableError
from heliograph.client._exchange import Answer, Patience, Plan, Send, Wait
from heliograph.client._login import DEFAULT_SCOPES, DeviceCodes, begin, end, wait_for, with_good_key
from heliograph.client._models import Account, Image, Receipt, Whose
from heliograph.client._operations import MULTIPART_NAME, Operations, searched
from heliograph.client._source import Progress, Source, is_pipe, spooled
from heliograph.client.figures import drawn

CONNECT_SECONDS = 10.0
PAGE = 100
"""Images asked for at once while listing."""

T = TypeVar("T")


class Client:
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
    ) -> None:
        """Speak to the base URL `server` with `key`, else to what the environment or the config file says.

        `timeout`: seconds that the server may be silent.
        """
        self._operations = Operations(load(server, key), Patience(retries, patience))
        self._albums = AlbumOperations(self._operations)
        self._http = httpx2.Client(timeout=_timeout(timeout), headers=_identity())

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
        album: Album | str | None = None,
    ) -> Image:
        """Publish anything that can be seen: a path, an http(s) URL that the server is to fetch, a data: URI, bytes, a
        binary file object, an array, a figure, or what shows itself in notebooks (docs/figures.md).

        A str that is no URL is a path. Files are streamed, never held in memory; figures are drawn. `progress` is
        called with the bytes sent so far and in all; `idempotency_key` (16 to 128 printable ASCII characters) makes
        repeating the whole call safe too. The picture becomes the last of `album`, where one is named (its id, link or
        delete hash). Raises VerificationError if the receipt says that other bytes arrived than were sent.
        """
        texts = {"title": title, "description": description, "alt": alt, "name": name}
        texts["album"] = album_name(album) if album is not None else None
        return self._follow(self._operations.upload(drawn(thing), texts, progress, idempotency_key))

    def info(self, image: Image | str, *, delete_hash: str | None = None) -> Image:
        """Describe an image, named by its id or any of its links; the owner's answer holds the receipt as well."""
        return self._follow(self._operations.info(image, delete_hash))

    def account(self) -> Account:
        """The account of the key's owner: how much it holds, and how much it may."""
        return self._follow(self._operations.account())

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
            page = self._follow(self._operations.page(PAGE, cursor, search))
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
        return self._follow(self._operations.update(image, texts, delete_hash))

    def delete(self, image: Image | str, *, delete_hash: str | None = None) -> None:
        """Remove an image for ever, by the owner's key or the delete hash; `image` may be its delete link, too."""
        self._follow(self._operations.delete(image, delete_hash))

    def verify(self, subject: Image | Receipt | str, *, file: Source | None = None) -> Receipt:
        """Check that this client's server signed the receipt, and that its link shows the very bytes it speaks of.

        `subject` is an upload's Image, a receipt, or an image's id or link. A local `file` is held to be what was
        uploaded, or what is stored. Raises VerificationError, which says what is not so.
        """
        return self._follow(self._operations.verify(subject, file))

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
        repeated by itself.
        """
        about = {"title": title, "description": description, "privacy": privacy, "layout": layout, "cover": cover}
        return self._follow(self._albums.create(images, about))

    def album(self, album: Album | str) -> Album:
        """Describe an album and its images, named by its id, its link or its delete hash."""
        return self._follow(self._albums.find(album))

    def albums(self) -> Iterator[Album]:
        """All albums that the key's owner has, without their images, fetched page by page while you iterate."""
        cursor, more = None, True
        while more:
            page = self._follow(self._albums.page(PAGE, cursor))
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
        return self._follow(self._albums.update(album, about))

    def set_album_images(
        self, album: Album | str, images: Iterable[Image | str], *, version: int | None = None
    ) -> Album:
        """Hold `images`, in that order, and no other. With `version`, the album's when you read it, raises RefusedError
        where it has changed since, and the request is never repeated by itself.
        """
        return self._follow(self._albums.set_images(album, images, version))

    def add_to_album(self, album: Album | str, images: Iterable[Image | str]) -> Album:
        """Put images behind those that the album holds; those that are there stay in place."""
        return self._follow(self._albums.add_images(album, images))

    def remove_from_album(self, album: Album | str, images: Iterable[Image | str]) -> Album:
        """Take images out of an album; they stay as they are elsewhere."""
        return self._follow(self._albums.remove_images(album, images))

    def delete_album(self, album: Album | str) -> None:
        """Remove an album for ever. Its images stay."""
        self._follow(self._albums.delete(album))

    def log_in(self, show: Callable[[DeviceCodes], None], *, scope: str = DEFAULT_SCOPES) -> str:
        """Get a key for this computer, by somebody who allows it in a browser, and keep it in the config file.

        `show` is told the address to open and the code to type there; then this waits. Returns the account's name.
        `scope`: what the key may do, blanks between the words. Raises NotAllowedError where nobody allows it in time.
        """
        codes = self._follow(begin(self._operations.target, scope))
        show(codes)
        return self._follow(wait_for(self._operations.target, codes))

    def log_out(self) -> None:
        """End what `log_in` got, on the server and in the config file. Raises InputError where there is nothing."""
        self._follow(end(self._operations.target))

    def whoami(self) -> Whose:
        """Whose key this is, and what it may do."""
        return self._follow(self._operations.whoami())

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _follow(self, plan: Plan[T]) -> T:
        """Do what `plan` asks for, until it has its result."""
        plan = with_good_key(plan, self._operations.target)
        with closing(plan):
            try:
                step = next(plan)
                while True:
                    try:
                        answer = self._do(step)
                    except UnreachableError as error:
                        step = plan.throw(error)
                    else:
                        step = plan.send(answer)
            except StopIteration as end:
                result: T = end.value
                return result

    def _do(self, step: Send | Wait) -> Answer | None:
        if isinstance(step, Wait):
            time.sleep(step.seconds)
            return None
        with (
            _speaking_our_errors(step.url),
            closing(self._http.send(_request(self._http, step), stream=True)) as response,
        ):
            gathering = _Gathering(step)
            for block in response.iter_bytes():
                gathering.add(block)
            return gathering.answer(response)


class AsyncClient:
    """Client for asyncio: the same operations by the same plans; `await` them, `async for` the list."""

    def __init__(
        self,
        server: str | None = None,
        key: str | None = None,
        *,
        timeout: float = 60.0,
        retries: int = 3,
        patience: float = 30.0,
    ) -> None:
        """As Client."""
        self._operations = Operations(load(server, key), Patience(retries, patience))
        self._albums = AlbumOperations(self._operations)
        self._http = httpx2.AsyncClient(timeout=_timeout(timeout), headers=_identity())

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
        album: Album | str | None = None,
    ) -> Image:
        """As Client.upload. A pipe is read to its end in a thread first; figures, which no thread may share, are drawn
        here and now.
        """
        source = drawn(thing)
        texts = {"title": title, "description": description, "alt": alt, "name": name}
        texts["album"] = album_name(album) if album is not None else None
        if not is_pipe(source):
            return await self._follow(self._operations.upload(source, texts, progress, idempotency_key))
        with await asyncio.to_thread(spooled, source) as copy:
            return await self._follow(self._operations.upload(copy, texts, progress, idempotency_key))

    async def info(self, image: Image | str, *, delete_hash: str | None = None) -> Image:
        """As Client.info."""
        return await self._follow(self._operations.info(image, delete_hash))

    async def account(self) -> Account:
        """As Client.account."""
        return await self._follow(self._operations.account())

    async def list(
        self, query: str = "", *, since: datetime | str | None = None, until: datetime | str | None = None
    ) -> AsyncIterator[Image]:
        """As Client.list."""
        search = searched(query, since, until)
        cursor, more = None, True
        while more:
            page = await self._follow(self._operations.page(PAGE, cursor, search))
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
        return await self._follow(self._operations.update(image, texts, delete_hash))

    async def delete(self, image: Image | str, *, delete_hash: str | None = None) -> None:
        """As Client.delete."""
        await self._follow(self._operations.delete(image, delete_hash))

    async def verify(self, subject: Image | Receipt | str, *, file: Source | None = None) -> Receipt:
        """As Client.verify."""
        return await self._follow(self._operations.verify(subject, file))

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
        return await self._follow(self._albums.create(images, about))

    async def album(self, album: Album | str) -> Album:
        """As Client.album."""
        return await self._follow(self._albums.find(album))

    async def albums(self) -> AsyncIterator[Album]:
        """As Client.albums."""
        cursor, more = None, True
        while more:
            page = await self._follow(self._albums.page(PAGE, cursor))
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
        return await self._follow(self._albums.update(album, about))

    async def set_album_images(
        self, album: Album | str, images: Iterable[Image | str], *, version: int | None = None
    ) -> Album:
        """As Client.set_album_images."""
        return await self._follow(self._albums.set_images(album, images, version))

    async def add_to_album(self, album: Album | str, images: Iterable[Image | str]) -> Album:
        """As Client.add_to_album."""
        return await self._follow(self._albums.add_images(album, images))

    async def remove_from_album(self, album: Album | str, images: Iterable[Image | str]) -> Album:
        """As Client.remove_from_album."""
        return await self._follow(self._albums.remove_images(album, images))

    async def delete_album(self, album: Album | str) -> None:
        """As Client.delete_album."""
        await self._follow(self._albums.delete(album))

    async def log_in(self, show: Callable[[DeviceCodes], None], *, scope: str = DEFAULT_SCOPES) -> str:
        """As Client.log_in."""
        codes = await self._follow(begin(self._operations.target, scope))
        show(codes)
        return await self._follow(wait_for(self._operations.target, codes))

    async def log_out(self) -> None:
        """As Client.log_out."""
        await self._follow(end(self._operations.target))

    async def whoami(self) -> Whose:
        """As Client.whoami."""
        return await self._follow(self._operations.whoami())

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _follow(self, plan: Plan[T]) -> T:
        """Do what `plan` asks for, until it has its result."""
        plan = with_good_key(plan, self._operations.target)
        with closing(plan):
            try:
                step = next(plan)
                while True:
                    try:
                        answer = await self._do(step)
                    except UnreachableError as error:
                        step = plan.throw(error)
                    else:
                        step = plan.send(answer)
            except StopIteration as end:
                result: T = end.value
                return result

    async def _do(self, step: Send | Wait) -> Answer | None:
        if isinstance(step, Wait):
            await asyncio.sleep(step.seconds)
            return None
        with _speaking_our_errors(step.url):
            async with aclosing(await self._http.send(_request(self._http, step), stream=True)) as response:
                gathering = _Gathering(step)
                async for block in response.aiter_bytes():
                    gathering.add(block)
                return gathering.answer(response)


def upload(
    thing: object,
    *,
    title: str | None = None,
    description: str | None = None,
    alt: str | None = None,
    name: str | None = None,
    server: str | None = None,
    key: str | None = None,
) -> Image:
    """Publish one picture or figure and return it: `print(heliograph.upload("figure.png"))` prints its link."""
    with Client(server, key) as client:
        return client.upload(thing, title=title, description=description, alt=alt, name=name)


async def upload_async(
    thing: object,
    *,
    title: str | None = None,
    description: str | None = None,
    alt: str | None = None,
    name: str | None = None,
    server: str | None = None,
    key: str | None = None,
) -> Image:
    """As `upload`, for asyncio."""
    async with AsyncClient(server, key) as client:
        return await client.upload(thing, title=title, description=description, alt=alt, name=name)


class _Gathering:
    """The body of one answer as it arrives: kept, or, where the step wants that, only hashed."""

    def __init__(self, step: Send) -> None:
        self._hash = hashlib.sha256() if step.hashed else None
        self._kept = bytearray()
        self._size = 0

    def add(self, block: bytes) -> None:
        self._size += len(block)
        if self._hash is None:
            self._kept += block
        else:
            self._hash.update(block)

    def answer(self, response: httpx2.Response) -> Answer:
        sha256 = self._hash.hexdigest() if self._hash is not None else ""
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, headers, bytes(self._kept), sha256, self._size)


def _request(http: httpx2.Client | httpx2.AsyncClient, step: Send) -> httpx2.Request:
    """The HTTP library's form of `step`; a picture's part comes after the texts, so that a server may stream it."""
    body: dict[str, Any] = {}
    if step.picture is not None:
        file = (step.picture.name or MULTIPART_NAME, step.picture, "application/octet-stream")
        body = {"data": dict(step.fields), "files": {MULTIPART_NAME: file}}
    elif step.json is not None:
        body = {"json": dict(step.json)}
    elif step.form is not None:
        body = {"data": dict(step.form)}
    return http.build_request(
        step.method, step.url, headers=dict(step.headers), params=dict(step.query) or None, **body
    )


@contextmanager
def _speaking_our_errors(url: str) -> Iterator[None]:
    """Turn the HTTP library's errors into ours: UnreachableError, or InputError for what could never be sent."""
    host = httpx2.URL(url).netloc.decode("ascii", "replace") if "://" in url else url
    try:
        yield
    except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
        raise InputError(f"{url!r} is not an address that can be asked: {error}.") from error
    except httpx2.LocalProtocolError as error:
        raise InputError(f"The request could not be sent: {error}. Did the file change meanwhile?") from error
    except httpx2.TimeoutException as error:
        raise UnreachableError(f"{host} did not answer in time. Try again later, or allow a longer timeout.") from error
    except (httpx2.TransportError, httpx2.DecodingError) as error:
        raise UnreachableError(
            f"{host} could not be reached ({error or type(error).__name__}). "
            "Is the server running, and is its address right (HELIOGRAPH_URL)?"
        ) from error


def _timeout(silence: float) -> httpx2.Timeout:
    return httpx2.Timeout(silence, connect=min(silence, CONNECT_SECONDS), pool=None)


def _identity() -> dict[str, str]:
    return {"User-Agent": f"heliograph-python/{version('heliograph')}", "Accept": "application/json"}
