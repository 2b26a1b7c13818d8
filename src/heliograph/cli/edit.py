"""`heliograph edit`: an image's texts."""

import json

import click

from heliograph.cli._session import as_json, session, with_server


@click.command()
@click.argument("image", metavar="ID|LINK|DELETE-HASH")
@click.option("--title", help="A title.")
@click.option("--description", help="A longer text.")
@click.option("--alt", help="What the picture shows, for those who cannot see it.")
@click.option("--name", help="A file name.")
@click.option(
    "--delete-hash", metavar="HASH", help="The image's delete hash or delete link, instead of the owner's key."
)
@as_json
@with_server
def edit(
    image: str,
    title: str | None,
    description: str | None,
    alt: str | None,
    name: str | None,
    delete_hash: str | None,
    as_json: bool,
    server: str | None,
    key: str | None,
) -> None:
    """Change an image's title, description, alt or name.

    An empty text takes it away; what is not given stays. Prints nothing when it is done, unless --json asks
    for it.

    Exit codes: 0 done; 1 there is no such image, or the server is at fault; 2 wrong usage; 3 it cannot be reached;
    4 not allowed.
    """
    texts = {"title": title, "description": description, "alt": alt, "name": name}
    with session(server, key) as client:
        changed = client.update(image, delete_hash=delete_hash, **texts)
    if as_json:
        click.echo(json.dumps(changed.answer, indent=2))
