"""What is particular to PostgresDatabase: coming back by itself, and its password."""

import asyncio
import traceback

import pytest
from sqlalchemy import literal, select

from heliograph.server.backends.postgres import PostgresDatabase
from heliograph.server.errors import StorageUnavailable

pytestmark = pytest.mark.anyio


async def one(database):
    return (await database.fetch_one(select(literal(1))))[0]


async def test_a_server_that_was_restarted_between_two_uses_is_not_noticed(postgres_server):
    database = PostgresDatabase(postgres_server.url)
    await asyncio.gather(*(one(database) for _ in range(20)))
    await asyncio.to_thread(postgres_server.stop)
    await asyncio.to_thread(postgres_server.start)
    assert await one(database) == 1
    await asyncio.to_thread(postgres_server.stop)
    await asyncio.to_thread(postgres_server.start)
    assert await database.transaction(lambda connection: connection.scalar(select(literal(2)))) == 2
    await database.close()


async def test_an_outage_shows_no_password(postgres_server):
    database = PostgresDatabase(postgres_server.url + "_that_does_not_exist")
    with pytest.raises(StorageUnavailable) as failure:
        await one(database)
    assert postgres_server.password not in "".join(traceback.format_exception(failure.value))
    await database.close()


async def test_a_wrong_password_is_an_outage(postgres_server):
    database = PostgresDatabase(postgres_server.url.replace(postgres_server.password, "wrong"))
    with pytest.raises(StorageUnavailable):
        await one(database)
    await database.close()
