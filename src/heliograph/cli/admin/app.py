"""`heliograph admin app`: applications."""

import sys

import click

from heliograph.cli.admin._office import OPERATOR, administer, print_rows
from heliograph.server.app import Administration


@click.group()
def app() -> None:
    """Register, list and disable applications.

    Programs carry an application's client id (Imgur v3, native) or key (older dialects): both are public.
    """


@app.command()
@click.argument("name")
@click.option("--owner", metavar="ACCOUNT", help="The account that may change it through the API.")
@click.option(
    "--redirect",
    "redirects",
    multiple=True,
    metavar="URL",
    help="Where its users may be sent back to; may be repeated.",
)
@click.option("--secret", "with_secret", is_flag=True, help="Give it a secret, shown once.")
@click.option("--client-id", metavar="ID", help="The client id or consumer key that a program has built in.")
@click.option("--secret-stdin", is_flag=True, help="Read the secret that the program has built in from standard input.")
def create(
    name: str,
    owner: str | None,
    redirects: tuple[str, ...],
    with_secret: bool,
    client_id: str | None,
    secret_stdin: bool,
) -> None:
    """Register an application and print its client id, key and secret.

    A program that cannot be changed has its own: tell them with --client-id and --secret-stdin.
    """
    if (client_id is not None) != secret_stdin:
        raise click.UsageError("--client-id and --secret-stdin need each other.")
    built_in = (client_id, sys.stdin.readline().rstrip("\n")) if client_id is not None else None

    async def work(office: Administration) -> None:
        account = await office.accounts.find(owner) if owner else None
        made, secret = await office.applications.add(
            name, account, redirects, OPERATOR, with_secret=with_secret, built_in=built_in
        )
        click.echo(f"client id: {made.client_id}\nkey: {made.key}")
        if secret and not built_in:
            click.echo(f"secret: {secret}")

    administer(work)


@app.command("list")
def list_() -> None:
    """List the applications.

    Of each its client id, key, name, enabled or disabled, owner, date, and limits of its own.
    """

    async def work(office: Administration) -> None:
        names = {account.id: account.name for account in await office.accounts.listed()}
        print_rows(
            (
                each.client_id,
                each.key,
                each.name,
                _state(each.enabled),
                names.get(each.account_id or 0),
                each.created,
                each.limits,
            )
            for each in await office.applications.listed()
        )

    administer(work)


@app.command()
@click.argument("client_id")
def disable(client_id: str) -> None:
    """Refuse whoever comes with this application. Its owner cannot enable it again; its images stay."""
    _suspend(client_id, True)


@app.command()
@click.argument("client_id")
def enable(client_id: str) -> None:
    """Let a disabled application be used again."""
    _suspend(client_id, False)


@app.command()
@click.argument("client_id")
@click.argument("rules")
def limits(client_id: str, rules: str) -> None:
    """Give an application rate limits of its own.

    RULES, such as '50000/day uploads; 100/minute', hold in place of the general rules by application; 'off' is none,
    and 'default' gives the general rules back.
    """
    own = None if rules.strip().lower() == "default" else rules.strip()

    async def work(office: Administration) -> None:
        await office.applications.set_limits(await office.applications.find(client_id), own, OPERATOR)

    administer(work)


@app.command()
@click.argument("client_id")
def rotate(client_id: str) -> None:
    """Give an application a new secret.

    Prints it; the old one is void.
    """

    async def work(office: Administration) -> None:
        secret = await office.applications.rotate(await office.applications.find(client_id), OPERATOR)
        click.echo(f"secret: {secret}")

    administer(work)


def _suspend(client_id: str, suspended: bool) -> None:
    async def work(office: Administration) -> None:
        await office.applications.suspend(await office.applications.find(client_id), suspended, OPERATOR)

    administer(work)


def _state(enabled: bool) -> str:
    return "enabled" if enabled else "disabled"
