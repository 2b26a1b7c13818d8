"""`heliograph admin audit`: who did what."""

from datetime import datetime

import click

from heliograph.cli.admin._office import Moment, administer, print_rows
from heliograph.server.app import Administration


@click.command()
@click.option("--since", type=Moment(-1), help="Only from then on: a date, or days such as 7d.")
@click.option("--limit", type=click.IntRange(min=1), default=1000, show_default=True, help="The newest so many.")
def audit(since: datetime | None, limit: int) -> None:
    """Show who did what to which image, account, application or token, newest first.

    One a line: when, what, to which, account, application, from where, detail. Addresses are forgotten before the rest.
    """

    async def work(office: Administration) -> None:
        print_rows(
            (each.at, each.action, each.subject, each.account, each.application, each.address, each.detail)
            for each in await office.audit.newest(since, limit)
        )

    administer(work)
