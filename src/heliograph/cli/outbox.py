"""`heliograph outbox`: the pictures that could not be sent yet."""

from __future__ import annotations

import json

import click

import heliograph
from heliograph import HeliographError
from heliograph.cli._session import exit_code, session, speaking_errors, with_server
from heliograph.client._errors import one_line
from heliograph.client._outbox import Outbox


@click.group()
def outbox() -> None:
    """List, send and remove pictures that could not be sent yet.

    'heliograph upload' and notebooks keep a picture here when the server cannot be reached, fails, or has had enough.
    Sent however often, and by however many programs, it is published once.
    """


@outbox.command("list")
@click.option("--json", "as_json", is_flag=True, help="All that is known of each, one JSON object a line.")
def list_(as_json: bool) -> None:
    """List what waits, the oldest first.

    Of each its name, date, server, bytes or URL, and title, with tabs between them.
    """
    for each in Outbox().waiting():
        what = each.url or each.size
        if as_json:
            told: dict[str, object] = {
                "id": each.id,
                "kept": each.kept.isoformat(),
                "server": each.server,
                "texts": dict(each.texts),
            }
            told |= {"name": each.name, "url": each.url, "size": each.size}
            click.echo(json.dumps(told | {"doubt": each.doubt, "damage": each.damage, "path": str(each.path)}))
        elif each.damage:
            click.echo(f"{each}\tdamaged: {one_line(each.damage)}")
        else:
            columns = (each, each.kept.isoformat(), each.server, what, each.texts.get("title", ""))
            click.echo("\t".join(one_line(str(column)) for column in columns))


@outbox.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@with_server
def send(names: tuple[str, ...], server: str | None, key: str | None) -> int:
    """Send what waits for the server, or what is named.

    Prints the links. What cannot be sent waits on. An entry that another host may have published already is sent only
    where it is named. Those for other servers stay: name them by --server, so that no server gets another one's key.

    Exit codes: as of 'heliograph upload'; with several pictures: that of the first that failed.
    """
    codes, others = [], 0
    with session(server, key) as client:
        entries = [Outbox().find(name) for name in names] if names else Outbox().waiting()
        for each in entries:
            if not names and each.doubt:
                click.echo(f"heliograph: {each} is not sent unless it is named: {each.doubt}", err=True)
            elif not names and not each.damage and each.server != client.server:
                others += 1
            else:
                codes.append(_send(client, each))
    if others:
        click.echo(f"{others} more wait for other servers, as 'heliograph outbox list' shows: use --server.", err=True)
    return next(filter(None, codes), 0)


@outbox.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
def remove(names: tuple[str, ...]) -> None:
    """Forget pictures that wait, for ever. Files that they were made from stay."""
    with speaking_errors():
        for entry in [Outbox().find(name) for name in names]:
            Outbox().remove(entry)


def remind(client_server: str) -> None:
    """Say on stderr how many pictures wait for a server, where any does."""
    number = len(Outbox().waiting(client_server))
    if number:
        wait = "picture waits" if number == 1 else "pictures wait"
        click.echo(f"{number} {wait} in the outbox: 'heliograph outbox send' sends what waits.", err=True)


def _send(client: heliograph.Client, entry: heliograph.Waiting) -> int:
    """Send one and print its link, or why not; the exit code."""
    try:
        click.echo(client.send(entry))
    except HeliographError as error:
        click.echo(f"heliograph: {entry}: {error}", err=True)
        return exit_code(error)
    return 0
