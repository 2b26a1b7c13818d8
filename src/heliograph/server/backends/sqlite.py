"""The embedded database: one SQLite file, for one machine.

Hides the writer thread, group commit, the readers and SQLite's own errors. SQLite takes one writer at a time and a
durable commit waits for the disk (0.4 ms), so that one thread owns the only writing connection: it takes all the works
that wait, runs each within a savepoint, and commits once for all of them. Readers see the last commit and wait for
nobody (write-ahead log, https://www.sqlite.org/wal.html).
"""

import asyncio
import contextlib
import os
import queue
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, NullPool, Row, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.selectable import Select

from heliograph.server.errors import StorageUnavailable
from heliograph.server.ports import Database

T = TypeVar("T")

_GROUP = 64
"""Works in one commit at most: bounds how long the first of them waits for the last."""

_READERS = 4
_BUSY_TIMEOUT = 10_000
"""Milliseconds to wait for another process (a backup, an import) that writes, before it counts as an outage."""

_SETTINGS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # in WAL mode NORMAL would lose the last commits in a power cut
    "PRAGMA foreign_keys = ON",
    f"PRAGMA busy_timeout = {_BUSY_TIMEOUT}",
    "PRAGMA cache_size = -8192",  # KiB for each connection; no mmap, where a failing disk ends the process (SIGBUS)
    "PRAGMA journal_size_limit = 67108864",
    "PRAGMA temp_store = MEMORY",
)

_OUTAGES = frozenset({
    sqlite3.SQLITE_PERM, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_NOTADB,
})  # fmt: skip
"""Primary result codes that tell of the file, the disk or the machine, not of the statement
(https://www.sqlite.org/rescode.html)."""


@dataclass(slots=True, eq=False)
class _Work:
    """One transaction on its way: what to run, who waits for it in which loop, and how it went."""

    run: Callable[[Connection], Any]
    loop: asyncio.AbstractEventLoop
    waiter: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None


class SqliteDatabase(Database):
    """The database file `path`, whose folder must exist; opened when first used, so that an outage can pass.

    A work whose awaiting task was cancelled is not begun; one already begun is finished and kept. Tables must not have
    deferred constraints: one violated at the commit fails every work of its group.
    """

    def __init__(self, path: Path) -> None:
        """Start the writer thread; touches no file yet."""
        self._path = path
        self._writing = _engine(path)
        event.listen(self._writing, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        self._reading = _engine(path)
        self._works: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._closing = False
        self._writer = threading.Thread(target=self._write, name="sqlite-writer", daemon=True)
        self._writer.start()
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="sqlite-reader")
        self._idle: queue.SimpleQueue[Connection] = queue.SimpleQueue()

    async def fetch_one(self, statement: Select[Any]) -> Row[Any] | None:
        return await self._read(lambda connection: connection.execute(statement).first())

    async def fetch_all(self, statement: Select[Any]) -> Sequence[Row[Any]]:
        return await self._read(lambda connection: connection.execute(statement).all())

    async def transaction(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in the writer thread; transactions happen one after the other, as if each were alone."""
        if self._closing:
            raise StorageUnavailable
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[T] = loop.create_future()
        self._works.put(_Work(work, loop, waiter))
        return await waiter

    async def close(self) -> None:
        """Finish the works that wait, then let go of the file; may be repeated."""
        if not self._closing:
            self._closing = True
            self._works.put(None)
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._writer.join()
        self._readers.shutdown()
        with contextlib.suppress(queue.Empty):
            while True:
                self._idle.get_nowait().close()

    async def _read(self, query: Callable[[Connection], T]) -> T:
        if self._closing:
            raise StorageUnavailable
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._query, query)

    def _query(self, query: Callable[[Connection], T]) -> T:
        """Run `query` on an idle connection, which is kept for the next one unless anything went wrong."""
        with _naming_outages():
            try:
                connection = self._idle.get_nowait()
            except queue.Empty:
                connection = self._reading.connect()
            try:
                result = query(connection)
            except BaseException:
                connection.close()
                raise
        self._idle.put(connection)
        return result

    def _make_private(self) -> None:
        """Make the file, for its owner only, as it holds delete hashes; SQLite gives its other files the same mode."""
        with contextlib.suppress(OSError):  # SQLite says better what is wrong
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))

    def _write(self) -> None:
        """The writer thread's life: group after group, on one connection that is opened anew after an outage."""
        connection: Connection | None = None
        while group := self._next_group():
            try:
                with _naming_outages():
                    if connection is None:
                        self._make_private()
                        connection = self._writing.connect()
                    _commit(connection, group)
            except BaseException as error:  # whatever it is, those who wait must be told
                _fail(group, error)
                if connection:
                    _discard(connection)
                    connection = None
            _answer(group)
        if connection:
            connection.close()

    def _next_group(self) -> list[_Work]:
        """Wait for a work, and take what waits behind it; empty when the database is closed."""
        group: list[_Work] = []
        with contextlib.suppress(queue.Empty):
            while len(group) < _GROUP:
                work = self._works.get(block=not group)
                if work is None:
                    if group:
                        self._works.put(None)
                    break
                if not work.waiter.cancelled():
                    group.append(work)
        return group


def _commit(connection: Connection, group: list[_Work]) -> None:
    """Run the works in one transaction, each within its savepoint, and commit.

    A work's own exception goes to its own caller. Raises when the transaction as a whole was lost.
    """
    driver = connection.connection.driver_connection
    assert driver is not None
    with connection.begin() as transaction:
        for work in group:
            driver.execute("SAVEPOINT work")
            try:
                with _naming_outages():
                    work.result = work.run(connection)
            except BaseException as error:  # it is raised again where the work is awaited
                work.error = error if not isinstance(error, StopIteration) else RuntimeError("StopIteration in a work")
                if not driver.in_transaction:  # after some failures, such as a full disk, SQLite rolls back everything
                    raise
                driver.execute("ROLLBACK TO work")
            driver.execute("RELEASE work")
        transaction.commit()


def _fail(group: list[_Work], error: BaseException) -> None:
    """Tell every work of a lost transaction so, except those that failed by themselves."""
    for work in group:
        if work.error is None:
            work.error = StorageUnavailable()
            work.error.__cause__ = error


def _answer(group: list[_Work]) -> None:
    """Wake those who wait: one call into each event loop."""
    by_loop: defaultdict[asyncio.AbstractEventLoop, list[_Work]] = defaultdict(list)
    for work in group:
        by_loop[work.loop].append(work)
    for loop, works in by_loop.items():
        with contextlib.suppress(RuntimeError):  # the loop was closed, so nobody waits any more
            loop.call_soon_threadsafe(_resolve, works)


def _resolve(works: list[_Work]) -> None:
    for work in works:
        if work.waiter.done():
            continue
        if work.error is None:
            work.waiter.set_result(work.result)
        else:
            work.waiter.set_exception(work.error)


def _discard(connection: Connection) -> None:
    with contextlib.suppress(Exception):
        connection.invalidate()
        connection.close()


def _engine(path: Path) -> Engine:
    """An engine whose connections begin transactions only when told, so that a read alone costs no BEGIN and COMMIT."""
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        poolclass=NullPool,
        connect_args={"isolation_level": None, "check_same_thread": False},
        hide_parameters=True,
    )
    event.listen(engine, "connect", _prepare)
    return engine


def _prepare(driver: sqlite3.Connection, _record: object) -> None:
    for setting in _SETTINGS:
        driver.execute(setting).close()
    # SQLite's own knows A to Z only (https://www.sqlite.org/lang_corefunc.html#lower).
    driver.create_function("lower", 1, _lower, deterministic=True)


def _lower(text: str | None) -> str | None:
    return text.lower() if text is not None else None


@contextlib.contextmanager
def _naming_outages() -> Iterator[None]:
    """Speak of a failing file, disk or lock as StorageUnavailable; let errors of the statement itself through."""
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        code = getattr(cause, "sqlite_errorcode", 0)
        if code & 0xFF in _OUTAGES:
            raise StorageUnavailable from error
        raise
