"""Albums in both databases: their order, their counts, and what happens when several change one at once."""

import asyncio
import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, MetaData

from heliograph.server import catalog
from heliograph.server.catalog import albums as catalog_albums
from heliograph.server.errors import BadParameter, Conflict, Gone
from heliograph.server.links import new_album_id, new_delete_hash, new_id
from heliograph.server.migrations import upgrade
from heliograph.server.model import Album, Blob, Image
from heliograph.server.ports import Database

pytestmark = pytest.mark.anyio


def anew(connection: Connection) -> None:
    """Every table as the revisions make it, and empty: the server is shared."""
    there = MetaData()
    there.reflect(connection)
    there.drop_all(connection)
    upgrade.to_head(connection)


@pytest.fixture
async def database(subject) -> Database:
    await subject.database.transaction(anew)
    return subject.database


def an_image() -> Image:
    image_id = new_id()
    blob = Blob(hashlib.sha256(image_id.encode()).digest(), 5, "image/png", 4, 3, 1)
    return Image(image_id, new_delete_hash(), blob, None, None, catalog.now())


async def some_images(database: Database, count: int) -> list[str]:
    made = [an_image() for _ in range(count)]
    for image in made:
        assert await database.transaction(catalog.add_image(image, None))
    return [image.id for image in made]


async def an_album(database: Database, image_ids: list[str], **about: object) -> Album:
    made = replace(Album(new_album_id(), new_delete_hash(), None, catalog.now(), "hidden", "blog"), **about)
    await database.transaction(catalog_albums.add_album(made, image_ids))
    return await now(database, made)


async def now(database: Database, album: Album) -> Album:
    return catalog_albums.to_album(await database.fetch_one(catalog_albums.album(album.id)))


async def held(database: Database, album: Album) -> list[str]:
    return [row.id for row in await database.fetch_all(catalog_albums.images_of(album.id))]


async def test_an_album_keeps_its_images_in_the_order_given(database: Database) -> None:
    a, b, c, d = await some_images(database, 4)
    album = await an_album(database, [c, a, b], title="t", cover=a)
    assert await held(database, album) == [c, a, b]
    assert (album.size, album.cover, album.title, album.version) == (3, a, "t", 1)
    await database.transaction(catalog_albums.add_images(album.id, [a, d]))
    assert await held(database, album) == [c, a, b, d]
    await database.transaction(catalog_albums.set_images(album.id, [d, c, b, a], None))
    assert await held(database, album) == [d, c, b, a]
    await database.transaction(catalog_albums.remove_images(album.id, [c, "strange"]))
    assert await held(database, album) == [d, b, a]


async def test_an_image_may_be_in_many_albums_and_is_named_by_its_delete_hash_too(database: Database) -> None:
    image = an_image()
    await database.transaction(catalog.add_image(image, None))
    first, second = [await an_album(database, [image.id]) for _ in range(2)]
    await database.transaction(catalog_albums.remove_images(first.id, [image.delete_hash]))
    assert (await held(database, first), await held(database, second)) == ([], [image.id])


async def test_the_cover_is_the_chosen_image_while_it_is_shown_and_else_the_first(database: Database) -> None:
    a, b, c = await some_images(database, 3)
    album = await an_album(database, [a, b, c])
    assert album.cover == a
    await database.transaction(catalog_albums.edit_album(album.id, {"cover": c}))
    assert (await now(database, album)).cover == c
    await database.transaction(catalog.bury_image(c, catalog.now(), "r"))
    assert (await now(database, album)).cover == a
    await database.transaction(catalog_albums.set_images(album.id, [], None))
    assert (await now(database, album)).cover is None


async def test_a_cover_from_outside_the_album_changes_nothing(database: Database) -> None:
    inside, outside = await some_images(database, 2)
    album = await an_album(database, [inside])
    with pytest.raises(BadParameter):
        await database.transaction(catalog_albums.edit_album(album.id, {"title": "new", "cover": outside}))
    assert await now(database, album) == album
    with pytest.raises(BadParameter):
        await an_album(database, [inside], id="another00000", cover=outside)
    assert await database.fetch_one(catalog_albums.album("another00000")) is None


async def test_removed_images_are_neither_shown_nor_counted(database: Database, monkeypatch) -> None:
    a, b, c = await some_images(database, 3)
    album = await an_album(database, [a, b])
    await database.transaction(catalog.bury_image(a, catalog.now(), "r"))
    assert (await held(database, album), (await now(database, album)).size) == ([b], 1)
    monkeypatch.setattr(catalog_albums, "MOST_IMAGES", 2)
    await database.transaction(catalog_albums.add_images(album.id, [c]))
    assert await held(database, album) == [b, c]
    with pytest.raises(BadParameter):
        await database.transaction(catalog_albums.add_images(album.id, await some_images(database, 1)))


async def test_a_removed_album_is_a_tombstone_whose_images_live_on(database: Database) -> None:
    (image_id,) = await some_images(database, 1)
    album = await an_album(database, [image_id])
    at = catalog.now()
    await database.transaction(catalog_albums.bury_album(album.id, at, "why"))
    await database.transaction(catalog_albums.bury_album(album.id, at + timedelta(days=1), "again"))
    buried = await now(database, album)
    assert (buried.removed, buried.removed_reason, buried.size) == (at, "why", 0)
    assert catalog.to_image(await database.fetch_one(catalog.image(image_id))).removed is None
    for work in (
        catalog_albums.add_images(album.id, [image_id]),
        catalog_albums.set_images(album.id, [image_id], 1),
        catalog_albums.remove_images(album.id, [image_id]),
        catalog_albums.edit_album(album.id, {"title": "t"}),
    ):
        with pytest.raises(Gone) as gone:
            await database.transaction(work)
        assert gone.value.removed_at == at.timestamp()


async def test_images_that_are_added_at_the_same_time_are_all_there_each_batch_in_its_order(
    database: Database,
) -> None:
    image_ids = await some_images(database, 24)
    album = await an_album(database, [])
    batches = [image_ids[start : start + 3] for start in range(0, 24, 3)]
    await asyncio.gather(*(database.transaction(catalog_albums.add_images(album.id, batch)) for batch in batches))
    there = await held(database, album)
    assert sorted(there) == sorted(image_ids)
    assert sorted(there[start : start + 3] for start in range(0, 24, 3)) == sorted(batches)
    assert (await now(database, album)).version == 1 + len(batches)


async def test_of_two_orders_made_from_the_same_version_one_is_a_conflict(database: Database) -> None:
    a, b = await some_images(database, 2)
    album = await an_album(database, [a, b])
    orders = [[b, a], [a]]
    outcomes = await asyncio.gather(
        *(database.transaction(catalog_albums.set_images(album.id, order, 1)) for order in orders),
        return_exceptions=True,
    )
    assert [type(each) for each in outcomes if each is not None] == [Conflict]
    assert await held(database, album) == orders[outcomes.index(None)]


async def test_an_upload_into_a_removed_album_publishes_nothing(database: Database) -> None:
    album, image = await an_album(database, []), an_image()
    await database.transaction(catalog_albums.bury_album(album.id, catalog.now(), "r"))
    with pytest.raises(Gone):
        await database.transaction(catalog.add_image(image, None, catalog_albums.add_images(album.id, [image.id])))
    assert await database.fetch_one(catalog.image(image.id)) is None


async def test_the_listing_pages_through_an_accounts_live_albums_newest_first(database: Database) -> None:
    await database.transaction(catalog.add_account({"name": "owner", "role": "user"}))
    owner = catalog.to_account(await database.fetch_one(catalog.account("owner")))
    start = catalog.now()
    made = [
        await an_album(database, [], account_id=owner.id, created=start + timedelta(seconds=number))
        for number in range(4)
    ]
    await an_album(database, [])
    await database.transaction(catalog_albums.bury_album(made[1].id, start, "r"))
    first = await database.fetch_all(catalog_albums.owned_albums(owner.id, 2, None))
    last = catalog_albums.to_album(first[-1])
    rest = await database.fetch_all(catalog_albums.owned_albums(owner.id, 2, (last.created, last.id)))
    assert [row.id for row in (*first, *rest)] == [made[3].id, made[2].id, made[0].id]
