"""`heliograph delete`: remove images."""

import click

from heliograph.cli._session import session, with_server


@click.command()
@click.argument("image", metavar="ID|LINK|DELETE-LINK|DELETE-HASH")
@click.option(
    "--delete-hash", metavar="HASH", help="The image's delete hash or delete link, instead of the owner's key."
)
@with_server
def delete(image: str, delete_hash: str | None, server: str | None, key: str | None) -> None:
    """Remove an image for ever.

    By its id or link with the owner's key, or by its delete link or delete hash. It asks nothing, and prints nothing
    when it is done.

    Exit codes: 0 done; 1 there is no such image, or the server is at fault; 2 wrong usage; 3 it cannot be reached;
    4 not allowed.
    """
    with session(server, key) as client:
        client.delete(image, delete_hash=delete_hash)
