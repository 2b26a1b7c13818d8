"""`heliograph login`, `logout` and `whoami`: an account on this computer, without copying a key by hand."""

from __future__ import annotations

import json
import webbrowser

import click

import heliograph
from heliograph.cli._session import session, with_server
from heliograph.client._config import environment_has_key, environment_has_screen

_SERVER = click.option("--server", "--url", "server", metavar="URL", help="The server's address.")


@click.command()
@_SERVER
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(("images:write", "images:read", "albums", "account")),
    help="What may be done here; may be repeated. Without: everything about images and albums.",
)
@click.option("--browser/--no-browser", default=True, help="Whether to open the address in a browser.")
def login(server: str | None, scopes: tuple[str, ...], browser: bool) -> None:
    """Log in to your account, by allowing it in a browser.

    Prints an address and a code. Open the address, here or anywhere else, log in and type the code. The login is kept
    in the config file, readable by you alone, beside those to other servers, and is renewed by itself.

    Exit codes: 0 done; 1 the server is at fault; 2 wrong usage; 3 it cannot be reached; 4 nobody allowed it.
    """

    def show(codes: heliograph.DeviceCodes) -> None:
        click.echo(f"Open {codes.address} and type {codes.user_code}\nor open {codes.complete}", err=True)
        if browser and environment_has_screen():
            webbrowser.open(codes.complete)

    with session(server, None) as client:
        name = client.log_in(show, **({"scope": " ".join(scopes)} if scopes else {}))
        address = client.server
    click.echo(f"You are logged in to {address} as {name}.")
    if environment_has_key():
        click.echo("HELIOGRAPH_KEY is set and wins over this login: unset it.", err=True)
    elif _usual_server() != address:
        click.echo(f"Another server is the usual one here: use this login with --server {address}.", err=True)


@click.command()
@_SERVER
def logout(server: str | None) -> None:
    """End the login to a server, there and here.

    Exit codes: 0 done; 1 the server is at fault; 2 there is no login; 3 the server cannot be reached, and the login is
    forgotten here only.
    """
    with session(server, None) as client:
        client.log_out()
        click.echo(f"You are logged out from {client.server}.")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
@with_server
def whoami(as_json: bool, server: str | None, key: str | None) -> None:
    """Show who you are to the server, and what may be done.

    Exit codes: 0 done; 1 the server is at fault; 2 wrong usage; 3 it cannot be reached; 4 there is neither login nor
    key, or it is not good.
    """
    with session(server, key) as client:
        found = client.whoami()
        if as_json:
            told: dict[str, object] = {"account": found.account, "server": client.server, "scopes": found.scopes}
            told |= {"application": found.application}
            click.echo(json.dumps(told | {"expires": found.expires.isoformat() if found.expires else None}, indent=2))
            return
        click.echo(f"{found.account}\non: {client.server}\nmay: {', '.join(found.scopes)}")
        if found.application:
            click.echo(f"through: {found.application}")


def _usual_server() -> str:
    """The server that is spoken to where none is named."""
    with session(None, None) as client:
        return client.server
