"""Devices that wait until somebody lets them in (RFC 8628), by device code and by user code."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, insert, select, update

from heliograph.server.catalog.grants import Tokens, add_grant, add_tokens
from heliograph.server.catalog.identity import prefixed, to_application
from heliograph.server.catalog.tables import applications, device_requests, moment, now, run, stamp
from heliograph.server.model import Application, Grant


@dataclass(frozen=True, slots=True)
class Waiting:
    """A device that waits. pause: seconds between two of its questions. asked: when it last asked. grant_id: what it is
    let in by, once somebody has.
    """

    application: Application
    scopes: frozenset[str]
    expires: datetime
    pause: int
    asked: datetime | None = None
    denied: bool = False
    grant_id: str | None = None


def add_waiting(device_hash: bytes, user_hash: bytes, waiting: Waiting) -> Callable[[Connection], None]:
    """Add a device that waits, under the SHA-256 of both its codes."""
    row = {
        "hash": device_hash,
        "user_code": user_hash,
        "application_id": waiting.application.id,
        "scopes": " ".join(sorted(waiting.scopes)),
        "expires": stamp(waiting.expires),
        "pause": waiting.pause,
        "denied": waiting.denied,
    }
    return lambda connection: run(connection, insert(device_requests).values(**row))


def waiting_by_device(device_hash: bytes) -> Select[Any]:
    """The request of that device code."""
    return _waiting().where(device_requests.c.hash == device_hash)


def waiting_by_user(user_hash: bytes) -> Select[Any]:
    """The request of that user code, where nobody has answered it and it is not over."""
    return _waiting().where(_open(user_hash))


def to_waiting(row: Row[Any]) -> Waiting:
    """The record of a row of both."""
    return Waiting(
        application=to_application(row, "application_"),
        scopes=frozenset(row.device_scopes.split()),
        expires=moment(row.device_expires),
        pause=row.device_pause,
        asked=moment(row.device_asked) if row.device_asked is not None else None,
        denied=row.device_denied,
        grant_id=row.device_grant_id,
    )


def note_asked(device_hash: bytes, at: datetime, pause: int) -> Callable[[Connection], None]:
    """Write down that the device asked, and how many seconds it has to wait from now on."""
    this = device_requests.c.hash == device_hash
    return lambda connection: run(connection, update(device_requests).where(this).values(asked=stamp(at), pause=pause))


def deny_waiting(user_hash: bytes) -> Callable[[Connection], bool]:
    """Turn a device away. The work returns False where its request is over or was answered."""
    denied = update(device_requests).where(_open(user_hash)).values(denied=True)
    return lambda connection: bool(connection.execute(denied).rowcount)


def let_in(user_hash: bytes, grant: Grant) -> Callable[[Connection], bool]:
    """Add the grant that lets a device in. The work returns False where its request is over or was answered."""

    def work(connection: Connection) -> bool:
        if connection.execute(select(device_requests.c.hash).where(_open(user_hash))).first() is None:
            return False
        add_grant(grant)(connection)
        connection.execute(update(device_requests).where(_open(user_hash)).values(grant_id=grant.id))
        return True

    return work


def collect(device_hash: bytes, grant: Grant, tokens: Tokens) -> Callable[[Connection], bool]:
    """Give the device its tokens, once. The work returns False where it has them already, or its grant has ended."""

    def work(connection: Connection) -> bool:
        mine = (device_requests.c.hash == device_hash) & (device_requests.c.grant_id == grant.id)
        if not connection.execute(delete(device_requests).where(mine)).rowcount:
            return False
        add_tokens(connection, grant, tokens)
        return True

    return work


def _waiting() -> Select[Any]:
    joined = device_requests.join(applications, device_requests.c.application_id == applications.c.id)
    columns = (*prefixed(device_requests, "device_"), *prefixed(applications, "application_"))
    return select(*columns).select_from(joined)


def _open(user_hash: bytes) -> Any:  # noqa: ANN401 - a condition
    unanswered = device_requests.c.denied.is_(False) & device_requests.c.grant_id.is_(None)
    return (device_requests.c.user_code == user_hash) & unanswered & (device_requests.c.expires > stamp(now()))
