"""Many pictures published at once, each once; hides threads, and which picture an error is about."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from heliograph import Album, HeliographError, Image
from heliograph.client.figures import drawn
from heliograph.documents.embedded import Embedded

if TYPE_CHECKING:
    from heliograph import Client  # brings the HTTP library, which telling how a command is used needs not

AT_ONCE = 4


def publish_all(
    client: Client,
    pictures: Iterable[Embedded],
    *,
    album: Album | str | None = None,
    told: Callable[[Embedded, Image], None] = lambda _picture, _image: None,
) -> dict[Embedded, Image]:
    """Publish pictures, a few at a time, into an album one after the other; all of them, or raise what kept one.

    `told` hears of each, in order. The same picture with the same texts gives the same link, in any document.
    """
    images: dict[Embedded, Image] = {}
    with closing(outcomes(client, pictures, album)) as each:
        for picture, outcome in each:
            if isinstance(outcome, HeliographError):
                raise outcome
            images[picture] = outcome
            told(picture, outcome)
    return images


def outcomes(
    client: Client, pictures: Iterable[Embedded], album: Album | str | None = None
) -> Generator[tuple[Embedded, Image | HeliographError]]:
    """Publish pictures as `publish_all` does, and tell of each, in order, what came of it.

    Closing this ends it: what has not been begun by then is not published.
    """
    with ThreadPoolExecutor(1 if album else AT_ONCE) as pool:
        # They are drawn here, one after the other: no library that draws may be used by two threads at once.
        tasks = [(picture, pool.submit(_publish, client, picture, _drawn(picture), album)) for picture in pictures]
        try:
            for picture, task in tasks:
                yield picture, task.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _drawn(picture: Embedded) -> bytes | Path | HeliographError:
    """The picture as it can be sent, or why it cannot."""
    try:
        source = drawn(picture.picture)
    except HeliographError as error:
        return error
    return source if isinstance(source, Path) else bytes(source)  # type: ignore[arg-type] # bytes give bytes


def _publish(
    client: Client, picture: Embedded, source: bytes | Path | HeliographError, album: Album | str | None
) -> Image | HeliographError:
    """Publish one picture, or tell why it cannot be."""
    try:
        if isinstance(source, HeliographError):
            raise source
        return client.upload(source, alt=picture.alt or None, album=album)
    except HeliographError as error:
        return _at(picture, error)


def _at(picture: Embedded, error: HeliographError) -> HeliographError:
    """The same error, which says where the picture is."""
    if picture.place:
        error.message = f"{picture.place}: {error.message}"
        error.args = (error.message,)
    return error
