"""What the commands of `heliograph admin` share: the opened database, readings of times, tables of text."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import click

from heliograph.cli._table import CommandError
from heliograph.server.app import Administration, administration
from heliograph.server.config import BadSetting, load
from heliograph.server.errors import BadParameter, Conflict, HeliographError
from heliograph.server.model import Caller

T = TypeVar("T")

OPERATOR = Caller("command line")
"""Who the audit says it was."""


def administer(work: Callable[[Administration], Awaitable[T]]) -> T:
    """Run `work` on the database that the settings name; what goes wrong ends the program with one line."""
    try:
        return asyncio.run(_administer(work))
    except HeliographError as error:
        raise CommandError(error.message, 2 if isinstance(error, BadParameter | Conflict) else 1) from error
    except BadSetting as problem:
        raise CommandError(str(problem), 2) from problem


async def _administer(work: Callable[[Administration], Awaitable[T]]) -> T:
    async with administration(load(click.get_current_context().find_object(dict))) as office:
        return await work(office)


def print_rows(rows: Iterable[Iterable[object]]) -> None:
    """One line each, tabs between the columns; None as a hyphen, times to the minute in UTC."""
    for row in rows:
        click.echo("\t".join(_cell(each) for each in row))


def _cell(value: object) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")
    # Strangers choose some of it, such as the name in a refused login: it must not steer a terminal.
    return " ".join("".join(c if c.isprintable() else " " for c in str(value)).split())


class Moment(click.ParamType[datetime]):
    """A time: an ISO date or date and time (UTC where it says nothing), or days from now, such as `90d`.

    `direction` is 1 where days count into the future, -1 where into the past.
    """

    name = "TIME"

    def __init__(self, direction: int) -> None:
        self._direction = direction

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read the text (click's own protocol)."""
        if isinstance(value, datetime):
            return value
        if found := re.fullmatch(r"(\d{1,5})d", str(value)):
            return datetime.now(UTC) + self._direction * timedelta(days=int(found[1]))
        try:
            read = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is neither a date such as 2030-01-31 nor days such as 90d.", param, ctx)
        return read if read.tzinfo else read.replace(tzinfo=UTC)
