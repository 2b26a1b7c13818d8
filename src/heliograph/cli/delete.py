"""`heliograph delete`: remove images."""

import json

import click

from heliograph.cli._session import session, with_server


@click.command()
@click.argument("image", metavar="ID|LINK|DELETE-LINK|DELETE-HASH")
@click.option(
    "--delete-hash", metavar="HASH", help="The image's delete hash or delete link, instead of the owner's key."
)
@click.option("--json", "as_json", is_flag=True, help="Say as JSON what was removed.")
@with_server
def delete(image: str, delete_hash: str | None, as_json: bool, server: str | None, key: str | None) -> None:
    """Remove an image for ever.

    By its id or link with the owner's key, or by its delete link or delete hash. It asks nothing, and prints nothing
    when it is done, unless --json asks for it.

    Exit codes: 0 done; 1 there is no such image, or the server is at fault; 2 wrong usage; 3 it cannot be reached;
    4 not allowed.
    """
    with session(server, key) as client:
        client.delete(image, delete_hash=delete_hash)
    if as_json:
        click.echo(json.dumps({"removed": image}))
