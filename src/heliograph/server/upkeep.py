"""What a server does by itself: sweep the bytes that no image shows any more, forget old deeds, days of views and
whatever OAuth has left over.
"""

import asyncio
import logging
from datetime import timedelta

from heliograph.imaging.recipe import LETTERS, WEB
from heliograph.server import catalog, statistics
from heliograph.server.audit import Audit
from heliograph.server.catalog import grants as catalog_grants
from heliograph.server.identity import oauth1
from heliograph.server.library import rendition_name
from heliograph.server.ports import BlobStore, Database

log = logging.getLogger("heliograph")

_AT_ONCE = 100
_PAUSE = 3600.0


class Upkeep:
    """Repeats its rounds until cancelled. `grace` is how many seconds the bytes of a removed image are kept."""

    def __init__(
        self, *, database: Database, blobs: BlobStore, renditions: BlobStore, audit: Audit, grace: float
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._renditions = renditions
        self._audit = audit
        self._grace = timedelta(seconds=grace)

    async def run(self) -> None:
        """One round at once, then one an hour. A round that fails is logged and repeated with the next."""
        while True:
            try:
                await self.sweep()
                await oauth1.forget(self._database)
                await self._database.transaction(catalog_grants.forget_expired())
                await self._audit.forget()
                await statistics.forget(self._database)
            except Exception:  # whatever it was, the next round may go well, and nobody else would tell of it
                log.exception("upkeep failed; it goes on in an hour")
            await asyncio.sleep(_PAUSE)

    async def sweep(self) -> int:
        """Remove the bytes of blobs unused for longer than the grace time. Returns how many.

        A blob is claimed first, so that an upload of the same bytes waits and then stores them anew; the row stays, as
        tombstones go on describing what was there.
        """
        swept = 0
        while claimed := await self._database.transaction(
            catalog.start_sweeping(catalog.now() - self._grace, _AT_ONCE)
        ):
            for sha256 in claimed:
                await self._remove_bytes(sha256)
                await self._database.transaction(catalog.finish_sweeping(sha256))
            swept += len(claimed)
        return swept

    async def _remove_bytes(self, sha256: bytes) -> None:
        """Remove the original, and first all that was made from it."""
        for recipe in (*LETTERS.values(), WEB):
            await self._renditions.remove(rendition_name(sha256, recipe))
        await self._blobs.remove(sha256.hex())
