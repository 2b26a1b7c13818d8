"""`heliograph admin`: accounts, applications, tokens and the audit of the server on this machine.

Works on the database itself, with the server's own parts, whether the server runs or not.
"""

import click

from heliograph.cli._table import Table
from heliograph.server.config import described

COMMANDS = {
    "account": ("heliograph.cli.admin.account:account", "Make, list, disable and delete accounts."),
    "app": ("heliograph.cli.admin.app:app", "Register, list and disable applications."),
    "token": ("heliograph.cli.admin.token:token", "Make, list and revoke tokens."),
    "audit": ("heliograph.cli.admin.audit:audit", "Show who did what."),
}
"""Name: where the command lives, and the line that `heliograph admin --help` shows for it."""

_SETTINGS = ("data_dir", "database_url")


@click.group(
    cls=Table,
    commands_at=COMMANDS,
    epilog="The settings are those of 'heliograph serve': the same variables, the same file HELIOGRAPH_CONFIG.",
    params=[
        click.Option([each.option], help=f"{each.help}  [{each.variable}]", metavar="VALUE")
        for each in described()
        if each.name in _SETTINGS
    ],
)
@click.pass_context
def admin(context: click.Context, /, **settings: str | None) -> None:
    """Administer the server whose data is on this machine.

    It may be running: what is disabled or revoked here stops working there within three seconds.
    """
    context.obj = settings
