"""`heliograph admin token`: personal access tokens."""

from datetime import datetime

import click

from heliograph.cli.admin._office import OPERATOR, Moment, administer, print_rows
from heliograph.server.app import Administration
from heliograph.server.model import SCOPES


@click.group()
def token() -> None:
    """Make, list and revoke tokens."""


@token.command()
@click.argument("account")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice(SCOPES),
    help="What it may do; may be repeated.",
)
@click.option("--expires", type=Moment(1), help="When it ends: a date, or days such as 90d. Never, if left out.")
@click.option("--name", default="made by the operator", help="What it is for.")
def create(account: str, scopes: tuple[str, ...], expires: datetime | None, name: str) -> None:
    """Make a token of an account and print it. It cannot be shown again."""

    async def work(office: Administration) -> None:
        _, secret = await office.tokens.add(await office.accounts.find(account), name, scopes, expires, OPERATOR)
        click.echo(secret)

    administer(work)


@token.command("list")
@click.argument("account")
def list_(account: str) -> None:
    """List an account's tokens: id, name, scopes, made, ends, last used."""

    async def work(office: Administration) -> None:
        print_rows(
            (each.id, each.name, ",".join(sorted(each.scopes)), each.created, each.expires, each.used)
            for each in await office.tokens.listed(await office.accounts.find(account))
        )

    administer(work)


@token.command()
@click.argument("account")
@click.argument("token_id")
def revoke(account: str, token_id: str) -> None:
    """End a token, named by its id as 'list' shows it."""

    async def work(office: Administration) -> None:
        await office.tokens.revoke(await office.accounts.find(account), token_id, OPERATOR)

    administer(work)
