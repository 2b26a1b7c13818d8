"""Who logs in to which account, in both databases: one account a person, and one person of an issuer an account."""

import asyncio
from dataclasses import replace

import pytest

from heliograph.server import catalog
from heliograph.server.catalog import openid as statements
from heliograph.server.errors import Conflict
from heliograph.server.identity import Accounts, Identity, Persons
from heliograph.server.model import Account, Caller, Person
from heliograph.server.ports import Database
from tests.contracts.test_catalog_albums import anew

pytestmark = pytest.mark.anyio

ANYBODY = Caller("192.0.2.1")
PERSON = Person("https://id.example", "auth0|x1001", "Grace")


@pytest.fixture
async def database(subject) -> Database:
    """The tables with two accounts, of id 1 and 2."""
    database: Database = subject.database
    await database.transaction(anew)
    for name in ("ada", "bob"):
        await database.transaction(catalog.add_account({"name": name, "role": "user", "password": "hash"}))
    return database


def persons(database: Database) -> Persons:
    return Persons(database, Accounts(database, Identity(database)))


async def account_of(database: Database, person: Person) -> int | None:
    row = await database.fetch_one(statements.account_of_person(person))
    return row.id if row is not None else None


async def test_a_person_is_known_by_issuer_and_subject_both_to_the_letter(database: Database) -> None:
    assert await database.transaction(statements.link_person(PERSON, 1))
    assert await account_of(database, replace(PERSON, name="anything")) == 1
    assert await account_of(database, replace(PERSON, issuer="https://id.example/")) is None
    assert await account_of(database, replace(PERSON, subject=PERSON.subject.upper())) is None


async def test_a_link_may_be_repeated_and_is_told_once(database: Database) -> None:
    assert await database.transaction(statements.link_person(PERSON, 1))
    assert not await database.transaction(statements.link_person(PERSON, 1))


async def test_a_person_is_linked_once_of_16_at_once(database: Database) -> None:
    works = [statements.link_person(PERSON, 1 + number % 2) for number in range(16)]
    done = await asyncio.gather(*(database.transaction(work) for work in works), return_exceptions=True)
    assert done.count(True) == 1
    assert done.count(False) == 7
    assert sum(isinstance(each, Conflict) for each in done) == 8


async def test_an_account_has_one_person_of_an_issuer_and_others_of_others(database: Database) -> None:
    await database.transaction(statements.link_person(PERSON, 1))
    with pytest.raises(Conflict):
        await database.transaction(statements.link_person(replace(PERSON, subject="2"), 1))
    await database.transaction(statements.link_person(replace(PERSON, issuer="https://other.example"), 1))
    assert await account_of(database, replace(PERSON, subject="2")) is None


async def test_a_new_person_gets_one_account_of_8_browsers_at_once(database: Database) -> None:
    made = await asyncio.gather(*(persons(database).add_account(PERSON, ANYBODY) for _ in range(8)))
    assert len({account.id for account in made}) == 1
    names = {catalog.to_account(row).name for row in await database.fetch_all(catalog.all_accounts())}
    assert names == {"ada", "bob", "grace"}


async def test_two_new_people_of_the_same_name_get_two_accounts(database: Database) -> None:
    first, second = await asyncio.gather(
        *(persons(database).add_account(replace(PERSON, subject=subject), ANYBODY) for subject in ("1", "2"))
    )
    assert first.id != second.id
    assert {"grace"} < {first.name, second.name}


@pytest.mark.parametrize("called", ["", "@", "../..", "İ" * 90, "a" * 100, "-", "\0", "x y"])
async def test_whatever_a_person_is_called_the_account_gets_a_name_that_can_be_one(
    database: Database, called: str
) -> None:
    account = await persons(database).add_account(replace(PERSON, name=called), ANYBODY)
    assert await Accounts(database, Identity(database)).find(account.name) == account


async def test_nobody_is_unlinked_from_an_account_without_a_password(database: Database) -> None:
    account = await persons(database).add_account(PERSON, ANYBODY)
    with pytest.raises(Conflict):
        await database.transaction(statements.unlink_person(account.id, PERSON.issuer))
    assert await account_of(database, PERSON) == account.id


async def test_unlinking_leaves_other_issuers_and_other_accounts_alone(database: Database) -> None:
    other = replace(PERSON, issuer="https://other.example")
    await database.transaction(statements.link_person(PERSON, 1))
    await database.transaction(statements.link_person(other, 1))
    await database.transaction(statements.link_person(replace(PERSON, subject="2"), 2))
    assert await database.transaction(statements.unlink_person(1, PERSON.issuer))
    assert not await database.transaction(statements.unlink_person(1, PERSON.issuer))
    assert await account_of(database, other) == 1
    assert await account_of(database, replace(PERSON, subject="2")) == 2


async def test_a_deleted_account_leaves_no_link(database: Database) -> None:
    await database.transaction(statements.link_person(PERSON, 1))
    await database.transaction(catalog.delete_account(1, None))
    assert await account_of(database, PERSON) is None
    made = await persons(database).add_account(PERSON, ANYBODY)
    assert isinstance(made, Account)
