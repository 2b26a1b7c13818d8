"""How often images are looked at, and how many bytes that took: counted for each image, and for the whole site.

Hides that counting costs a request nothing but an addition: what was served is counted in memory and added to the
database every few seconds and at the end. A crash loses the counts of those seconds and nothing else. Several servers
on one database add up, and see each other's counts after those seconds.
"""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

from heliograph.server import catalog
from heliograph.server.catalog import statistics as catalog_statistics
from heliograph.server.errors import StorageUnavailable
from heliograph.server.model import Image, Served, SiteStatistics
from heliograph.server.ports import Database
from heliograph.server.recent import Recent

Period = Literal["today", "week", "month"]
PERIODS: tuple[str, ...] = get_args(Period)
"""Since midnight UTC; that and the six days before; that and the 29 days before."""

_DAYS: dict[str, int] = {"today": 1, "week": 7, "month": 30}
DAYS_KEPT = max(_DAYS.values())

_WRITE_SECONDS = 3.0
_AT_ONCE = 1000
"""Images in one transaction: on SQLite an upload waits for it, some 10 ms."""

_MOST_WAITING = 200_000
"""Images counted at once. More come together only while the database is away; then further ones are not counted."""

_SITE_SECONDS = 30.0
"""How old the statistics of the whole site may be: anybody may ask for them, and they take more than a look-up."""

_MOST_POPULAR = 5

log = logging.getLogger("heliograph")


class Statistics:
    """Counts from `start` to `stop`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: dict[str, list[int]] = {}
        self._writing = asyncio.Lock()
        self._writes = 0
        self._ending = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None
        self._sites: Recent[SiteStatistics] = Recent(len(PERIODS), _SITE_SECONDS)
        self._asking = asyncio.Lock()

    def note(self, image_id: str, views: int, bandwidth: int) -> None:
        """Count views and bytes of an image that exists. Called for every picture that is served: it only adds."""
        counted = self._waiting.get(image_id)
        if counted is not None:
            counted[0] += views
            counted[1] += bandwidth
        elif len(self._waiting) < _MOST_WAITING:
            self._waiting[image_id] = [views, bandwidth]

    def start(self) -> None:
        """Begin to write what is counted, every few seconds."""
        self._writer = asyncio.create_task(self._write_repeatedly())

    async def stop(self) -> None:
        """Write what is counted and end; where the database is away, the last seconds are lost."""
        self._ending.set()
        if self._writer:
            await self._writer

    async def write(self) -> None:
        """Add what is counted to the database. Raises StorageUnavailable; then it goes on waiting."""
        async with self._writing:
            self._writes += 1
            counted, self._waiting = list(self._waiting.items()), {}
            while counted:
                served = {image_id: Served(*each) for image_id, each in counted[:_AT_ONCE]}
                try:
                    await self._database.transaction(catalog_statistics.add_served(_today(), served))
                except StorageUnavailable:
                    for image_id, each in counted:
                        self.note(image_id, *each)
                    raise
                del counted[:_AT_ONCE]

    async def of(self, image_id: str) -> Served:
        """What was served of an image, ever."""
        return (await self.of_many([image_id]))[image_id]

    async def of_many(self, image_ids: Sequence[str]) -> dict[str, Served]:
        """The same of several images, by id. What this process has counted is in it at once."""
        while True:
            async with self._writing:
                writes = self._writes
            found: dict[str, Served] = {}
            for batch in catalog_statistics.batches(image_ids):
                rows = await self._database.fetch_all(catalog_statistics.served_of(batch))
                found |= catalog_statistics.to_served(rows)
            if writes == self._writes:  # else what was waiting may or may not be in what was read
                break
        for image_id in image_ids:
            stored = found.get(image_id, Served())
            views, bandwidth = self._waiting.get(image_id, (0, 0))
            found[image_id] = Served(stored.views + views, stored.bandwidth + bandwidth)
        return found

    async def of_albums(self, album_ids: Sequence[str]) -> dict[str, int]:
        """How often the images that each album shows were viewed, ever, by the album's id; some seconds late."""
        found = dict.fromkeys(album_ids, 0)
        for batch in catalog_statistics.batches(album_ids):
            rows = await self._database.fetch_all(catalog_statistics.served_of_albums(batch))
            found |= {row.album_id: row.views for row in rows}
        return found

    async def site(self, period: Period) -> SiteStatistics:
        """The whole site in a period, at most half a minute old. It names images of public albums only."""
        async with self._asking:
            known = self._sites.get(period)
            if known is None:
                known = await self._site(period)
                self._sites.put(period, known)
        return known

    async def gallery(
        self, sort: Literal["latest", "popular"], since: Period | None, limit: int, page: int
    ) -> list[Image]:
        """Images of public albums: a page (from 0) of `limit`, of those made (or, by popularity, viewed) in the period,
        or ever. No other image is ever listed: its link is a secret of those who have it.
        """
        first = _first_day(since) if since else None
        if sort == "popular":
            statement = catalog_statistics.listed_by_views(first, limit, page * limit)
        else:
            at = None if first is None else _midnight(first)
            statement = catalog_statistics.listed_by_time(at, limit, page * limit)
        return [catalog.to_image(row) for row in await self._database.fetch_all(statement)]

    async def _site(self, period: Period) -> SiteStatistics:
        first = _first_day(period)
        served = await self._database.fetch_one(catalog_statistics.served_since(first))
        uploaded = await self._database.fetch_one(catalog_statistics.uploaded_since(_midnight(first)))
        assert served is not None, "a sum is always one row"
        assert uploaded is not None, "a sum is always one row"
        popular = await self._database.fetch_all(catalog_statistics.listed_by_views(first, _MOST_POPULAR, 0))
        return SiteStatistics(
            images=uploaded.images,
            viewed=served.views,
            bandwidth=served.bandwidth,
            average_size=round(uploaded.bytes / uploaded.images) if uploaded.images else 0,
            most_popular=tuple(row.id for row in popular),
        )

    async def _write_repeatedly(self) -> None:
        """Until the end, and once more then. What fails unforeseen is logged and its counts are lost."""
        away = ending = False
        while not ending:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), _WRITE_SECONDS)
            ending = self._ending.is_set()
            try:
                await self.write()
                away = False
            except StorageUnavailable:
                if not away:
                    log.warning("views cannot be written just now; they are counted on and written later")
                away = True
            except Exception:
                log.exception("views could not be written and are lost")


def _today() -> int:
    return int(datetime.now(UTC).timestamp()) // 86400


def _first_day(period: Period) -> int:
    return _today() - _DAYS[period] + 1


def _midnight(day: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(days=day)


async def forget(database: Database) -> None:
    """Drop the days that no period reaches any more; what was served of an image in all stays."""
    await database.transaction(catalog_statistics.forget_days(_today() - DAYS_KEPT + 1))
