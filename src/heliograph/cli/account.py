"""`heliograph account`: who one is, and how much space is left."""

from __future__ import annotations

import json

import click

from heliograph.cli._session import session, with_server


@click.command()
@click.option("--json", "as_json", is_flag=True, help="The server's whole answer as JSON.")
@with_server
def account(as_json: bool, server: str | None, key: str | None) -> None:
    """Show your account, and how much of its space is taken.

    The key needs the scope 'account', which 'heliograph login --scope account' asks for. Exit codes: 0 done; 1 the
    server is at fault; 2 wrong usage; 3 it cannot be reached; 4 not allowed.
    """
    with session(server, key) as client:
        found = client.account()
    if as_json:
        click.echo(json.dumps(found.answer, indent=2))
        return
    facts = {
        "name": found.name,
        "role": found.role,
        "e-mail": found.email,
        "created": found.created.isoformat(),
        "images": _taken(found.used_images, found.allowed_images),
        "bytes": _taken(found.used_bytes, found.allowed_bytes),
    }
    click.echo("\n".join(f"{name + ':':<9}{value}" for name, value in facts.items() if value))


def _taken(used: int, allowed: int | None) -> str:
    return f"{used:,}" if allowed is None else f"{used:,} of {allowed:,}"
