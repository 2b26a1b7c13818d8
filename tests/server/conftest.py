"""What the tests of the server share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from heliograph.server.backends.postgres import PostgresDatabase
from heliograph.server.backends.sqlite import SqliteDatabase
from heliograph.server.migrations import upgrade
from heliograph.server.ports import Database
from tests.servers.postgres import PostgresServer


@pytest.fixture
def under_way(tmp_path: Path) -> Path:
    """A folder for files under way."""
    return tmp_path


def _empty(connection: Connection) -> None:
    connection.execute(text("DROP SCHEMA public CASCADE"))
    connection.execute(text("CREATE SCHEMA public"))


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """A fresh database of either kind, up to date."""
    if request.param == "sqlite":
        made: Database = SqliteDatabase(tmp_path / "h.db")
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        made = PostgresDatabase(server.url)
        await made.transaction(_empty)
    await made.transaction(upgrade.to_head)
    yield made
    if request.param == "postgresql":
        await made.transaction(_empty)
    await made.close()
