"""`heliograph info`: what the server knows of one image."""

from __future__ import annotations

import json

import click

import heliograph
from heliograph.cli._session import session, with_server
from heliograph.client._errors import one_line


@click.command()
@click.argument("image", metavar="ID|LINK")
@click.option(
    "--delete-hash", metavar="HASH", help="The image's delete hash or delete link, instead of the owner's key."
)
@click.option("--json", "as_json", is_flag=True, help="The server's whole answer as JSON.")
@with_server
def info(image: str, delete_hash: str | None, as_json: bool, server: str | None, key: str | None) -> None:
    """Show what is known of an image.

    It is named by its id or any of its links. Exit codes: 0 done; 1 there is no such image, or the server is at fault;
    2 wrong usage; 3 it cannot be reached; 4 not allowed.
    """
    with session(server, key) as client:
        found = client.info(image, delete_hash=delete_hash)
    click.echo(json.dumps(found.answer, indent=2) if as_json else described(found))


def described(image: heliograph.Image) -> str:
    """The image's facts for people, one a line; what is unknown or empty is left out."""
    facts = {
        "link": image.link,
        "page": image.page,
        "title": image.title,
        "description": image.description,
        "alt": image.alt,
        "name": image.name,
        "type": f"{image.media_type}{', animated' if image.animated else ''}",
        "dimensions": f"{image.width} x {image.height}",
        "size": f"{image.size} bytes",
        "sha256": image.sha256,
        "created": image.created.isoformat(),
        "views": "" if image.views is None else f"{image.views}",
        "delete link": image.delete_link or "",
        "removed": ", ".join(image.removed_metadata),
    }
    return "\n".join(f"{name + ':':<13}{one_line(value)}" for name, value in facts.items() if value)
