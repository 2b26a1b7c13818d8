"""Blobs as objects in a bucket: S3 and what speaks like it (SeaweedFS, Ceph, R2 ...), Google Cloud Storage, Azure.

Hides the protocols (obstore, the Rust crate object_store), the keys (`prefix/ab/<64 hex digits>`, as the files of
`disk`), multipart writing, and the stores' own errors. An object appears whole or not at all, so that
nothing is renamed; how durable it is then is the store's promise. No ACL is ever sent: many stores refuse any.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import from_url

from heliograph.server.errors import NotFound, StorageUnavailable
from heliograph.server.ports import BlobStore, StoredBlob

_NAME = re.compile(r"[0-9a-f]{64}")

_PART = 8 * 1024 * 1024
"""Bytes up to which a blob is written by one request; larger ones go in parts of this size, S3 wants at least 5 MiB."""

_PARTS_AT_ONCE = 3
_CHUNK = 256 * 1024
"""Bytes in a chunk that is read, at least, but for the last."""

_LISTED_AT_ONCE = 1000

_TIMEOUTS = {"connect_timeout": "5s", "read_timeout": "20s", "timeout": "10min"}
"""To connect; without any byte from the store; for a whole request, of which a slow client reading is a part."""

_RETRIES = {
    "max_retries": 3,
    "retry_timeout": timedelta(seconds=10),
    "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=2), "base": 2},
}


class ObjectStore(BlobStore):
    """The bucket at `url`: `s3://bucket/prefix?endpoint=http://127.0.0.1:8333&region=us-east-1`.

    The query holds settings of obstore's S3Config, GCSConfig or AzureConfig, by their names there. `credentials` holds
    its secret ones (for S3 `access_key_id` and `secret_access_key`); they are passed on, and shown nowhere.
    """

    def __init__(self, url: str, **credentials: str) -> None:
        """Touches no network. Raises ValueError when the URL or a setting is not one that the store knows."""
        place = urlsplit(url)
        settings = dict(parse_qsl(place.query, strict_parsing=bool(place.query)))
        options = {**_TIMEOUTS, "allow_http": settings.get("endpoint", "").startswith("http://")}
        open_store: Callable[..., Any] = from_url
        try:
            self._store = open_store(
                place._replace(query="").geturl(),
                config={**settings, **credentials},
                client_options=options,
                retry_config=_RETRIES,
            )
        except BaseError as error:
            raise ValueError(f"cannot use {place.scheme}://{place.hostname}{place.path} as a blob store") from error

    async def put(self, name: str, source: Path) -> None:
        """Write the blob unless it is there whole. The source is only read, and stays.

        Looks first, then writes without a condition: of two at once both write the same bytes, which harms nothing,
        whereas SeaweedFS 4.48 makes conditional writes of one name wait for each other by the second.
        """
        with _naming_failures():
            size = (await asyncio.to_thread(source.stat)).st_size
            if await self.stat(name) != size:
                await obstore.put_async(
                    self._store, _key(name), source, chunk_size=_PART, max_concurrency=_PARTS_AT_ONCE
                )

    async def get(self, name: str, span: tuple[int, int] | None = None) -> StoredBlob:
        """Begin to read; the first byte is on its way when this returns."""
        key = _key(name)
        if span is not None and span[0] == span[1]:
            size = await self.stat(name)
            if size is None:
                raise NotFound
            return StoredBlob(size=size, path=None, chunks=_nothing())
        with _naming_failures():
            try:
                found = await obstore.get_async(self._store, key, options={"range": span} if span else None)
            except FileNotFoundError as error:
                raise NotFound from error
        return StoredBlob(size=found.meta["size"], path=None, chunks=_chunks(found.stream(min_chunk_size=_CHUNK)))

    async def stat(self, name: str) -> int | None:
        with _naming_failures():
            try:
                return (await obstore.head_async(self._store, _key(name)))["size"]
            except FileNotFoundError:
                return None

    async def remove(self, name: str) -> None:
        with _naming_failures(), contextlib.suppress(FileNotFoundError):
            await obstore.delete_async(self._store, _key(name))

    async def keys(self) -> AsyncIterator[str]:
        """All names, a thousand at a time; other objects below the prefix are passed over."""
        with _naming_failures():
            async for batch in obstore.list(self._store, chunk_size=_LISTED_AT_ONCE):
                for entry in batch:
                    name = entry["path"].rpartition("/")[2]
                    if _NAME.fullmatch(name) and entry["path"] == _key(name):
                        yield name


def _key(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"not the name of a blob: {name!r}")
    return f"{name[:2]}/{name}"


async def _chunks(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    with _naming_failures():
        async for chunk in stream:
            yield bytes(chunk)


async def _nothing() -> AsyncIterator[bytes]:
    for chunk in tuple[bytes, ...]():
        yield chunk


@contextlib.contextmanager
def _naming_failures() -> Iterator[None]:
    """Speak of a store that cannot be reached, is full or refuses as StorageUnavailable."""
    try:
        yield
    except (BaseError, OSError) as error:
        raise StorageUnavailable from error
