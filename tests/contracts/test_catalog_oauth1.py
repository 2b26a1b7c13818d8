"""OAuth 1.0a in both databases: what may happen once happens once, however many ask at the same time."""

import asyncio
import hashlib
import secrets
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from heliograph.server import catalog
from heliograph.server.catalog import oauth1 as statements
from heliograph.server.identity.secrets import new_secret
from heliograph.server.links import new_id
from heliograph.server.ports import Database
from tests.contracts.test_catalog_albums import anew

pytestmark = pytest.mark.anyio

VERIFIER, WRONG = hashlib.sha256(b"right").digest(), hashlib.sha256(b"wrong").digest()


@pytest.fixture
async def database(subject) -> Database:
    """The tables with one account and one application, each of id 1."""
    database: Database = subject.database
    await database.transaction(anew)
    await database.transaction(catalog.add_account({"name": "ada", "role": "user"}))
    application: dict[str, object] = {"client_id": "c1", "key": "k1", "name": "app", "redirects": ""}
    await database.transaction(catalog.add_application(application))
    return database


async def requested(database: Database, *, allowed: bool = True) -> str:
    token = new_secret()
    values = {"token": token, "secret": b"sealed", "application_id": 1, "callback": None}
    await database.transaction(statements.add_signed_request(values))
    if allowed:
        assert await database.transaction(statements.approve_signed_request(token, 1, "oob", VERIFIER))
    return token


async def exchange(database: Database, token: str, verifier: bytes = VERIFIER) -> bool:
    access = {"token": new_secret(), "id": new_id(), "secret": b"sealed"}
    return await database.transaction(statements.exchange_signed_request(token, verifier, access))


async def test_a_nonce_counts_once_of_64_at_once(database: Database) -> None:
    nonce = secrets.token_bytes(32)
    counted = await asyncio.gather(*(database.transaction(statements.count_nonce(nonce, None)) for _ in range(64)))
    assert sum(counted) == 1


async def test_a_request_token_is_exchanged_once_of_16_at_once(database: Database) -> None:
    token = await requested(database)
    assert sum(await asyncio.gather(*(exchange(database, token) for _ in range(16)))) == 1
    assert len(await database.fetch_all(statements.accesses_of(1))) == 1


async def test_a_request_token_is_allowed_once_of_16_at_once(database: Database) -> None:
    token = await requested(database, allowed=False)
    works = (statements.approve_signed_request(token, 1, "oob", VERIFIER) for _ in range(16))
    assert sum(await asyncio.gather(*(database.transaction(work) for work in works))) == 1


async def test_what_nobody_has_allowed_is_not_exchanged(database: Database) -> None:
    assert not await exchange(database, await requested(database, allowed=False))


async def test_four_wrong_verifiers_are_forgiven_and_the_fifth_ends_it(database: Database) -> None:
    patient, spent = await requested(database), await requested(database)
    for _ in range(statements.MOST_TRIES - 1):
        assert not await exchange(database, patient, WRONG)
        assert not await exchange(database, spent, WRONG)
    assert not await exchange(database, spent, WRONG)
    assert await exchange(database, patient)
    assert not await exchange(database, spent)


async def test_what_is_over_its_time_is_forgotten_and_the_rest_stays(database: Database) -> None:
    token, nonce = await requested(database), secrets.token_bytes(32)
    await database.transaction(statements.count_nonce(nonce, None))
    long_ago, soon = catalog.now() - timedelta(hours=1), catalog.now() + timedelta(seconds=1)
    await database.transaction(statements.forget_signed(long_ago, long_ago))
    assert await database.fetch_one(statements.signed_request(token, long_ago)) is not None
    await database.transaction(statements.forget_signed(soon, soon))
    assert await database.fetch_one(statements.signed_request(token, long_ago)) is None
    left = await database.fetch_one(select(func.count()).select_from(statements.nonces))
    assert left is not None
    assert left[0] == 0


async def test_a_deleted_account_leaves_no_access_behind(database: Database) -> None:
    assert await exchange(database, await requested(database))
    await requested(database)
    await database.transaction(catalog.delete_account(1, None))
    assert await database.fetch_all(statements.accesses_of(1)) == []
