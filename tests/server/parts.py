"""The services of a server, assembled from real parts in one folder, without HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from heliograph.imaging.pool import WorkerPool
from heliograph.server.audit import Audit
from heliograph.server.backends.disk import DiskStore
from heliograph.server.backends.remote import RemoteFetcher
from heliograph.server.backends.sqlite import SqliteDatabase
from heliograph.server.companions import Companions
from heliograph.server.incoming import Incoming
from heliograph.server.library import Library
from heliograph.server.links import Links
from heliograph.server.migrations import upgrade
from heliograph.server.model import Caller, Image, Quota, Texts
from heliograph.server.quotas import Quotas
from heliograph.server.receipts import Signer, load_or_make_key
from heliograph.server.upkeep import Upkeep
from heliograph.server.uploads import Accepted, Uploads

ANYBODY = Caller("192.0.2.1")


@dataclass
class Parts:
    """What a test may take hold of."""

    folder: Path
    database: SqliteDatabase
    blobs: DiskStore
    renditions: DiskStore
    pool: WorkerPool
    uploads: Uploads
    library: Library

    async def upload(
        self,
        content: bytes,
        key: str | None = None,
        caller: Caller = ANYBODY,
        *,
        by_content: bool = False,
        **texts: str,
    ) -> Accepted:
        with Incoming(self.folder, 10_000_000) as incoming:
            incoming.write(content)
            return await self.uploads.accept(incoming, Texts(**texts), caller, key, by_content=by_content)

    def upkeep(self, grace: float = 0.0) -> Upkeep:
        audit = Audit(self.database, kept=timedelta(days=365), addresses_kept=timedelta(days=30))
        return Upkeep(database=self.database, blobs=self.blobs, renditions=self.renditions, audit=audit, grace=grace)

    async def names(self) -> list[str]:
        """The names of all stored originals."""
        return [name async for name in self.blobs.keys()]  # noqa: SIM118 - a store is no mapping

    async def stored(self, image: Image) -> int | None:
        """The size of the image's bytes in the store, None where they are gone."""
        return await self.blobs.stat(image.blob.sha256.hex())


@asynccontextmanager
async def assembled(folder: Path, quota: Quota = Quota()) -> AsyncIterator[Parts]:  # noqa: B008 - a frozen record
    """Parts on a fresh database and an empty store below `folder`; `quota` is that of every account."""
    under_way = folder / "under-way"
    under_way.mkdir()
    database, blobs, pool = SqliteDatabase(folder / "h.db"), DiskStore(folder / "blobs"), WorkerPool(workers=1)
    await database.transaction(upgrade.to_head)
    links = Links("http://h.example")
    quotas = Quotas(database, quota)
    uploads = Uploads(
        database=database,
        blobs=blobs,
        transformer=pool,
        fetcher=RemoteFetcher(),
        signer=Signer(load_or_make_key(folder / "key.pem"), links),
        quotas=quotas,
        companions=Companions(database=database, blobs=blobs, vectors=True),
        folder=under_way,
        max_bytes=10_000_000,
    )
    renditions = DiskStore(folder / "renditions", durable=False)
    library = Library(
        database=database, blobs=blobs, renditions=renditions, transformer=pool, quotas=quotas, folder=under_way
    )
    await pool.start()
    try:
        yield Parts(under_way, database, blobs, renditions, pool, uploads, library)
    finally:
        await pool.close()
        await database.close()
