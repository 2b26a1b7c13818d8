"""What is particular to SqliteDatabase: its groups, its disk, its lock, and being killed."""

import asyncio
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from heliograph.server.backends import sqlite
from heliograph.server.backends.sqlite import SqliteDatabase
from heliograph.server.errors import StorageUnavailable
from tests.contracts.tables import tables, things

pytestmark = pytest.mark.anyio

WRITER = """
import asyncio, sys
from pathlib import Path
from sqlalchemy import text
from heliograph.server.backends.sqlite import SqliteDatabase

async def main():
    database = SqliteDatabase(Path(sys.argv[1]))
    create = "CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT)"
    await database.transaction(lambda c: c.exec_driver_sql(create))
    async def add_for_ever(first):
        for number in range(first, 1 << 30, 8):
            await database.transaction(lambda c: c.execute(text("INSERT INTO things VALUES (:n, 'x')"), {"n": number}))
            print(number, flush=True)
    print("ready", flush=True)
    await asyncio.gather(*(add_for_ever(first) for first in range(8)))

asyncio.run(main())
"""


@pytest.fixture
async def database(tmp_path):
    database = SqliteDatabase(tmp_path / "heliograph.db")
    await database.transaction(tables.create_all)
    yield database
    await database.close()


def adding(number):
    return lambda connection: connection.execute(insert(things).values(id=number, name=f"thing {number}")).rowcount


async def ids(database):
    return [row.id for row in await database.fetch_all(select(things.c.id).order_by(things.c.id))]


async def test_it_is_set_to_lose_nothing_in_a_power_cut(database):
    def settings(connection):
        names = ("journal_mode", "synchronous", "foreign_keys")
        return [connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in names]

    assert await database.transaction(settings) == ["wal", 2, 1]


async def test_works_that_wait_share_one_commit(database, tmp_path):
    started, release = threading.Event(), threading.Event()

    def hold(_connection):
        started.set()
        release.wait(10)

    holding = asyncio.ensure_future(database.transaction(hold))
    await asyncio.to_thread(started.wait, 10)
    adds = [asyncio.ensure_future(database.transaction(adding(number))) for number in range(40)]
    await asyncio.sleep(0)
    log = tmp_path / "heliograph.db-wal"
    size = log.stat().st_size
    release.set()
    await asyncio.gather(holding, *adds)
    pages = (log.stat().st_size - size) / 4096
    assert pages < 20
    assert await ids(database) == list(range(40))


async def test_reads_do_not_wait_for_a_writer_and_do_not_see_what_it_has_not_committed(database):
    started, release = threading.Event(), threading.Event()

    def hold(connection):
        adding(1)(connection)
        started.set()
        release.wait(10)

    holding = asyncio.ensure_future(database.transaction(hold))
    await asyncio.to_thread(started.wait, 10)
    assert await asyncio.wait_for(ids(database), 2) == []
    release.set()
    await holding
    assert await ids(database) == [1]


async def test_a_full_disk_is_an_outage_that_acknowledges_nothing_and_passes(database):
    def fill(connection):
        connection.exec_driver_sql("PRAGMA max_page_count = 1")
        for number in range(1000, 9000):
            adding(number)(connection)

    outcomes = await asyncio.gather(
        *(database.transaction(adding(number)) for number in range(5)),
        database.transaction(fill),
        *(database.transaction(adding(number)) for number in range(5, 10)),
        return_exceptions=True,
    )
    assert isinstance(outcomes[5], StorageUnavailable)
    acknowledged = [number for number, outcome in enumerate(outcomes[:5] + outcomes[6:]) if outcome == 1]
    assert await ids(database) == acknowledged
    await database.transaction(adding(20))
    assert await ids(database) == [*acknowledged, 20]


async def test_another_process_that_keeps_the_lock_too_long_is_an_outage_that_passes(tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite, "_SETTINGS", (*sqlite._SETTINGS, "PRAGMA busy_timeout = 100"))
    database = SqliteDatabase(tmp_path / "heliograph.db")
    await database.transaction(tables.create_all)
    other = sqlite3.connect(tmp_path / "heliograph.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageUnavailable):
        await database.transaction(adding(1))
    assert await ids(database) == []
    other.execute("COMMIT")
    other.close()
    await database.transaction(adding(1))
    assert await ids(database) == [1]
    await database.close()


async def test_a_damaged_file_is_an_outage(tmp_path):
    (tmp_path / "heliograph.db").write_bytes(b"This is no database at all. " * 400)
    database = SqliteDatabase(tmp_path / "heliograph.db")
    with pytest.raises(StorageUnavailable):
        await database.transaction(adding(1))
    with pytest.raises(StorageUnavailable):
        await ids(database)
    await database.close()


async def test_a_work_cancelled_before_its_turn_is_not_run(database):
    started, release = threading.Event(), threading.Event()
    holding = asyncio.ensure_future(database.transaction(lambda _: (started.set(), release.wait(10))))
    await asyncio.to_thread(started.wait, 10)
    waiting = asyncio.ensure_future(database.transaction(adding(1)))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    release.set()
    await holding
    await database.transaction(adding(2))
    assert await ids(database) == [2]


def test_a_loop_that_ended_before_its_answer_stops_nobody(tmp_path):
    database = SqliteDatabase(tmp_path / "heliograph.db")
    asyncio.run(database.transaction(tables.create_all))
    release = threading.Event()

    async def leave():
        task = asyncio.ensure_future(database.transaction(lambda connection: (release.wait(10), adding(1)(connection))))
        await asyncio.wait([task], timeout=0.05)

    asyncio.run(leave())
    release.set()

    async def go_on():
        await database.transaction(adding(2))
        found = await ids(database)
        await database.close()
        return found

    assert asyncio.run(go_on()) == [1, 2]


@pytest.mark.parametrize("moment", range(3))
def test_killed_under_load_it_keeps_what_it_acknowledged(tmp_path: Path, moment):
    file = tmp_path / "heliograph.db"
    with subprocess.Popen([sys.executable, "-c", WRITER, file], stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout.readline() == "ready\n"
        time.sleep(0.05 + 0.03 * moment)
        program.kill()
        acknowledged = [int(line) for line in program.stdout.read().split("\n")[:-1]]
    assert acknowledged
    connection = sqlite3.connect(file)
    assert set(acknowledged) <= {number for (number,) in connection.execute("SELECT id FROM things")}
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
