"""The record of deeds, written in the same transaction as the deed itself."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Select, delete, insert, or_, select, update

from heliograph.server.catalog.tables import deeds, moment, stamp
from heliograph.server.model import Deed

T = TypeVar("T")


def noted(work: Callable[[Connection], T], deed: Deed) -> Callable[[Connection], T]:
    """The work, and the note that it was done, both or neither; a work that returns False has done nothing."""

    def both(connection: Connection) -> T:
        result = work(connection)
        if result is not False:
            connection.execute(insert(deeds), _row(deed))
        return result

    return both


def deeds_since(
    since: datetime | None, limit: int, *, account: str | None = None, subject: str | None = None, action: str = ""
) -> Select[Any]:
    """The newest deeds, at most `limit`, newest first: of an account's name, to a subject, of an action.

    An action is `image.remove`, or a noun such as `image` for all that is done to one.
    """
    found = select(deeds)
    if account is not None:
        found = found.where(deeds.c.account == account)
    if subject is not None:
        found = found.where(deeds.c.subject == subject)
    if action:
        found = found.where(or_(deeds.c.action == action, deeds.c.action.startswith(action + ".", autoescape=True)))
    if since is not None:
        found = found.where(deeds.c.at >= stamp(since))
    return found.order_by(deeds.c.at.desc(), deeds.c.id.desc()).limit(limit)


def to_deed(row: Row[Any]) -> Deed:
    """The record of a row of `deeds_since`."""
    return Deed(
        at=moment(row.at),
        action=row.action,
        subject=row.subject,
        account_id=row.account_id,
        account=row.account,
        application=row.application,
        address=row.address,
        detail=row.detail,
    )


def forget_deeds(before: datetime, addresses_before: datetime) -> Callable[[Connection], None]:
    """Drop the deeds done before then, and the addresses of those done before the other time."""

    def work(connection: Connection) -> None:
        connection.execute(delete(deeds).where(deeds.c.at < stamp(before)))
        old = (deeds.c.at < stamp(addresses_before)) & deeds.c.address.is_not(None)
        connection.execute(update(deeds).where(old).values(address=None))

    return work


def _row(deed: Deed) -> dict[str, object]:
    return {
        "at": stamp(deed.at),
        "action": deed.action,
        "subject": deed.subject,
        "account_id": deed.account_id,
        "account": deed.account,
        "application": deed.application,
        "address": deed.address,
        "detail": deed.detail,
    }
