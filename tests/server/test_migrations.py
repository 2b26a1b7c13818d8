"""The revisions make exactly the tables that the catalog speaks of."""

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from heliograph.server import catalog, catalog_albums, migrations
from heliograph.server.backends.postgres import PostgresDatabase
from heliograph.server.backends.sqlite import SqliteDatabase
from heliograph.server.migrations import upgrade
from heliograph.server.model import Album, Blob, Image
from heliograph.server.ports import Database
from tests.servers.postgres import PostgresServer


async def differences(database: Database) -> list[object]:
    assert await database.transaction(migrations.version) is None
    await database.transaction(upgrade.to_head)
    assert await database.transaction(migrations.version) == migrations.HEAD
    return await database.transaction(
        lambda connection: compare_metadata(MigrationContext.configure(connection), catalog_albums.albums.metadata)
    )


@pytest.mark.anyio
async def test_on_sqlite(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "heliograph.db")
    assert await differences(database) == []
    await database.close()


@pytest.mark.anyio
async def test_on_postgresql(postgres_server: PostgresServer) -> None:
    database = PostgresDatabase(postgres_server.url)
    try:
        await database.transaction(_empty)
        assert await differences(database) == []
    finally:
        await database.transaction(_empty)
        await database.close()


def _to_0001(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, "0001")


async def albums_come_to_what_was_there(database: Database) -> None:
    await database.transaction(_to_0001)
    blob = Blob(b"\x01" * 32, 5, "image/png", 4, 3, 1)
    image = Image("aB3xY7qmTz", "d" * 15, blob, None, None, catalog.now())
    await database.transaction(catalog.add_image(image, None))
    await database.transaction(upgrade.to_head)
    album = Album("aB3xY7qmTzzz", "e" * 15, None, catalog.now(), "hidden", "blog")
    await database.transaction(catalog_albums.add_album(album, [image.id]))
    rows = await database.fetch_all(catalog_albums.images_of(album.id))
    assert [catalog.to_image(row) for row in rows] == [image]


@pytest.mark.anyio
async def test_images_of_an_older_version_can_be_put_into_albums_on_sqlite(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "heliograph.db")
    await albums_come_to_what_was_there(database)
    await database.close()


@pytest.mark.anyio
async def test_images_of_an_older_version_can_be_put_into_albums_on_postgresql(
    postgres_server: PostgresServer,
) -> None:
    database = PostgresDatabase(postgres_server.url)
    try:
        await database.transaction(_empty)
        await albums_come_to_what_was_there(database)
    finally:
        await database.transaction(_empty)
        await database.close()


def _empty(connection: Connection) -> None:
    """Drop every table, also those of other tests: the server is shared."""
    connection.execute(text("DROP SCHEMA public CASCADE"))
    connection.execute(text("CREATE SCHEMA public"))


def test_head_is_the_newest_revision() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    assert ScriptDirectory.from_config(config).get_current_head() == migrations.HEAD
