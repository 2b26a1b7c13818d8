"""`heliograph download`: originals brought home."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import click

import heliograph
from heliograph import HeliographError
from heliograph.cli._progress import MANY, Bars
from heliograph.cli._session import at_once, exit_code, quietly, speaking_errors, with_server
from heliograph.cli._table import CommandError
from heliograph.cli._turns import in_order, run
from heliograph.client._downloads import names

Outcome: TypeAlias = Path | HeliographError


@click.command()
@click.argument("images", nargs=-1, metavar="[ID|LINK]...")
@click.option(
    "--to",
    "folder",
    default=".",
    metavar="FOLDER",
    type=click.Path(file_okay=False),
    help="Where to put them, instead of here; it is made if need be.",
)
@click.option("--album", "albums", multiple=True, metavar="ALBUM", help="All images of this album; may be repeated.")
@click.option("--all", "every", is_flag=True, help="All images that you own.")
@at_once
@quietly
@with_server
def download(
    images: tuple[str, ...],
    folder: str,
    albums: tuple[str, ...],
    every: bool,
    jobs: int,
    quiet: bool,
    server: str | None,
    key: str | None,
) -> int:
    """Bring the originals of images home.

    Each file is called as the image is (or by its id, where it has no name), ends as its format does, and is checked
    against the SHA-256 that the server tells. It is there whole or not at all. Nothing is overwritten: where another
    file has the name, the id goes into it; what is there already is not fetched again. They are fetched a few at a
    time; the paths are printed one a line, in the order of the names. One that fails does not stop the others.

    Exit codes: 0 done; 1 there is no such image, or the server is at fault; 2 wrong usage, or the folder cannot be
    written; 3 the server cannot be reached; 4 not allowed; 5 the bytes are not those that were stored; 130
    interrupted. With several images: that of the first that failed.
    """
    if not (images or albums or every):
        raise click.UsageError("Name an image by its id or link, or use --album or --all.")
    with speaking_errors():
        client = heliograph.AsyncClient(server, key)
        _make(folder)
        began, number = time.monotonic(), None if albums or every else len(images)
        bars = Bars(number, 0, wanted=not quiet, at_once=number is None or number >= MANY)
        downloads = _Downloads(client, folder, jobs, bars)
        run(downloads.run(_asked(client, images, albums, every)))
    if len(downloads.outcomes) >= MANY and not quiet and sys.stderr.isatty():
        click.echo(downloads.summary(time.monotonic() - began), err=True)
    return next((exit_code(each) for each in downloads.outcomes if isinstance(each, HeliographError)), 0)


@dataclass(frozen=True)
class _Asked:
    """What was asked for, as it was named, and the image or its name; or why that cannot be known."""

    shown: str
    what: heliograph.Image | str | HeliographError


@dataclass(frozen=True)
class _Place:
    """A place in the line. `known`: what is to come after it may be named; `done`: it has its file."""

    number: int
    asked: _Asked
    before: asyncio.Event | None
    known: asyncio.Event = field(default_factory=asyncio.Event)
    done: asyncio.Event = field(default_factory=asyncio.Event)


class _Downloads:
    """Several downloads at once, which give names as if they were made one after the other."""

    def __init__(self, client: heliograph.AsyncClient, folder: str, at_once: int, bars: Bars) -> None:
        self._client = client
        self._folder = folder
        self._turns = asyncio.Semaphore(at_once)
        self._bars = bars
        self._last: dict[str, asyncio.Event] = {}
        self.outcomes: list[Outcome] = []

    async def run(self, asked: AsyncIterator[_Asked]) -> None:
        """Bring all home, and print each path as soon as all before it are known."""
        async with aclosing(self._client), self._bars.shown():
            await in_order(_in_line(asked), self._one, self._tell)

    async def _one(self, place: _Place) -> Outcome:
        async with self._turns:
            try:
                return await self._brought(place)
            except HeliographError as error:
                return error
            finally:
                place.known.set()
                place.done.set()

    async def _brought(self, place: _Place) -> Path:
        image = await self._image(place.asked.what)
        if place.before:
            await place.before.wait()
        name = names(image)[0].casefold()
        earlier, self._last[name] = self._last.get(name), place.done
        place.known.set()
        if earlier:  # the first of a name has it, however fast the others are
            await earlier.wait()
        self._bars.begin(place.number, image.name or image.id, image.size, known=False)
        failed = True
        try:
            path = await self._client.download(
                image, self._folder, progress=lambda got, _: self._bars.advance(place.number, got)
            )
            failed = False
        finally:
            self._bars.end(place.number, failed=failed)
        return path

    async def _image(self, what: heliograph.Image | str | HeliographError) -> heliograph.Image:
        if isinstance(what, HeliographError):
            raise what
        return what if isinstance(what, heliograph.Image) else await self._client.info(what)

    def _tell(self, place: _Place, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        with self._bars.above():
            if isinstance(outcome, HeliographError):
                click.echo(f"heliograph: {place.asked.shown}: {outcome}", err=True)
            else:
                click.echo(outcome)

    def summary(self, seconds: float) -> str:
        """One line for people: how many, how long."""
        failed = sum(isinstance(each, HeliographError) for each in self.outcomes)
        told = f"{len(self.outcomes) - failed} are here, in {seconds:.1f} s"
        return f"{told}, {failed} failed" if failed else told


async def _in_line(asked: AsyncIterator[_Asked]) -> AsyncIterator[_Place]:
    before, number = None, 0
    async for each in asked:
        place = _Place(number, each, before)
        yield place
        before, number = place.known, number + 1


def _make(folder: str) -> None:
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(f"The folder {folder} cannot be made ({error.strerror}).", 2) from error


async def _asked(
    client: heliograph.AsyncClient, images: tuple[str, ...], albums: tuple[str, ...], every: bool
) -> AsyncIterator[_Asked]:
    """The images that are named, then those of the albums, then all. What cannot be listed stops nothing else."""
    for named in images:
        yield _Asked(named, named)
    for album in albums:
        try:
            found = (await client.album(album)).images
        except HeliographError as error:
            yield _Asked(album, error)
            continue
        for image in found:
            yield _Asked(image.link, image)
    if every:
        try:
            async for image in client.list():
                yield _Asked(image.link, image)
        except HeliographError as error:
            yield _Asked("--all", error)
