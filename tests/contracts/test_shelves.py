"""An account's images and albums by numbered pages, and albums in their owner's order, in both databases."""

import hashlib
from datetime import timedelta

import pytest

from heliograph.server import catalog
from heliograph.server.catalog import albums as catalog_albums
from heliograph.server.errors import BadParameter, NotFound
from heliograph.server.model import Account, Album, Blob, Image
from heliograph.server.ports import Database
from heliograph.server.shelves import LARGEST_PAGE, Page, Shelves
from tests.contracts.test_catalog_albums import anew

ALL = Page(1, LARGEST_PAGE)
pytestmark = pytest.mark.anyio


class Room:
    """A database with two accounts, and what they have."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.shelves = Shelves(database=database)
        self.mine, self.theirs = Account(1, "mine", enabled=True), Account(2, "theirs", enabled=True)
        self._made = 0

    async def image(self, account: Account) -> str:
        self._made += 1
        name = f"image{self._made:05}"
        blob = Blob(hashlib.sha256(name.encode()).digest(), 5, "image/png", 4, 3, 1)
        at = catalog.now() + timedelta(seconds=self._made)
        added = Image(name, f"delete{self._made:09}", blob, account.id, None, at)
        await self.database.transaction(catalog.add_image(added, None))
        return name

    async def album(self, account: Account, *image_ids: str) -> str:
        self._made += 1
        name = f"album{self._made:07}"
        at = catalog.now() + timedelta(seconds=self._made)
        added = Album(name, f"delete{self._made:09}", account.id, at, "hidden", "blog")
        await self.database.transaction(catalog_albums.add_album(added, image_ids))
        return name

    async def order(self) -> list[tuple[str, int]]:
        return [(album.id, album.place) for album in await self.shelves.albums(self.mine, ALL)]


@pytest.fixture
async def room(subject) -> Room:
    database: Database = subject.database
    await database.transaction(anew)
    for name in ("mine", "theirs"):
        await database.transaction(catalog.add_account({"name": name, "role": "user"}))
    return Room(database)


async def test_images_come_newest_first_page_by_page_and_nobody_elses(room: Room) -> None:
    made = [await room.image(room.mine) for _ in range(5)]
    await room.image(room.theirs)
    pages = [await room.shelves.images(room.mine, Page(number, 2)) for number in (1, 2, 3, 4)]
    assert [[image.id for image in page] for page in pages] == [made[:2:-1], made[2:0:-1], made[:1], []]
    assert await room.shelves.count_images(room.mine) == 5


async def test_images_in_albums_can_be_left_out(room: Room) -> None:
    held, loose, of_others = [await room.image(room.mine) for _ in range(3)]
    await room.album(room.mine, held)
    await room.album(room.theirs, of_others)
    found = await room.shelves.images(room.mine, ALL, outside_albums=True)
    assert {image.id for image in found} == {loose, of_others}


async def test_albums_are_newest_first_until_they_are_put_in_order(room: Room) -> None:
    first, second, third = [await room.album(room.mine) for _ in range(3)]
    await room.album(room.theirs)
    assert await room.order() == [(third, 0), (second, 0), (first, 0)]
    await room.shelves.place(room.mine, [first])
    assert await room.order() == [(first, 1), (third, 2), (second, 3)]
    newest = await room.album(room.mine)
    assert await room.order() == [(newest, 0), (first, 1), (third, 2), (second, 3)]
    assert await room.shelves.count_albums(room.mine) == 4


async def test_an_album_of_somebody_else_cannot_be_put_anywhere(room: Room) -> None:
    mine, theirs = await room.album(room.mine), await room.album(room.theirs)
    with pytest.raises(NotFound):
        await room.shelves.place(room.mine, [mine, theirs])
    assert await room.order() == [(mine, 0)]


@pytest.mark.parametrize("page", [Page(0, 10), Page(1, 0), Page(1, LARGEST_PAGE + 1), Page(10**10, 1)])
async def test_a_page_that_cannot_be_is_a_bad_parameter(room: Room, page: Page) -> None:
    with pytest.raises(BadParameter):
        await room.shelves.images(room.mine, page)
