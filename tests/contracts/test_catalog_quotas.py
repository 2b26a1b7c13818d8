"""What accounts hold is counted exactly in both databases, and quotas hold however many come at once."""

import asyncio
import random
from dataclasses import replace

import pytest
from sqlalchemy import func, select, update

from heliograph.server import catalog
from heliograph.server.catalog.tables import accounts, blobs, images
from heliograph.server.errors import InvalidToken, QuotaExceeded
from heliograph.server.model import NO_QUOTA, Account, Image, Quota
from heliograph.server.ports import Database
from tests.contracts.test_catalog_albums import an_image, anew

pytestmark = pytest.mark.anyio


@pytest.fixture
async def database(subject) -> Database:
    await subject.database.transaction(anew)
    return subject.database


async def an_account(database: Database, name: str = "ada") -> Account:
    await database.transaction(catalog.add_account({"name": name, "role": "user"}))
    return catalog.to_account(await database.fetch_one(catalog.account(name)))


def of(account: Account | None, size: int = 5) -> Image:
    made = an_image()
    return replace(made, account_id=account.id if account else None, blob=replace(made.blob, size=size))


async def space(database: Database, account: Account) -> tuple[int, int]:
    row = await database.fetch_one(catalog.space_of(account.id))
    return row.used_bytes, row.used_images


async def counted(database: Database, account: Account) -> tuple[int, int]:
    """The same, from the images that are there."""
    held = select(func.coalesce(func.sum(blobs.c.size), 0), func.count()).select_from(images.join(blobs))
    row = await database.fetch_one(held.where(images.c.account_id == account.id, images.c.removed.is_(None)))
    return int(row[0]), row[1]


async def test_of_64_uploads_at_once_just_those_that_fit_are_published(database: Database) -> None:
    ada = await an_account(database)
    made = [of(ada) for _ in range(64)]
    outcomes = await asyncio.gather(
        *(database.transaction(catalog.add_image(image, None, quota=Quota(images=10))) for image in made),
        return_exceptions=True,
    )
    assert outcomes.count(True) == 10
    assert {type(each) for each in outcomes if each is not True} == {QuotaExceeded}
    assert await space(database, ada) == await counted(database, ada) == (50, 10)


async def test_of_64_claims_at_once_just_those_that_fit_succeed(database: Database) -> None:
    ada = await an_account(database)
    made = [of(None, size=10) for _ in range(64)]
    for image in made:
        await database.transaction(catalog.add_image(image, None))
    outcomes = await asyncio.gather(
        *(database.transaction(catalog.claim_image(image.id, ada.id, Quota(bytes=105))) for image in made),
        return_exceptions=True,
    )
    assert outcomes.count(True) == 10
    assert await space(database, ada) == await counted(database, ada) == (100, 10)


async def test_adding_claiming_and_removing_in_any_order_at_once_keep_the_sums_true(database: Database) -> None:
    people = [await an_account(database, name) for name in ("ada", "bea")]
    there = [of(random.choice([*people, None]), size) for size in range(1, 25)]
    for image in there:
        await database.transaction(catalog.add_image(image, None))
    works = [catalog.add_image(of(random.choice(people), size), None) for size in range(100, 112)]
    works += [catalog.bury_image(image.id, catalog.now(), "r") for image in random.sample(there, 12) * 2]
    works += [catalog.claim_image(image.id, person.id) for image in there for person in people]
    random.shuffle(works)
    await asyncio.gather(*(database.transaction(work) for work in works))
    for person in people:
        assert await space(database, person) == await counted(database, person)


async def test_the_same_bytes_count_for_each_image_that_shows_them(database: Database) -> None:
    ada = await an_account(database)
    first = of(ada, size=7)
    await database.transaction(catalog.add_image(first, None))
    await database.transaction(catalog.add_image(replace(of(ada), blob=first.blob), None))
    assert await space(database, ada) == (14, 2)
    for _ in range(2):
        await database.transaction(catalog.bury_image(first.id, catalog.now(), "r"))
    assert await space(database, ada) == (7, 1)


@pytest.mark.parametrize(("own", "fits"), [(None, False), (11, True), (9, False), (NO_QUOTA, True), (0, False)])
async def test_an_accounts_own_quota_holds_in_place_of_the_settings(
    own: int | None, fits: bool, database: Database
) -> None:
    ada = await an_account(database)
    await database.transaction(lambda connection: connection.execute(update(accounts).values(quota_bytes=own)))
    adding = catalog.add_image(of(ada, size=11), None, quota=Quota(bytes=10))
    if fits:
        assert await database.transaction(adding)
        return
    with pytest.raises(QuotaExceeded):
        await database.transaction(adding)
    assert await space(database, ada) == await counted(database, ada) == (0, 0)


async def test_an_upload_of_an_account_that_was_deleted_meanwhile_is_told_so(database: Database) -> None:
    ada, left = await an_account(database), of(None)
    await database.transaction(catalog.add_image(left, None))
    await database.transaction(catalog.delete_account(ada.id, None))
    for work in (catalog.add_image(of(ada), None), catalog.claim_image(left.id, ada.id)):
        with pytest.raises(InvalidToken):
            await database.transaction(work)
    assert catalog.to_image(await database.fetch_one(catalog.image(left.id))).account_id is None


async def test_a_new_account_never_has_the_number_of_a_deleted_one(database: Database) -> None:
    """Else it would have what still goes by the number: answers of idempotency keys, sessions, counters."""
    ada = await an_account(database)
    await database.transaction(catalog.delete_account(ada.id, None))
    again = await an_account(database)
    assert again.id != ada.id
    rows = await database.fetch_all(catalog.all_accounts())
    assert [catalog.to_account(row) for row in rows] == [again]
