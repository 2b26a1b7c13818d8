"""`heliograph download`: originals brought home."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

import heliograph
from heliograph import HeliographError
from heliograph.cli._session import exit_code, session, with_server
from heliograph.cli._table import CommandError


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
@with_server
def download(
    images: tuple[str, ...], folder: str, albums: tuple[str, ...], every: bool, server: str | None, key: str | None
) -> int:
    """Bring the originals of images home.

    Each file is called as the image is (or by its id, where it has no name), ends as its format does, and is checked
    against the SHA-256 that the server tells. It is there whole or not at all. Nothing is overwritten: where another
    file has the name, the id goes into it; what is there already is not fetched again. Prints the paths, one a line.

    Exit codes: 0 done; 1 there is no such image, or the server is at fault; 2 wrong usage, or the folder cannot be
    written; 3 the server cannot be reached; 4 not allowed; 5 the bytes are not those that were stored; 130
    interrupted. With several images: that of the first that failed.
    """
    if not (images or albums or every):
        raise click.UsageError("Name an image by its id or link, or use --album or --all.")
    codes = []
    with session(server, key) as client:
        _make(folder)
        for image in _meant(client, images, albums, every):
            try:
                click.echo(client.download(image, folder))
            except HeliographError as error:
                click.echo(f"heliograph: {image}: {error}", err=True)
                codes.append(exit_code(error))
    return next(filter(None, codes), 0)


def _make(folder: str) -> None:
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(f"The folder {folder} cannot be made ({error.strerror}).", 2) from error


def _meant(
    client: heliograph.Client, images: tuple[str, ...], albums: tuple[str, ...], every: bool
) -> Iterator[heliograph.Image | str]:
    """The images that are named, then those of the albums, then all."""
    yield from images
    for album in albums:
        yield from client.album(album).images
    if every:
        yield from client.list()
