"""What accounts like."""

import pytest

from heliograph.server import catalog
from heliograph.server.catalog import albums as catalog_albums
from heliograph.server.favorites import Favorites
from heliograph.server.identity import Accounts, Identity
from heliograph.server.model import Account, Album, Blob, Caller, Image
from heliograph.server.ports import Database

pytestmark = pytest.mark.anyio
BLOB = Blob(b"\x01" * 32, 5, "image/png", 4, 3, 1)
IMAGE = Image("aB3xY7qmTz", "d" * 15, BLOB, None, None, catalog.now())
ALBUM = Album("aB3xY7qmTzzz", "e" * 15, None, catalog.now(), "hidden", "blog")
NOBODY = Caller("192.0.2.1")


@pytest.fixture(autouse=True)
async def _things(database: Database) -> None:
    """One image and one album that it is in."""
    await database.transaction(catalog.add_image(IMAGE, None))
    await database.transaction(catalog_albums.add_album(ALBUM, [IMAGE.id]))


@pytest.fixture
async def ada(database: Database) -> Account:
    """An account."""
    return await Accounts(database, Identity(database)).add("ada", NOBODY)


@pytest.mark.parametrize("thing", [IMAGE, ALBUM])
async def test_a_toggle_marks_and_unmarks(thing: Image | Album, database: Database, ada: Account) -> None:
    favorites = Favorites(database)
    assert await favorites.toggle(ada, thing)
    assert await favorites.among(ada, [thing]) == {thing.id}  # type: ignore[list-item]
    assert not await favorites.toggle(ada, thing)
    assert await favorites.among(ada, [thing]) == set()  # type: ignore[list-item]


@pytest.mark.parametrize("thing", [IMAGE, ALBUM])
async def test_marking_and_unmarking_may_be_repeated(thing: Image | Album, database: Database, ada: Account) -> None:
    favorites = Favorites(database)
    await favorites.add(ada, thing)
    await favorites.add(ada, thing)
    assert not await favorites.toggle(ada, thing)
    await favorites.remove(ada, thing)
    assert await favorites.toggle(ada, thing)


async def test_a_mark_is_its_accounts_own(database: Database, ada: Account) -> None:
    bob = await Accounts(database, Identity(database)).add("bob", NOBODY)
    await Favorites(database).add(ada, IMAGE)
    assert await Favorites(database).among(bob, [IMAGE]) == set()
    assert await Favorites(database).among(None, [IMAGE]) == set()


async def test_an_account_that_likes_something_can_be_deleted(database: Database, ada: Account) -> None:
    accounts = Accounts(database, Identity(database))
    await Favorites(database).add(ada, IMAGE)
    await Favorites(database).add(ada, ALBUM)
    await accounts.delete(ada, NOBODY)
    assert [each.name for each in await accounts.listed()] == []
