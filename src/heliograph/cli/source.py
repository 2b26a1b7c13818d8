"""`heliograph source`: the code that made a picture, where it was sent with it."""

from __future__ import annotations

import click

from heliograph.cli._session import session, with_server


@click.command()
@click.argument("image", metavar="ID|LINK")
@with_server
def source(image: str, server: str | None, key: str | None) -> None:
    """Print the code that made a picture, where it was sent with it.

    Or a text in its place; and the versions of what it was made with. The image is named by its id or any of its links.

    Exit codes: 0 done; 1 there is no such image, or no source with it; 2 wrong usage; 3 the server cannot be reached;
    4 not allowed.
    """
    with session(server, key) as client:
        click.echo(client.source(image), nl=False)
