"""OAuth 1.0a: tokens on their way, tokens that were given, and the nonces of requests that have counted already.

Secrets are sealed before they come here (`identity.seal`); verifiers are hashes.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Integer,
    LargeBinary,
    Row,
    Select,
    String,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from heliograph.server.catalog.tables import accounts, applications, metadata, moment, now, run, stamp
from heliograph.server.model import Access

MOST_TRIES = 5
"""Wrong verifiers that a request token survives: a PIN is short, but people mistype."""

requests = Table(
    "oauth1_requests",
    metadata,
    Column("token", String(32), primary_key=True),
    Column("secret", LargeBinary, nullable=False),
    Column("application_id", ForeignKey("applications.id"), nullable=False),
    # Where to go back to; "oob" for a PIN, NULL where the client has not said yet.
    Column("callback", Text),
    Column("created", BigInteger, nullable=False, index=True),
    # Who has allowed it, and what the client must show for it.
    Column("account_id", ForeignKey("accounts.id"), index=True),
    Column("verifier", LargeBinary(32)),
    Column("tries", Integer, nullable=False),
)

accesses = Table(
    "oauth1_tokens",
    metadata,
    Column("token", String(32), primary_key=True),
    Column("id", String(16), nullable=False, unique=True),
    Column("secret", LargeBinary, nullable=False),
    Column("application_id", ForeignKey("applications.id"), nullable=False),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("created", BigInteger, nullable=False),
    Column("used", BigInteger),
    Column("revoked", BigInteger),
)

nonces = Table(
    "oauth1_nonces",
    metadata,
    # SHA-256 of consumer key, token, timestamp and nonce.
    Column("hash", LargeBinary(32), primary_key=True),
    Column("at", BigInteger, nullable=False, index=True),
)


def signed_request(token: str, since: datetime) -> Select[Any]:
    """The request token made since then, and its application in columns that begin with `application_`."""
    joined = requests.join(applications, requests.c.application_id == applications.c.id)
    this = (requests.c.token == token) & (requests.c.created >= stamp(since))
    return select(requests, *_told(applications, "application_")).select_from(joined).where(this)


def signed_access(token: str) -> Select[Any]:
    """The access token that is not revoked; its account and application in columns that begin so."""
    return _accesses().where(accesses.c.token == token, accesses.c.revoked.is_(None))


def accesses_of(account_id: int) -> Select[Any]:
    """The access tokens of an account that are not revoked, oldest first."""
    mine = (accesses.c.account_id == account_id) & accesses.c.revoked.is_(None)
    return _accesses().where(mine).order_by(accesses.c.created, accesses.c.id)


def to_access(row: Row[Any]) -> Access:
    """The record of a row of `signed_access` and `accesses_of`."""
    return Access(
        id=row.id,
        account_id=row.account_id,
        client_id=row.application_client_id,
        name=row.application_name,
        created=moment(row.created),
        used=moment(row.used) if row.used is not None else None,
    )


def add_signed_request(values: dict[str, object]) -> Callable[[Connection], None]:
    """Add a request token of these columns."""
    row = {"created": stamp(now()), "tries": 0, **values}
    return lambda connection: run(connection, insert(requests).values(**row))


def approve_signed_request(
    token: str, account_id: int, callback: str | None, verifier: bytes
) -> Callable[[Connection], bool]:
    """Let the account stand behind a request token. False where it is gone, or somebody has allowed it already."""

    def work(connection: Connection) -> bool:
        waiting = (requests.c.token == token) & requests.c.account_id.is_(None)
        approved = update(requests).where(waiting)
        values = {"account_id": account_id, "callback": callback, "verifier": verifier}
        return bool(connection.execute(approved.values(**values)).rowcount)

    return work


def drop_signed_request(token: str) -> Callable[[Connection], bool]:
    """Forget a request token. False where it is gone already."""
    return lambda connection: bool(connection.execute(delete(requests).where(requests.c.token == token)).rowcount)


def exchange_signed_request(token: str, verifier: bytes, access: dict[str, object]) -> Callable[[Connection], bool]:
    """Give the access token of these columns for a request token and its verifier, once.

    False where the request token is gone, nobody has allowed it, or the verifier is another's; the fifth wrong verifier
    ends it.
    """

    def work(connection: Connection) -> bool:
        this = requests.c.token == token
        fits = this & (requests.c.verifier == verifier) & requests.c.account_id.is_not(None)
        found = connection.execute(select(requests.c.account_id, requests.c.application_id).where(fits)).first()
        if found is not None and connection.execute(delete(requests).where(fits)).rowcount:
            owned = {"account_id": found.account_id, "application_id": found.application_id}
            connection.execute(insert(accesses).values(created=stamp(now()), **owned, **access))
            return True
        connection.execute(update(requests).where(this).values(tries=requests.c.tries + 1))
        connection.execute(delete(requests).where(this, requests.c.tries >= MOST_TRIES))
        return False

    return work


def revoke_access(account_id: int, access_id: str) -> Callable[[Connection], bool]:
    """End an access token of the account at once. False where it has no such token."""

    def work(connection: Connection) -> bool:
        mine = (accesses.c.account_id == account_id) & (accesses.c.id == access_id) & accesses.c.revoked.is_(None)
        return bool(connection.execute(update(accesses).where(mine).values(revoked=stamp(now()))).rowcount)

    return work


def count_nonce(hash_: bytes, note_use: str | None) -> Callable[[Connection], bool]:
    """Let a signed request count, and note that the access token `note_use` (its id) was used, if there is one.

    False where it has counted before, in whatever process.
    """

    def work(connection: Connection) -> bool:
        at = stamp(now())
        try:
            with connection.begin_nested():
                connection.execute(insert(nonces).values(hash=hash_, at=at))
        except IntegrityError:
            return False
        if note_use is not None:
            connection.execute(update(accesses).where(accesses.c.id == note_use).values(used=at))
        return True

    return work


def forget_signed(requests_before: datetime, nonces_before: datetime) -> Callable[[Connection], None]:
    """Drop request tokens and nonces that are over their time."""

    def work(connection: Connection) -> None:
        connection.execute(delete(requests).where(requests.c.created < stamp(requests_before)))
        connection.execute(delete(nonces).where(nonces.c.at < stamp(nonces_before)))

    return work


def forget_signed_by(connection: Connection, account_id: int) -> None:
    """Drop what an account has allowed: it is about to be deleted."""
    connection.execute(delete(requests).where(requests.c.account_id == account_id))
    connection.execute(delete(accesses).where(accesses.c.account_id == account_id))


def _accesses() -> Select[Any]:
    joined = accesses.join(accounts, accesses.c.account_id == accounts.c.id).join(
        applications, accesses.c.application_id == applications.c.id
    )
    known = (*_told(accounts, "account_"), *_told(applications, "application_"))
    return select(accesses, *known).select_from(joined)


def _told(table: Table, prefix: str) -> list[Any]:
    """The table's columns with the prefix, less its id, which the statement around has under that name already."""
    return [column.label(prefix + column.name) for column in table.c if column.name != "id"]
