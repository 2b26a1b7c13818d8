"""`heliograph publish`: the pictures inside of notebooks, Markdown and HTML files become links."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

import heliograph
from heliograph import HeliographError
from heliograph.cli._session import exit_code, session, with_server
from heliograph.documents.embedded import Embedded
from heliograph.documents.files import Document
from heliograph.documents.publishing import publish_all


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@click.option("-n", "--dry-run", is_flag=True, help="Only show what would be published.")
@click.option("--local", is_flag=True, help="Publish the picture files that Markdown and HTML show, too.")
@click.option("--keep-svg", is_flag=True, help="Leave SVGs in the file; else they are drawn as PNG.")
@click.option("--album", metavar="ID|LINK|DELETE-HASH", help="Put the pictures into this album, in their order.")
@click.option("-o", "--output", metavar="FILE", type=click.Path(path_type=Path), help="Write here, and leave FILE.")
@with_server
def publish(
    files: tuple[Path, ...],
    dry_run: bool,
    local: bool,
    keep_svg: bool,
    album: str | None,
    output: Path | None,
    server: str | None,
    key: str | None,
) -> int:
    """Publish the pictures inside of files, and write links there.

    A FILE is a notebook (.ipynb), Markdown or HTML. Its pictures are what cells show, attachments, and data: URIs.
    Nothing else in a file is changed, and it is changed only when all its pictures are published. What was published is
    printed: where it was, and its link, with a tab between them. One file that fails does not stop the others.

    Exit codes: 0 done, also where there was nothing to do; 1 the server or a picture is at fault; 2 wrong usage, or a
    file cannot be read or written; 3 the server cannot be reached; 4 not allowed. With several files: that of the first
    that failed.
    """
    if output is not None and len(files) > 1:
        raise click.UsageError("--output takes one FILE.")
    documents = [Document(file, local=local, keep_svg=keep_svg) for file in files]
    with session(server, key) as client:
        codes = [_reported(client, each, dry_run, album, output) for each in documents]
    return next(filter(None, codes), 0)


def _reported(
    client: heliograph.Client, document: Document, dry_run: bool, album: str | None, output: Path | None
) -> int:
    """Do one file, tell what came of it, and return its exit code."""
    try:
        if dry_run:
            _show(document.pictures())
        else:
            _publish(client, document, album, output)
    except HeliographError as error:
        click.echo(f"heliograph: {error}", err=True)
        return exit_code(error)
    return 0


def _show(pictures: Sequence[Embedded]) -> None:
    for picture in pictures:
        click.echo(f"{picture.place}\t{picture.media_type}, {picture.size:,} bytes")


def _publish(client: heliograph.Client, document: Document, album: str | None, output: Path | None) -> None:
    count = 0

    def publish_pictures(pictures: Sequence[Embedded]) -> dict[Embedded, heliograph.Image]:
        nonlocal count
        count = len(pictures)
        return publish_all(client, pictures, album=album, told=_tell)

    saved = document.publish(publish_pictures, output)
    pictures = "1 picture" if count == 1 else f"{count} pictures"
    click.echo(f"{document.path}: {pictures} published, {_change(saved)}", err=True)


def _change(saved: int) -> str:
    """What became of the size: a link may be longer than the path in whose place it is."""
    return f"{abs(saved):,} bytes {'smaller' if saved >= 0 else 'larger'}"


def _tell(picture: Embedded, image: heliograph.Image) -> None:
    click.echo(f"{picture.place}\t{image.link}")
