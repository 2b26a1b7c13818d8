"""OAuth 2 in both databases: what may happen once happens once, however many ask at the same time; and forgetting."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from heliograph.server import catalog
from heliograph.server.catalog import devices, grants
from heliograph.server.catalog.tables import device_requests, grant_codes, keys, refresh_tokens
from heliograph.server.catalog.tables import grants as grants_table
from heliograph.server.identity.secrets import hashed, new_secret
from heliograph.server.links import new_id
from heliograph.server.model import Account, Application, Grant, Token
from heliograph.server.ports import Database
from tests.contracts.test_catalog_albums import anew

pytestmark = pytest.mark.anyio

AT_ONCE = 16
CODE, REFRESH, DEVICE, USER = (hashed(word) for word in ("code", "refresh", "device", "user"))


class Catalog:
    """A database with one account and one application, and what happens there."""

    def __init__(self, database: Database, account: Account, application: Application) -> None:
        self.database = database
        self.account = account
        self.application = application

    def grant(self, *, rotates: bool = True) -> Grant:
        scopes = frozenset({"albums", "images:read"})
        return Grant(new_id(), self.account, self.application, scopes, rotates, catalog.now())

    def tokens(self, refresh: bytes | None = None, *, ends: datetime | None = None) -> grants.Tokens:
        ends = ends or catalog.now() + timedelta(hours=1)
        access = Token(new_id(), self.account.id, "app", frozenset({"albums"}), catalog.now(), ends)
        return grants.Tokens(access, hashed(new_secret()), refresh or hashed(new_secret()), ends)

    def waiting(self, ends: datetime | None = None) -> devices.Waiting:
        ends = ends or catalog.now() + timedelta(minutes=10)
        return devices.Waiting(self.application, frozenset({"albums"}), ends, 5)

    async def with_code(self, *, pin: bool = False, ends: datetime | None = None) -> Grant:
        grant = self.grant()
        ends = ends or catalog.now() + timedelta(minutes=10)
        code = grants.Code(grant, pin, "https://h.example/back", "c" * 43, ends)
        await self.database.transaction(grants.add_grant(grant, code=(CODE, code)))
        return grant

    async def with_tokens(self, *, rotates: bool = True, ends: datetime | None = None) -> Grant:
        grant = self.grant(rotates=rotates)
        await self.database.transaction(grants.add_grant(grant, tokens=self.tokens(REFRESH, ends=ends)))
        return grant

    async def count(self, table) -> int:
        row = await self.database.fetch_one(select(func.count()).select_from(table))
        assert row is not None
        return int(row[0])


@pytest.fixture
async def known(subject) -> Catalog:
    database: Database = subject.database
    await database.transaction(anew)
    await database.transaction(catalog.add_account({"name": "ada", "role": "user"}))
    values: dict[str, object] = {"client_id": "c1", "key": "k1", "name": "app", "redirects": "https://h.example/back"}
    await database.transaction(catalog.add_application(values))
    account = await database.fetch_one(catalog.account("ada"))
    application = await database.fetch_one(catalog.application("c1"))
    assert account is not None
    assert application is not None
    return Catalog(database, catalog.to_account(account), catalog.to_application(application))


async def winners(known: Catalog, works) -> int:
    """How many of the works say that it was they who did it."""
    return sum(await asyncio.gather(*(known.database.transaction(work) for work in works)))


async def test_a_code_comes_back_as_it_was_added(known: Catalog) -> None:
    grant = await known.with_code()
    row = await known.database.fetch_one(grants.code_of(CODE))
    assert row is not None
    found = grants.to_code(row)
    assert (found.grant.id, found.grant.scopes, found.grant.rotates) == (grant.id, grant.scopes, True)
    assert (found.pin, found.redirect, found.challenge, found.used) == (
        False, "https://h.example/back", "c" * 43, False
    )  # fmt: skip
    assert (found.grant.account.name, found.grant.application.client_id) == ("ada", "c1")


async def test_a_code_gives_tokens_once_of_16_at_once(known: Catalog) -> None:
    grant = await known.with_code()
    assert await winners(known, [grants.use_code(CODE, grant, known.tokens()) for _ in range(AT_ONCE)]) == 1
    assert (await known.count(keys), await known.count(refresh_tokens)) == (1, 1)


async def test_a_refresh_token_that_rotates_gives_tokens_once_of_16_at_once(known: Catalog) -> None:
    grant = await known.with_tokens()
    assert await winners(known, [grants.use_refresh(REFRESH, grant, known.tokens()) for _ in range(AT_ONCE)]) == 1
    assert (await known.count(keys), await known.count(refresh_tokens)) == (2, 2)


async def test_a_lost_answer_is_replaced_once_of_16_at_once(known: Catalog) -> None:
    grant, since = await known.with_tokens(), catalog.now() - timedelta(seconds=9)
    assert await known.database.transaction(grants.use_refresh(REFRESH, grant, known.tokens()))
    works = [grants.use_refresh_again(REFRESH, grant, known.tokens(), since) for _ in range(AT_ONCE)]
    assert await winners(known, works) == 1
    assert await known.count(keys) == 1, "what was lost is no longer good"
    unused = select(func.count()).select_from(refresh_tokens).where(refresh_tokens.c.used.is_(False))
    row = await known.database.fetch_one(unused)
    assert row is not None
    assert (row[0], await known.count(refresh_tokens)) == (1, 3)


async def test_an_answer_arrives_or_is_replaced_and_never_both(known: Catalog) -> None:
    for each in range(AT_ONCE):
        grant, since = await known.with_tokens(), catalog.now() - timedelta(seconds=9)
        next_one = hashed(f"next {each}")
        assert await known.database.transaction(grants.use_refresh(REFRESH, grant, known.tokens(next_one)))
        works = [
            grants.use_refresh_again(REFRESH, grant, known.tokens(), since),
            grants.use_refresh(next_one, grant, known.tokens()),
        ]
        assert await winners(known, works) == 1
        assert await known.database.transaction(grants.revoke_grant(grant.id))


async def test_a_refresh_token_that_stays_gives_tokens_to_all(known: Catalog) -> None:
    grant = await known.with_tokens(rotates=False)
    works = [grants.use_refresh(REFRESH, grant, replace(known.tokens(), refresh_hash=None)) for _ in range(AT_ONCE)]
    assert await winners(known, works) == AT_ONCE
    assert (await known.count(keys), await known.count(refresh_tokens)) == (1 + AT_ONCE, 1)


async def test_only_so_many_access_tokens_of_a_grant_are_good_and_the_oldest_give_way(known: Catalog) -> None:
    grant = await known.with_tokens(rotates=False)
    last = known.tokens()
    for _ in range(grants.MOST_ACCESS_TOKENS + 5):
        last = replace(known.tokens(), refresh_hash=None)
        later = replace(last.access, created=last.access.created + timedelta(seconds=1))
        last = replace(last, access=later)
        assert await known.database.transaction(grants.use_refresh(REFRESH, grant, last))
    assert await known.count(keys) == grants.MOST_ACCESS_TOKENS
    assert await known.database.fetch_one(catalog.key_holder(last.access_hash)) is not None


async def test_a_device_is_let_in_once_of_16_at_once(known: Catalog) -> None:
    await known.database.transaction(devices.add_waiting(DEVICE, USER, known.waiting()))
    assert await winners(known, [devices.let_in(USER, known.grant()) for _ in range(AT_ONCE)]) == 1
    assert await known.count(grants_table) == 1, "and nothing is left of who came second"


async def test_a_device_is_let_in_or_turned_away_and_never_both(known: Catalog) -> None:
    await known.database.transaction(devices.add_waiting(DEVICE, USER, known.waiting()))
    works = [devices.deny_waiting(USER) if each % 2 else devices.let_in(USER, known.grant()) for each in range(AT_ONCE)]
    assert await winners(known, works) == 1
    row = await known.database.fetch_one(devices.waiting_by_device(DEVICE))
    assert row is not None
    answered = devices.to_waiting(row)
    assert answered.denied is (answered.grant_id is None)
    assert await known.count(grants_table) == (not answered.denied)


async def test_a_device_collects_its_tokens_once_of_16_at_once(known: Catalog) -> None:
    grant = known.grant()
    await known.database.transaction(devices.add_waiting(DEVICE, USER, known.waiting()))
    assert await known.database.transaction(devices.let_in(USER, grant))
    assert await winners(known, [devices.collect(DEVICE, grant, known.tokens()) for _ in range(AT_ONCE)]) == 1
    assert (await known.count(keys), await known.count(device_requests)) == (1, 0)


async def test_a_device_whose_time_is_over_is_answered_by_nobody(known: Catalog) -> None:
    past = catalog.now() - timedelta(seconds=1)
    await known.database.transaction(devices.add_waiting(DEVICE, USER, known.waiting(past)))
    assert not await known.database.transaction(devices.let_in(USER, known.grant()))
    assert not await known.database.transaction(devices.deny_waiting(USER))
    assert await known.database.fetch_one(devices.waiting_by_user(USER)) is None


async def test_the_end_of_a_grant_takes_all_that_was_given_for_it(known: Catalog) -> None:
    ended, other = await known.with_code(), await known.with_tokens()
    assert await known.database.transaction(grants.use_code(CODE, ended, known.tokens()))
    assert await winners(known, [grants.revoke_grant(ended.id) for _ in range(AT_ONCE)]) == 1
    assert not await known.database.transaction(grants.use_code(CODE, ended, known.tokens()))
    left = [grants.to_grant(row).id for row in await known.database.fetch_all(grants.grants_of(known.account.id))]
    assert left == [other.id]
    assert (await known.count(keys), await known.count(refresh_tokens), await known.count(grant_codes)) == (1, 1, 0)


async def test_the_end_of_a_grant_wins_over_what_comes_at_the_same_time(known: Catalog) -> None:
    for _ in range(AT_ONCE):
        grant = await known.with_tokens()
        works = [grants.use_refresh(REFRESH, grant, known.tokens()), grants.revoke_grant(grant.id)]
        _, ended = await asyncio.gather(*(known.database.transaction(work) for work in works))
        assert ended
        counts = [await known.count(table) for table in (keys, refresh_tokens, grants_table)]
        assert counts == [0, 0, 0]


async def test_what_is_over_is_forgotten_and_the_rest_stays(known: Catalog) -> None:
    past = catalog.now() - timedelta(seconds=1)
    kept = await known.with_tokens()
    await known.with_code(ends=past)
    await known.database.transaction(devices.add_waiting(DEVICE, USER, known.waiting(past)))
    gone = known.grant()
    await known.database.transaction(grants.add_grant(gone, tokens=known.tokens(hashed("old"), ends=past)))
    let_in = known.grant()
    await known.database.transaction(devices.add_waiting(hashed("d2"), hashed("u2"), known.waiting()))
    assert await known.database.transaction(devices.let_in(hashed("u2"), let_in))
    await known.database.transaction(grants.forget_expired())
    rows = await known.database.fetch_all(select(grants_table.c.id))
    assert {row.id for row in rows} == {kept.id, let_in.id}
    counts = [await known.count(table) for table in (keys, refresh_tokens, grant_codes, device_requests)]
    assert counts == [1, 1, 0, 1]


async def test_a_used_refresh_token_is_kept_to_be_known_when_it_comes_again(known: Catalog) -> None:
    grant = await known.with_tokens()
    assert await known.database.transaction(grants.use_refresh(REFRESH, grant, known.tokens()))
    await known.database.transaction(grants.forget_expired())
    row = await known.database.fetch_one(grants.refresh_of(REFRESH))
    assert row is not None
    assert grants.to_refresh(row).used


async def test_a_deleted_account_leaves_no_grant_behind(known: Catalog) -> None:
    await known.with_tokens()
    await known.with_code()
    await known.database.transaction(catalog.delete_account(known.account.id, None))
    counts = [await known.count(table) for table in (grants_table, keys, refresh_tokens, grant_codes)]
    assert counts == [0, 0, 0, 0]


async def test_our_own_application_is_added_once_of_16_servers_that_start_at_once(known: Catalog) -> None:
    works = [catalog.add_own_application("heliographlogin", f"k{each}", "one") for each in range(2, 2 + AT_ONCE)]
    await asyncio.gather(*(known.database.transaction(work) for work in works))
    found = [catalog.to_application(row) for row in await known.database.fetch_all(catalog.applications_of(None))]
    assert [each.client_id for each in found] == ["c1", "heliographlogin"]
    await known.database.transaction(catalog.change_application(found[1].id, {"suspended": True, "enabled": False}))
    await known.database.transaction(works[0])
    row = await known.database.fetch_one(catalog.application("heliographlogin"))
    assert row is not None
    assert not catalog.to_application(row).enabled, "who disabled it meant it"
