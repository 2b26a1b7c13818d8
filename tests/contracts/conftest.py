"""The implementations under contract, each with what a test needs to trouble it: real servers, outages, reopening."""

import asyncio
import contextlib
import os
import shutil
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from obstore.store import S3Store

from heliograph.server.backends.disk import DiskStore
from heliograph.server.backends.memory import MemoryLimiter
from heliograph.server.backends.object_store import ObjectStore
from heliograph.server.backends.postgres import PostgresDatabase
from heliograph.server.backends.sqlite import SqliteDatabase
from heliograph.server.backends.valkey import ValkeyLimiter
from heliograph.server.ports import BlobStore, Database, Limiter
from tests.contracts.tables import tables
from tests.servers.gate import Gate
from tests.servers.postgres import PostgresServer
from tests.servers.seaweed import SeaweedServer
from tests.servers.valkey import ValkeyServer


class DiskSubject:
    """A DiskStore in a temporary folder."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "blobs"
        self.store: BlobStore = DiskStore(self.root)

    def reopen(self) -> BlobStore:
        return DiskStore(self.root)

    async def damage(self, name: str) -> None:
        """Cut the blob short, as a failing disk does."""
        os.truncate(self.root / name[:2] / name, 3)

    @contextlib.asynccontextmanager
    async def outage(self) -> AsyncIterator[None]:
        """The disk is not mounted: an empty folder is in its place."""
        away = self.root.with_name("away")
        self.root.rename(away)
        self.root.mkdir()
        yield
        self.root.rmdir()
        away.rename(self.root)


class ObjectSubject:
    """An ObjectStore in a folder of its own in a bucket of SeaweedFS, reached through a gate."""

    def __init__(self, server: SeaweedServer, gate: Gate) -> None:
        self.gate = gate
        self.server = server
        self.folder = uuid.uuid4().hex
        self.store: BlobStore = self.reopen()

    def reopen(self) -> BlobStore:
        return ObjectStore(self.server.url(self.folder, self.gate.port), **self.server.credentials)

    async def damage(self, name: str) -> None:
        """Put something shorter in the blob's place."""
        endpoint = f"http://127.0.0.1:{self.server.port}"
        options = {"allow_http": True}
        bucket = S3Store("images", endpoint=endpoint, client_options=options, **self.server.credentials)
        await bucket.put_async(f"{self.folder}/{name[:2]}/{name}", b"cut")

    @contextlib.asynccontextmanager
    async def outage(self) -> AsyncIterator[None]:
        """The network between is cut, and open connections with it."""
        await self.gate.shut()
        yield
        await self.gate.open()


@pytest.fixture(params=["disk", "object_store"])
async def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[DiskSubject | ObjectSubject]:
    if request.param == "disk":
        yield DiskSubject(tmp_path)
        return
    server = request.getfixturevalue("seaweed_server")
    gate = Gate(server.port)
    await gate.open()
    yield ObjectSubject(server, gate)
    await gate.shut()


class SqliteSubject:
    """A SqliteDatabase in a temporary folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "database"
        self.folder.mkdir()
        self.database: Database = self.open()

    def open(self) -> Database:
        return SqliteDatabase(self.folder / "heliograph.db")

    @contextlib.asynccontextmanager
    async def outage(self) -> AsyncIterator[None]:
        """The folder is away when the database is opened, and comes back."""
        await self.database.close()
        away = self.folder.with_name("away")
        self.folder.rename(away)
        self.database = self.open()
        yield
        shutil.rmtree(self.folder, ignore_errors=True)
        away.rename(self.folder)


class PostgresSubject:
    """A PostgresDatabase on a real server."""

    def __init__(self, server: PostgresServer) -> None:
        self.server = server
        self.database: Database = self.open()

    def open(self) -> Database:
        return PostgresDatabase(self.server.url)

    @contextlib.asynccontextmanager
    async def outage(self) -> AsyncIterator[None]:
        """The server is killed under open connections, and comes back."""
        self.server.kill()
        yield
        await asyncio.to_thread(self.server.start)


@pytest.fixture(params=["sqlite", "postgres"])
async def subject(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SqliteSubject | PostgresSubject]:
    """A database with the empty tables `things` and `counters`."""
    subject: SqliteSubject | PostgresSubject
    if request.param == "sqlite":
        subject = SqliteSubject(tmp_path)
    else:
        subject = PostgresSubject(request.getfixturevalue("postgres_server"))
    await subject.database.transaction(tables.drop_all)
    await subject.database.transaction(tables.create_all)
    yield subject
    await subject.database.close()


@pytest.fixture(params=["memory", "valkey"])
async def limiter(request: pytest.FixtureRequest) -> AsyncIterator[Limiter]:
    """A limiter with nothing counted yet."""
    if request.param == "memory":
        yield MemoryLimiter()
        return
    server: ValkeyServer = request.getfixturevalue("valkey_server")
    await asyncio.to_thread(server.forget)
    limiter = ValkeyLimiter(server.url())
    yield limiter
    assert limiter.let_through == 0
    await limiter.close()
