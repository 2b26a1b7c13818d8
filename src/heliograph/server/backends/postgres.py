"""The shared database: PostgreSQL, for several server processes on one or many machines.

Hides the connection pool, its recovery after an outage, and the repeating of transactions that met each other.
Transactions are serializable, as they are on SQLite, so that the catalog means the same on both: two that read what
the other writes cannot both succeed, and the one that PostgreSQL refuses is run again
(https://www.postgresql.org/docs/current/transaction-iso.html#XACT-SERIALIZABLE).
"""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, TypeVar

import asyncpg
from sqlalchemy import Connection, Row, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.sql.selectable import Select

from heliograph.server.errors import StorageUnavailable
from heliograph.server.ports import Database

T = TypeVar("T")

_CONNECTIONS = 8
"""For each server process. PostgreSQL admits 100 in all by default."""

_CONNECT_SECONDS = 5
_STATEMENT_SECONDS = 30
"""Longer than any statement of ours takes: what does not answer by then is gone."""

_ATTEMPTS = 15
"""Runs of one transaction before giving up; only many writers of the very same rows need more than two or three."""

_FIRST_PAUSE = 0.002
"""Seconds, on average, before the second run; doubled each time up to a hundredfold."""

_CONFLICTS = ("40001", "40P01")
"""SQLSTATE of serialization_failure and deadlock_detected: the transaction had no effect and may succeed again."""

_OUTAGES = ("08", "25006", "28", "3D", "40", "53", "55P03", "57", "58", "F0", "XX")
"""Beginnings of the SQLSTATEs that tell of the server, not of the statement: connection lost, read-only (a standby),
password refused, no such database, conflicts to the end, out of resources (full disk), lock not available, shut down,
input/output error, configuration, damaged data (https://www.postgresql.org/docs/current/errcodes-appendix.html)."""


class PostgresDatabase(Database):
    """The database at `url`, such as `postgresql://user:password@host:5432/name`; connects when first used.

    A lost connection is replaced at the next use. The password appears in no message.
    """

    def __init__(self, url: str) -> None:
        self._engine = create_async_engine(
            make_url(url).set(drivername="postgresql+asyncpg"),
            pool_size=_CONNECTIONS,
            max_overflow=0,
            pool_timeout=_STATEMENT_SECONDS,
            isolation_level="SERIALIZABLE",
            hide_parameters=True,
            connect_args={"timeout": _CONNECT_SECONDS, "command_timeout": _STATEMENT_SECONDS},
        )
        self._reading = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._closed = False
        self._under_way = 0
        self._quiet = asyncio.Event()
        self._quiet.set()

    async def fetch_one(self, statement: Select[Any]) -> Row[Any] | None:
        return await self._repeating(lambda: self._read(lambda connection: connection.execute(statement).first()))

    async def fetch_all(self, statement: Select[Any]) -> Sequence[Row[Any]]:
        return await self._repeating(lambda: self._read(lambda connection: connection.execute(statement).all()))

    async def transaction(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in the event loop (a statement of it awaits, unseen), again when it met another transaction."""
        return await self._repeating(lambda: self._write(work))

    async def close(self) -> None:
        """Wait for what is under way, then close the connections; may be repeated."""
        self._closed = True
        await self._quiet.wait()
        await self._engine.dispose()

    async def _read(self, query: Callable[[Connection], T]) -> T:
        async with self._reading.connect() as connection:
            return await connection.run_sync(query)

    async def _write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` and commit. A connection lost in the commit is an outage at once: it may have been committed."""
        async with self._engine.connect() as connection:
            transaction = await connection.begin()
            result = await connection.run_sync(work)
            try:
                await transaction.commit()
            except (DBAPIError, OSError) as error:
                if _is_conflict(error):
                    raise
                raise StorageUnavailable from error
            return result

    async def _repeating(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Try again after a conflict, and once after a connection of the pool turns out to be dead."""
        reconnected = False
        with self._counted(), _naming_outages():
            for number in range(_ATTEMPTS - 1):
                try:
                    return await attempt()
                except DBAPIError as error:
                    if error.connection_invalidated and not reconnected:
                        reconnected = True
                    elif _is_conflict(error):
                        await asyncio.sleep(random.random() * 2 * _FIRST_PAUSE * min(2**number, 100))  # noqa: S311
                    else:
                        raise
            return await attempt()

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        """Let `close` know of a use, and refuse uses after it."""
        if self._closed:
            raise StorageUnavailable
        self._under_way += 1
        self._quiet.clear()
        try:
            yield
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._quiet.set()


def _state(error: BaseException) -> str:
    """The SQLSTATE behind an error, or nothing where the server did not speak."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return str(getattr(cause, "sqlstate", None) or "")


def _is_conflict(error: BaseException) -> bool:
    return _state(error) in _CONFLICTS


@contextlib.contextmanager
def _naming_outages() -> Iterator[None]:
    """Speak of a server that is away, full, ending or read-only as StorageUnavailable; let other errors through."""
    try:
        yield
    except (OSError, PoolTimeout, asyncpg.InterfaceError) as error:  # TimeoutError is an OSError
        raise StorageUnavailable from error
    except (DBAPIError, asyncpg.PostgresError) as error:
        lost = isinstance(error, DBAPIError) and error.connection_invalidated
        if lost or _state(error).startswith(_OUTAGES):
            raise StorageUnavailable from error
        raise
