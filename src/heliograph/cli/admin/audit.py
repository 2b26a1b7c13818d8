"""`heliograph admin audit`: who did what."""

from datetime import datetime

import click

from heliograph.cli.admin._office import Moment, administer, print_rows
from heliograph.server.app import Administration


@click.command()
@click.option("--since", type=Moment(-1), help="Only from then on: a date, or days such as 7d.")
@click.option("--account", metavar="NAME", help="Only what this account did.")
@click.option("--subject", metavar="ID", help="Only what was done to this image, album, application, token or account.")
@click.option("--action", default="", metavar="WORD", help="Only such deeds: image.remove, or image for all of images.")
@click.option("--limit", type=click.IntRange(min=1), default=1000, show_default=True, help="The newest so many.")
def audit(since: datetime | None, account: str | None, subject: str | None, action: str, limit: int) -> None:
    """Show who did what to which image, album, account, application or token, newest first.

    One a line: when, what, to which, account, application, from where, detail. Addresses are forgotten before the rest.
    """

    async def work(office: Administration) -> None:
        print_rows(
            (each.at, each.action, each.subject, each.account, each.application, each.address, each.detail)
            for each in await office.audit.newest(since, limit, account=account, subject=subject, action=action)
        )

    administer(work)
