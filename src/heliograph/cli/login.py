"""`heliograph login`, `logout` and `whoami`: a key for this computer, without copying one by hand."""

from __future__ import annotations

import webbrowser

import click

import heliograph
from heliograph.cli._session import session, with_server
from heliograph.client._config import environment_has_key


@click.command()
@click.option("--server", "--url", "server", metavar="URL", help="The server's address.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(("images:write", "images:read", "albums", "account")),
    help="What the key may do; may be repeated. Without: everything about images and albums.",
)
@click.option("--browser/--no-browser", default=True, help="Whether to open the address in a browser.")
def login(server: str | None, scopes: tuple[str, ...], browser: bool) -> None:
    """Get a key for this computer, by allowing it in a browser.

    Prints an address and a code. Open the address, here or anywhere else, log in and type the code. The key goes into
    the config file, in place of the server and the key that are there, readable by you alone, and is renewed by itself.

    Exit codes: 0 done; 1 the server is at fault; 2 wrong usage; 3 it cannot be reached; 4 nobody allowed it.
    """

    def show(codes: heliograph.DeviceCodes) -> None:
        click.echo(f"Open {codes.address} and type {codes.user_code}\nor open {codes.complete}", err=True)
        if browser:
            webbrowser.open(codes.complete)

    # A key that is there is of no use for this, and may be a damaged or an ended one.
    with session(server, None) as client:
        name = client.log_in(show, **({"scope": " ".join(scopes)} if scopes else {}))
    click.echo(f"You are logged in as {name}.")
    if environment_has_key():
        click.echo("HELIOGRAPH_KEY is set and wins over this login: unset it.", err=True)


@click.command()
@click.option("--server", "--url", "server", metavar="URL", help="The server's address.")
def logout(server: str | None) -> None:
    """Give the key back and forget it.

    The server ends it at once, and with it the login on this computer. Exit codes: 0 done; 1 the server is at fault; 2
    there is no login; 3 it cannot be reached, but the key is forgotten here.
    """
    with session(server, None) as client:
        client.log_out()
    click.echo("You are logged out.")


@click.command()
@with_server
def whoami(server: str | None, key: str | None) -> None:
    """Show whose key is used, and what it may do.

    Exit codes: 0 done; 1 the server is at fault; 2 wrong usage; 3 it cannot be reached; 4 there is no key, or it is
    not good.
    """
    with session(server, key) as client:
        found = client.whoami()
    click.echo(found.account)
    click.echo(f"may: {', '.join(found.scopes)}")
    if found.application:
        click.echo(f"through: {found.application}")
