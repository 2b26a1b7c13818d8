"""The revisions make exactly the tables that the catalog speaks of, and lose nothing that was there."""

import asyncio
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, select, text

from heliograph.server import catalog, migrations
from heliograph.server.backends.postgres import PostgresDatabase
from heliograph.server.backends.sqlite import SqliteDatabase
from heliograph.server.catalog import albums as catalog_albums
from heliograph.server.catalog import favorites, grants, oauth1, openid, statistics, tables
from heliograph.server.identity import Identity
from heliograph.server.migrations import upgrade
from heliograph.server.model import Album, Blob, Grant, Image
from heliograph.server.ports import Database
from tests.servers.postgres import PostgresServer

MODULES_WITH_TABLES = (catalog_albums, favorites, oauth1, openid, statistics, tables)
"""What has to be loaded for all tables to be known."""


async def differences(database: Database) -> list[object]:
    assert await database.transaction(migrations.version) is None
    await database.transaction(upgrade.to_head)
    assert await database.transaction(migrations.version) == migrations.HEAD
    return await database.transaction(
        lambda connection: compare_metadata(MigrationContext.configure(connection), catalog.metadata)
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


def _to(revision: str, connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


async def albums_come_to_what_was_there(database: Database) -> None:
    await database.transaction(lambda connection: _to("0001", connection))
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


async def refresh_tokens_stay_what_they_were(database: Database) -> None:
    """One that was used before the upgrade is still known as used, and comes too late to have lost its answer."""
    await database.transaction(lambda connection: _to("0009", connection))
    await database.transaction(catalog.add_account({"name": "ada", "role": "user"}))
    values: dict[str, object] = {"client_id": "c1", "key": "k1", "name": "one", "redirects": ""}
    await database.transaction(catalog.add_application(values))
    account = await database.fetch_one(catalog.account("ada"))
    application = await database.fetch_one(catalog.application("c1"))
    assert account is not None
    assert application is not None
    owner, program = catalog.to_account(account), catalog.to_application(application)
    grant = Grant("g1", owner, program, frozenset({"albums"}), True, catalog.now())
    await database.transaction(grants.add_grant(grant))
    row = text("INSERT INTO refresh_tokens (hash, grant_id, expires, used) VALUES (:hash, 'g1', NULL, :used)")
    states = {b"u" * 32: True, b"n" * 32: False}
    for token, used in states.items():
        bound = row.bindparams(hash=token, used=used)
        await database.transaction(lambda connection, bound=bound: tables.run(connection, bound))
    await database.transaction(upgrade.to_head)
    for token, used in states.items():
        found = await database.fetch_one(grants.refresh_of(token))
        assert found is not None
        assert (grants.to_refresh(found).used, found.refresh_used_at) == (used, None)


@pytest.mark.anyio
async def test_refresh_tokens_of_an_older_version_stay_what_they_were_on_sqlite(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "heliograph.db")
    await refresh_tokens_stay_what_they_were(database)
    await database.close()


@pytest.mark.anyio
async def test_refresh_tokens_of_an_older_version_stay_what_they_were_on_postgresql(
    postgres_server: PostgresServer,
) -> None:
    database = PostgresDatabase(postgres_server.url)
    try:
        await database.transaction(_empty)
        await refresh_tokens_stay_what_they_were(database)
    finally:
        await database.transaction(_empty)
        await database.close()


def _empty(connection: Connection) -> None:
    """Drop every table, also those of other tests: the server is shared."""
    connection.execute(text("DROP SCHEMA public CASCADE"))
    connection.execute(text("CREATE SCHEMA public"))


async def keys_stay_with_their_images(database: Database) -> None:
    """An idempotency key of the day before the upgrade goes on giving its image, with the hash of what arrived."""
    await database.transaction(lambda connection: _to("0010", connection))
    sent = {"one": b"b" * 32, "two": b"r" * 32, "three": None}
    blob = (
        "INSERT INTO blobs (sha256, size, media_type, width, height, frames, stored, sweeping) "
        "VALUES (:blob, 9, 'image/png', 1, 1, 1, 5, false)"
    )
    image = "INSERT INTO images (id, delete_hash, blob, created) VALUES (:id, :id, :blob, 5)"
    replay = (
        "INSERT INTO replays (key, fingerprint, received_sha256, image_id, created) VALUES (:key, :key, :sent, :id, 5)"
    )

    def fill(connection: Connection) -> None:
        connection.execute(text(blob).bindparams(blob=b"b" * 32))
        for name, received in sent.items():
            connection.execute(text(image).bindparams(id=name, blob=b"b" * 32))
            if received is not None:
                key = hashlib.sha256(name.encode()).digest()
                connection.execute(text(replay).bindparams(key=key, sent=received, id=name))

    await database.transaction(fill)
    await database.transaction(upgrade.to_head)
    for name, received in sent.items():
        key = hashlib.sha256(name.encode()).digest()[:16]
        found = await database.fetch_one(catalog.replay(key))
        assert (found is None) == (received is None)
        if found is not None:
            assert catalog.to_image(found).id == name
            assert catalog.to_replay(found) == catalog.Replay(key, key, received or b"")


@pytest.mark.anyio
async def test_idempotency_keys_of_an_older_version_stay_with_their_images_on_sqlite(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "heliograph.db")
    await keys_stay_with_their_images(database)
    await database.close()


@pytest.mark.anyio
async def test_idempotency_keys_of_an_older_version_stay_with_their_images_on_postgresql(
    postgres_server: PostgresServer,
) -> None:
    database = PostgresDatabase(postgres_server.url)
    try:
        await database.transaction(_empty)
        await keys_stay_with_their_images(database)
    finally:
        await database.transaction(_empty)
        await database.close()


def test_head_is_the_newest_revision() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    assert ScriptDirectory.from_config(config).get_current_head() == migrations.HEAD


ROWS_OF_0001 = (
    "INSERT INTO accounts (id, name, enabled, created) VALUES (1, 'owner', :yes, 1), (2, 'second', :yes, 2)",
    "INSERT INTO applications (id, client_id, name, account_id, enabled, created)"
    " VALUES (1, '0123456789abcde', 'first application', 1, :yes, 1), (2, 'fedcba987654321', 'other', 2, :yes, 2)",
    "INSERT INTO keys (hash, account_id, application_id, created, revoked)"
    " VALUES (:key, 1, 1, 1, NULL), (:revoked, 2, NULL, 1, 5)",
    "INSERT INTO blobs (sha256, size, media_type, width, height, frames, stored, sweeping)"
    " VALUES (:blob, 4, 'image/png', 1, 1, 1, 1, :no)",
    "INSERT INTO images (id, delete_hash, blob, account_id, application_id, created, title)"
    " VALUES ('aaaaaaaaaa', 'bbbbbbbbbbbbbbb', :blob, 1, 1, 1, 'kept'),"
    " ('aaaaaaaaa2', 'bbbbbbbbbbbbbb2', :blob, 1, 1, 1, 'shows the same bytes'),"
    " ('aaaaaaaaa3', 'bbbbbbbbbbbbbb3', :blob, NULL, NULL, 1, 'nobody owns it')",
    "INSERT INTO images (id, delete_hash, blob, account_id, created, removed)"
    " VALUES ('aaaaaaaaa4', 'bbbbbbbbbbbbbb4', :blob, 2, 1, 2)",
)
VALUES = {
    "yes": True,
    "no": False,
    "key": hashlib.sha256(b"0" * 32).digest(),
    "revoked": hashlib.sha256(b"1" * 32).digest(),
    "blob": b"b" * 32,
}


def fill_as_0001_left_it(connection: Connection) -> None:
    """The tables of the first release, with a row in each."""
    _to("0001", connection)
    for statement in ROWS_OF_0001:
        used = {name: value for name, value in VALUES.items() if f":{name}" in statement}
        connection.execute(text(statement), used)


async def upgraded(database: Database) -> None:
    """What was in the database of the first release is there and usable after the upgrade."""
    await database.transaction(fill_as_0001_left_it)
    await database.transaction(upgrade.to_head)
    assert await database.transaction(migrations.version) == migrations.HEAD
    differences = await database.transaction(
        lambda connection: compare_metadata(MigrationContext.configure(connection), catalog.metadata)
    )
    assert differences == []
    rows = await database.fetch_all(select(tables.accounts).order_by(tables.accounts.c.id))
    assert [(row.name, row.role) for row in rows] == [("owner", "administrator"), ("second", "user")]
    assert [(row.used_bytes, row.used_images) for row in rows] == [(8, 2), (0, 0)]
    applications = await database.fetch_all(select(tables.applications))
    assert len({row.key for row in applications if len(row.key) == 32}) == 2
    tokens = await database.fetch_all(select(tables.keys).order_by(tables.keys.c.account_id))
    assert len({row.id for row in tokens if len(row.id) == 10}) == 2
    assert {row.scopes for row in tokens} == {"account albums images:read images:write"}
    identity = Identity(database)
    holder = await identity.holder("0" * 32)
    assert holder is not None
    assert holder.account is not None
    assert holder.account.name == "owner"
    assert await identity.holder("1" * 32) is None
    found = await database.fetch_one(catalog.image("aaaaaaaaaa"))
    assert found is not None
    assert catalog.to_image(found).title == "kept"


@pytest.mark.anyio
async def test_data_of_the_first_release_survives_on_sqlite(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "heliograph.db")
    await upgraded(database)
    await database.close()


@pytest.mark.anyio
async def test_data_of_the_first_release_survives_on_postgresql(postgres_server: PostgresServer) -> None:
    database = PostgresDatabase(postgres_server.url)
    try:
        await database.transaction(_empty)
        await upgraded(database)
    finally:
        await database.transaction(_empty)
        await database.close()


@contextmanager
def emptied(server: PostgresServer) -> Iterator[None]:
    """Without any table, before and afterwards."""

    async def empty() -> None:
        database = PostgresDatabase(server.url)
        await database.transaction(_empty)
        await database.close()

    asyncio.run(empty())
    try:
        yield
    finally:
        asyncio.run(empty())
