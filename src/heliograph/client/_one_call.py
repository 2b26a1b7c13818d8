"""What takes one call, without a client of one's own; hides that one is made and closed for it."""

from __future__ import annotations

from heliograph.client._albums import Album
from heliograph.client._async_client import AsyncClient
from heliograph.client._client import Client
from heliograph.client._models import Image
from heliograph.client._pictures import Progress


def upload(
    thing: object,
    *,
    title: str | None = None,
    description: str | None = None,
    alt: str | None = None,
    name: str | None = None,
    album: Album | str | None = None,
    server: str | None = None,
    key: str | None = None,
    progress: Progress | None = None,
    idempotency_key: str | None = None,
    again: bool = False,
    theme: str | None = None,
    vector: bool | str | None = None,
    source: bool | str | None = None,
    online: bool = False,
) -> Image:
    """Publish one picture or figure and return it: `print(heliograph.upload("figure.png"))` prints its link.

    `server` and `key` are those of `Client`, the rest is of `Client.upload`, and so are the errors. What cannot be sent
    is not kept: `Client(outbox=True)` does that.
    """
    with Client(server, key) as client:
        return client.upload(
            thing,
            title=title,
            description=description,
            alt=alt,
            name=name,
            album=album,
            progress=progress,
            idempotency_key=idempotency_key,
            again=again,
            theme=theme,
            vector=vector,
            source=source,
            online=online,
        )


async def upload_async(
    thing: object,
    *,
    title: str | None = None,
    description: str | None = None,
    alt: str | None = None,
    name: str | None = None,
    album: Album | str | None = None,
    server: str | None = None,
    key: str | None = None,
    progress: Progress | None = None,
    idempotency_key: str | None = None,
    again: bool = False,
    theme: str | None = None,
    vector: bool | str | None = None,
    source: bool | str | None = None,
    online: bool = False,
) -> Image:
    """As `upload`, for asyncio."""
    async with AsyncClient(server, key) as client:
        return await client.upload(
            thing,
            title=title,
            description=description,
            alt=alt,
            name=name,
            album=album,
            progress=progress,
            idempotency_key=idempotency_key,
            again=again,
            theme=theme,
            vector=vector,
            source=source,
            online=online,
        )


def source(image: Image | str, *, server: str | None = None, key: str | None = None) -> str:
    """The source that was published with an image, named by its id or any of its links. Raises NotFoundError."""
    with Client(server, key) as client:
        return client.source(image)
