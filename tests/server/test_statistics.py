"""Views and bytes served: written in the background, added up across servers, read at once; and what may be listed."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Row, func, select

from heliograph.server import catalog, statistics
from heliograph.server.backends.sqlite import SqliteDatabase
from heliograph.server.catalog import albums as catalog_albums
from heliograph.server.catalog import statistics as catalog_statistics
from heliograph.server.errors import StorageUnavailable
from heliograph.server.migrations import upgrade
from heliograph.server.model import Album, Blob, Image, Privacy, Served
from heliograph.server.ports import Database
from heliograph.server.statistics import Statistics

pytestmark = pytest.mark.anyio


def today_number() -> int:
    """The day as it is now: a run of all tests may be under way at midnight."""
    return int(datetime.now(UTC).timestamp()) // 86400


async def published(database: Database, number: int, size: int = 100, ago: timedelta = timedelta(0)) -> Image:
    """An image that was uploaded `ago`, whose id is made from the number."""
    blob = Blob(number.to_bytes(32), size, "image/png", 4, 3, 1)
    image = Image(f"{number:010}", f"{number:015}", blob, None, None, catalog.now() - ago)
    assert await database.transaction(catalog.add_image(image, None))
    return image


async def put_into_album(database: Database, image: Image, privacy: Privacy) -> Album:
    album = Album("A" + image.id + "A", "d" + image.delete_hash[1:], None, catalog.now(), privacy, "blog")
    await database.transaction(catalog_albums.add_album(album, [image.id]))
    return album


async def test_what_is_noted_is_read_at_once_and_again_after_it_was_written(database: Database) -> None:
    counting, image = Statistics(database), await published(database, 1)
    counting.note(image.id, 1, 500)
    counting.note(image.id, 1, 250)
    assert await counting.of(image.id) == Served(2, 750)
    await counting.write()
    assert await counting.of(image.id) == Served(2, 750)
    assert await Statistics(database).of(image.id) == Served(2, 750)


async def test_an_albums_views_are_those_of_the_images_that_it_shows(database: Database) -> None:
    counting = Statistics(database)
    images = [await published(database, number) for number in (1, 2, 3)]
    albums = [await put_into_album(database, image, "hidden") for image in images]
    await database.transaction(catalog_albums.add_images(albums[0].id, [images[1].id]))
    for image, views in zip(images, (5, 7, 0), strict=True):
        counting.note(image.id, views, 100)
    await counting.write()
    ids = [album.id for album in albums]
    assert await counting.of_albums(ids) == {ids[0]: 12, ids[1]: 7, ids[2]: 0}
    await database.transaction(catalog.bury_image(images[0].id, catalog.now(), "removed by its owner"))
    assert (await counting.of_albums(ids))[ids[0]] == 7
    assert await counting.of_albums([]) == {}


async def test_an_image_that_nobody_asked_for_has_no_views(database: Database) -> None:
    assert await Statistics(database).of("aB3xY7qmTz") == Served(0, 0)


async def test_several_servers_on_one_database_add_up(database: Database) -> None:
    images = [await published(database, number) for number in range(5)]
    servers = [Statistics(database) for _ in range(4)]
    for _ in range(3):
        for server in servers:
            for image in images:
                server.note(image.id, 1, 10)
        await asyncio.gather(*(server.write() for server in servers))
    counted = await Statistics(database).of_many([image.id for image in images])
    assert counted == {image.id: Served(12, 120) for image in images}


async def test_thousands_of_images_are_written_and_read_in_parts(database: Database) -> None:
    many = [await published(database, number) for number in range(1201)]
    counting = Statistics(database)
    for image in many:
        counting.note(image.id, 1, 7)
    await counting.write()
    counted = await Statistics(database).of_many([image.id for image in many])
    assert set(counted.values()) == {Served(1, 7)}
    assert len(counted) == 1201


async def test_what_is_counted_while_reading_is_neither_lost_nor_counted_twice(database: Database) -> None:
    counting, image = Statistics(database), await published(database, 1)
    for expected in range(1, 40):
        counting.note(image.id, 1, 1)
        _, seen = await asyncio.gather(counting.write(), counting.of(image.id))
        assert seen == Served(expected, expected)


async def test_it_writes_by_itself_when_it_stops(database: Database) -> None:
    counting, image = Statistics(database), await published(database, 1)
    counting.start()
    counting.note(image.id, 1, 9)
    await counting.stop()
    assert await Statistics(database).of(image.id) == Served(1, 9)


class Outage(SqliteDatabase):
    """A real database whose transactions fail while it is said to be away."""

    away = False

    async def transaction(self, work: Callable[[Connection], Any]) -> Any:
        if self.away:
            raise StorageUnavailable
        return await super().transaction(work)


async def test_an_outage_of_the_database_loses_no_count(tmp_path: Path) -> None:
    database = Outage(tmp_path / "h.db")
    await database.transaction(upgrade.to_head)
    counting, image = Statistics(database), await published(database, 1)
    counting.note(image.id, 1, 9)
    database.away = True
    with pytest.raises(StorageUnavailable):
        await counting.write()
    counting.note(image.id, 1, 1)
    database.away = False
    await counting.write()
    assert await Statistics(database).of(image.id) == Served(2, 10)
    await database.close()


async def test_the_days_of_a_period_are_counted_and_older_ones_are_not(database: Database) -> None:
    images = [await published(database, number, 100 * number, timedelta(days=number * 8)) for number in range(1, 5)]
    new = await published(database, 9, 1000)
    now = today_number()
    for day, image in ((now, new), (now - 6, images[0]), (now - 7, images[1]), (now - 30, images[2])):
        await database.transaction(catalog_statistics.add_served(day, {image.id: Served(2, 50)}))
    today, week, month = [await Statistics(database).site(period) for period in ("today", "week", "month")]
    assert (today.images, today.viewed, today.bandwidth, today.average_size) == (1, 2, 50, 1000)
    assert (week.images, week.viewed, week.bandwidth) == (1, 4, 100)
    assert (month.images, month.viewed, month.bandwidth, month.average_size) == (4, 6, 150, 400)


async def test_a_site_where_nothing_happened_says_so(database: Database) -> None:
    site = await Statistics(database).site("today")
    assert (site.images, site.viewed, site.bandwidth, site.average_size, site.most_popular) == (0, 0, 0, 0, ())


async def test_only_live_images_of_live_public_albums_are_ever_named(database: Database) -> None:
    unlisted, hidden, secret, removed, left, public = [await published(database, number) for number in range(6)]
    for image, privacy in ((hidden, "hidden"), (secret, "secret"), (removed, "public"), (public, "public")):
        await put_into_album(database, image, privacy)
    album = await put_into_album(database, left, "public")
    await database.transaction(catalog_albums.bury_album(album.id, catalog.now(), "test"))
    await database.transaction(catalog.bury_image(removed.id, catalog.now(), "test"))
    counting = Statistics(database)
    for image in (unlisted, hidden, secret, removed, left, public):
        counting.note(image.id, 1, 1)
    await counting.write()
    assert (await counting.site("today")).most_popular == (public.id,)
    for sort in ("latest", "popular"):
        for since in (None, "week"):
            assert [image.id for image in await counting.gallery(sort, since, 50, 0)] == [public.id]


async def test_the_gallery_is_sorted_and_paged(database: Database) -> None:
    images = [await published(database, number, ago=timedelta(days=10 * (2 - number))) for number in range(3)]
    for image in images:
        await put_into_album(database, image, "public")
    counting = Statistics(database)
    for image, views in zip(images, (5, 1, 3), strict=True):
        counting.note(image.id, views, 1)
    await counting.write()

    async def ids(*asked: Any) -> list[int]:
        return [int(image.id) for image in await counting.gallery(*asked)]

    assert await ids("latest", None, 50, 0) == [2, 1, 0]
    assert await ids("latest", "week", 50, 0) == [2]
    assert await ids("popular", None, 50, 0) == [0, 2, 1]
    assert await ids("popular", None, 2, 1) == [1]


async def test_days_that_no_period_reaches_are_forgotten_and_the_totals_stay(database: Database) -> None:
    image = await published(database, 1)
    now = today_number()
    for day in (now, now - 29, now - 30, now - 400):
        await database.transaction(catalog_statistics.add_served(day, {image.id: Served(1, 1)}))
    await statistics.forget(database)
    kept: Row[Any] | None = await database.fetch_one(select(func.count()).select_from(catalog_statistics.days))
    assert kept is not None
    assert kept[0] == 2
    assert await Statistics(database).of(image.id) == Served(4, 4)
