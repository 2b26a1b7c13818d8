"""`heliograph albums`: albums, made, filled, shown and removed."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from itertools import islice
from typing import Any, TypeVar

import click

import heliograph
from heliograph.cli._session import as_json, session, with_server
from heliograph.client._errors import one_line

F = TypeVar("F", bound=Callable[..., Any])

_ALBUM = click.argument("album", metavar="ALBUM")
_IMAGES = click.argument("images", nargs=-1, required=True, metavar="IMAGE...")


def _about(command: F) -> F:
    """Add the options that say what an album is like."""
    title = click.option("--title", help="A title.")
    description = click.option("--description", help="A longer text.")
    privacy = click.option("--privacy", type=click.Choice(["public", "hidden", "secret"]), help="Who sees it.")
    layout = click.option("--layout", type=click.Choice(["blog", "grid", "horizontal", "vertical"]), help="Its page.")
    cover = click.option("--cover", metavar="ID", help="Which of its images stands for it.")
    return title(description(privacy(layout(cover(command)))))


@click.group()
def albums() -> None:
    """Make, show, change and remove albums.

    An album is named by its id, its link, or its delete hash; an image by its id or link, somebody else's by its delete
    hash or delete link. Without a key an album is anonymous, and held by its delete hash.

    Exit codes: 0 done; 1 there is no such album or image, or the server is at fault; 2 wrong usage; 3 it cannot be
    reached; 4 not allowed.
    """


@albums.command("list")
@click.option("--limit", type=click.IntRange(min=1), help="Show this many at most.")
@click.option("--json", "as_json", is_flag=True, help="All that is known of each, one JSON object a line.")
@with_server
def list_(limit: int | None, as_json: bool, server: str | None, key: str | None) -> None:
    """List your albums, newest first.

    Of each its link, date, number of images, privacy and title, with tabs between them.
    """
    with session(server, key) as client:
        for each in islice(client.albums(), limit):
            columns = (each.page, each.created.isoformat(), each.images_count, each.privacy, each.title)
            click.echo(json.dumps(each.answer) if as_json else "\t".join(" ".join(str(c).split()) for c in columns))


@albums.command()
@click.argument("images", nargs=-1, metavar="[IMAGE]...")
@_about
@as_json
@with_server
def create(images: tuple[str, ...], as_json: bool, server: str | None, key: str | None, **about: str | None) -> None:
    """Make an album of images, or an empty one.

    Prints its link; as JSON the delete hash, too.
    """
    with session(server, key) as client:
        made = client.create_album(images, **about)
    click.echo(json.dumps(made.answer) if as_json else made.page)
    if not as_json and sys.stderr.isatty() and made.delete_hash:
        click.echo(f"Its delete hash, to change or remove it one day: {made.delete_hash}", err=True)


@albums.command()
@_ALBUM
@as_json
@with_server
def show(album: str, as_json: bool, server: str | None, key: str | None) -> None:
    """Show what is known of an album.

    And the links of its images, in order.
    """
    with session(server, key) as client:
        found = client.album(album)
    click.echo(json.dumps(found.answer, indent=2) if as_json else _described(found))


@albums.command()
@_ALBUM
@_IMAGES
@as_json
@with_server
def add(album: str, images: tuple[str, ...], as_json: bool, server: str | None, key: str | None) -> None:
    """Put images behind those that an album holds."""
    with session(server, key) as client:
        _tell(client.add_to_album(album, images), as_json)


@albums.command()
@_ALBUM
@_IMAGES
@as_json
@with_server
def remove(album: str, images: tuple[str, ...], as_json: bool, server: str | None, key: str | None) -> None:
    """Take images out of an album. They stay as they are elsewhere."""
    with session(server, key) as client:
        _tell(client.remove_from_album(album, images), as_json)


@albums.command()
@_ALBUM
@_about
@as_json
@with_server
def edit(album: str, as_json: bool, server: str | None, key: str | None, **about: str | None) -> None:
    """Change an album. An empty title, description or cover takes it away; what is not given stays."""
    with session(server, key) as client:
        _tell(client.update_album(album, **about), as_json)


@albums.command()
@_ALBUM
@click.option("--json", "as_json", is_flag=True, help="Say as JSON what was removed.")
@with_server
def delete(album: str, as_json: bool, server: str | None, key: str | None) -> None:
    """Remove an album for ever. Its images stay. It asks nothing, and prints nothing when it is done."""
    with session(server, key) as client:
        client.delete_album(album)
    if as_json:
        click.echo(json.dumps({"removed": album}))


def _tell(album: heliograph.Album, as_json: bool) -> None:
    """Print an album that was changed, where that is asked for."""
    if as_json:
        click.echo(json.dumps(album.answer, indent=2))


def _described(album: heliograph.Album) -> str:
    """The album's facts for people, one a line, then its images; what is unknown or empty is left out."""
    facts = {
        "link": album.page,
        "title": album.title,
        "description": album.description,
        "privacy": album.privacy,
        "layout": album.layout,
        "cover": album.cover,
        "created": album.created.isoformat(),
        "images": str(album.images_count),
    }
    lines = [f"{name + ':':<13}{one_line(value)}" for name, value in facts.items() if value]
    return "\n".join([*lines, *(f"{image.link}\t{one_line(image.title)}".rstrip() for image in album.images)])
