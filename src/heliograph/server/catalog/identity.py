"""Accounts, applications and tokens."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Row, Select, func, insert, select

from heliograph.server.catalog.tables import accounts, applications, keys, now, stamp
from heliograph.server.model import Application


def application(client_id: str) -> Select[Any]:
    """The application of that public client id."""
    return select(applications).where(applications.c.client_id == client_id)


def to_application(row: Row[Any]) -> Application:
    """The record of a row of `application`."""
    return Application(row.id, row.client_id, row.name, row.account_id, row.enabled)


def key_holder(key_hash: bytes) -> Select[Any]:
    """Account and application that a key (its SHA-256) acts for; none where it is revoked."""
    return (
        select(
            accounts.c.id.label("account_id"),
            accounts.c.name.label("account_name"),
            accounts.c.enabled.label("account_enabled"),
            *applications.c,
        )
        .select_from(
            keys.join(accounts, keys.c.account_id == accounts.c.id).outerjoin(
                applications, keys.c.application_id == applications.c.id
            )
        )
        .where(keys.c.hash == key_hash, keys.c.revoked.is_(None))
    )


def any_application() -> Select[Any]:
    """Whether there is an application at all."""
    return select(func.count()).select_from(applications)


def register(
    account_name: str, application: dict[str, object], token: dict[str, object]
) -> Callable[[Connection], None]:
    """Add an administrator, an application of theirs, and a token that acts for both."""

    def work(connection: Connection) -> None:
        created = {"enabled": True, "created": stamp(now())}
        account = insert(accounts).values(name=account_name, role="administrator", **created)
        account_id = connection.execute(account.returning(accounts.c.id)).scalar_one()
        added = insert(applications).values(account_id=account_id, redirects="", **application, **created)
        application_id = connection.execute(added.returning(applications.c.id)).scalar_one()
        connection.execute(
            insert(keys).values(
                account_id=account_id, application_id=application_id, created=created["created"], **token
            )
        )

    return work
