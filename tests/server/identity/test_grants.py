"""Grants without HTTP, on both databases: whose they are, what comes twice or at once, and what is over."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from sqlalchemy import Connection, func, select, text, update

from heliograph.server import catalog
from heliograph.server.backends.memory import MemoryLimiter
from heliograph.server.backends.postgres import PostgresDatabase
from heliograph.server.backends.sqlite import SqliteDatabase
from heliograph.server.catalog import grants as statements
from heliograph.server.catalog import tables
from heliograph.server.errors import GrantRefused, NotFound, TooManyAttempts
from heliograph.server.identity import Accounts, Devices, Grants, Identity
from heliograph.server.identity.grants import IMGUR_SCOPES, LOST_ANSWER_SECONDS, Given, Lifetimes, Wish
from heliograph.server.identity.secrets import hashed
from heliograph.server.migrations import upgrade
from heliograph.server.model import Account, Application, Caller
from heliograph.server.ports import Database
from tests.servers.postgres import PostgresServer

ADDRESS = "192.0.2.7"
VERIFIER = "v" * 43
LIFETIMES = Lifetimes(timedelta(hours=1), timedelta(days=3650), timedelta(days=365))


@dataclass
class World:
    """Accounts and programs on an empty database."""

    database: Database
    identity: Identity
    accounts: Accounts
    grants: Grants
    devices: Devices
    ada: Account
    keeper: Application
    other: Application

    def by(self, application: Application) -> Caller:
        return Caller(ADDRESS, application=application)

    async def code(self, *, rotates: bool = True) -> str:
        """A code that ada has allowed the keeper, in our own flow or Imgur's."""
        challenge = create_s256_code_challenge(VERIFIER) if rotates else None
        wish = Wish(self.keeper, IMGUR_SCOPES, rotates, redirect="https://h.example/back", challenge=challenge)
        return await self.grants.give_code(wish, self.ada, Caller(ADDRESS, account=self.ada))

    async def use(self, code: str, *, rotates: bool = True) -> Given:
        verifier = VERIFIER if rotates else None
        return await self.grants.use_code(self.by(self.keeper), code, redirect=None, verifier=verifier, rotates=rotates)

    async def given(self, *, rotates: bool = True) -> Given:
        return await self.use(await self.code(rotates=rotates), rotates=rotates)

    async def is_good(self, given: Given) -> bool:
        holder = await self.identity.holder(given.access)
        return holder is not None and holder.token is not None

    async def deeds(self) -> list[tuple[str, str | None]]:
        rows = await self.database.fetch_all(catalog.deeds_since(None, 50))
        return [(row.action, row.address) for row in rows if row.action.startswith("grant.")]

    async def count(self, *names: str) -> list[int]:
        found = []
        for name in names:
            counted = await self.database.fetch_one(select(func.count()).select_from(getattr(tables, name)))
            assert counted is not None
            found.append(int(counted[0]))
        return found


async def built(database: Database) -> World:
    identity, by = Identity(database), Caller(ADDRESS)
    accounts = Accounts(database, identity)
    ada = await accounts.add("ada", by)
    made = []
    for number, name in enumerate(("Keeper", "Other")):
        values: dict[str, object] = {"client_id": f"client{number}", "key": str(number) * 32, "name": name}
        await database.transaction(catalog.add_application({**values, "redirects": "https://h.example/back"}))
        row = await database.fetch_one(catalog.application(f"client{number}"))
        assert row is not None
        made.append(catalog.to_application(row))
    grants = Grants(database, identity, LIFETIMES)
    devices = Devices(database, grants, MemoryLimiter(), timedelta(minutes=15))
    return World(database, identity, accounts, grants, devices, ada, *made)


def _empty(connection: Connection) -> None:
    connection.execute(text("DROP SCHEMA public CASCADE"))
    connection.execute(text("CREATE SCHEMA public"))


@pytest.fixture(params=["sqlite", "postgresql"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], "object"]:
    @asynccontextmanager
    async def world() -> AsyncIterator[World]:
        if request.param == "sqlite":
            database: Database = SqliteDatabase(tmp_path / "heliograph.db")
        else:
            server: PostgresServer = request.getfixturevalue("postgres_server")
            database = PostgresDatabase(server.url)
            await database.transaction(_empty)
        try:
            await database.transaction(upgrade.to_head)
            yield await built(database)
        finally:
            if request.param == "postgresql":
                await database.transaction(_empty)
            await database.close()

    return world


async def refused(coroutine: object) -> str:
    """The word with which it is refused."""
    with pytest.raises(GrantRefused) as caught:
        await coroutine  # type: ignore[misc]
    return caught.value.reason


@pytest.mark.anyio
async def test_a_code_that_comes_many_times_at_once_gives_at_most_one_access_and_that_ends(opened) -> None:
    async with opened() as world:
        code = await world.code()
        outcomes = await asyncio.gather(*(world.use(code) for _ in range(12)), return_exceptions=True)
        given = [each for each in outcomes if isinstance(each, Given)]
        assert len(given) == 1
        assert {type(each) for each in outcomes} == {Given, GrantRefused}
        assert not await world.is_good(given[0])
        assert await world.count("grants", "keys", "refresh_tokens", "grant_codes") == [0, 0, 0, 0]
        assert await world.deeds() == [("grant.reuse", ADDRESS), ("grant.give", ADDRESS)]


@pytest.mark.anyio
async def test_a_refresh_token_that_comes_many_times_at_once_gives_at_most_one_access_and_all_ends(opened) -> None:
    async with opened() as world:
        first = await world.given()
        asked = (world.grants.refresh(world.by(world.keeper), first.refresh, rotates=True) for _ in range(12))
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        given = [each for each in outcomes if isinstance(each, Given)]
        assert len(given) == 2, "the second as if the answer to the first had been lost"
        assert {type(each) for each in outcomes} == {Given, GrantRefused}
        assert not any([await world.is_good(each) for each in (first, *given)])
        assert await world.count("grants", "keys", "refresh_tokens") == [0, 0, 0]
        assert (await world.deeds())[0] == ("grant.reuse", ADDRESS)


@pytest.mark.anyio
async def test_the_second_refresh_token_ends_too_where_the_first_comes_again(opened) -> None:
    async with opened() as world:
        first, by = await world.given(), world.by(world.keeper)
        second = await world.grants.refresh(by, first.refresh, rotates=True)
        assert await world.is_good(second)
        assert await refused(world.grants.refresh(by, first.refresh, rotates=True)) == "invalid_grant"
        assert await refused(world.grants.refresh(by, second.refresh, rotates=True)) == "invalid_grant"
        assert not await world.is_good(second)


@pytest.mark.anyio
async def test_a_refresh_token_whose_answer_was_lost_gives_another_pair_in_place_of_the_lost_one(opened) -> None:
    async with opened() as world:
        first, by = await world.given(), world.by(world.keeper)
        lost = await world.grants.refresh(by, first.refresh, rotates=True)
        second = await world.grants.refresh(by, first.refresh, rotates=True)
        assert [await world.is_good(each) for each in (lost, second)] == [False, True]
        assert (await world.deeds())[0] == ("grant.again", ADDRESS)
        third = await world.grants.refresh(by, second.refresh, rotates=True)
        assert await world.is_good(third)


@pytest.mark.anyio
@pytest.mark.parametrize("shown", ["first", "lost"])
async def test_whoever_comes_after_a_second_use_ends_all(opened, shown: str) -> None:
    """Were it a thief who came first or second, the other of the two finds the access at an end, and nobody has it."""
    async with opened() as world:
        first, by = await world.given(), world.by(world.keeper)
        lost = await world.grants.refresh(by, first.refresh, rotates=True)
        second = await world.grants.refresh(by, first.refresh, rotates=True)
        again = {"first": first, "lost": lost}[shown].refresh
        assert await refused(world.grants.refresh(by, again, rotates=True)) == "invalid_grant"
        assert not await world.is_good(second)
        assert await world.count("grants", "keys", "refresh_tokens") == [0, 0, 0]


@pytest.mark.anyio
@pytest.mark.parametrize("arrived", ["access token", "refresh token"])
async def test_an_answer_of_which_something_was_used_was_not_lost(opened, arrived: str) -> None:
    async with opened() as world:
        first, by = await world.given(), world.by(world.keeper)
        newest = await world.grants.refresh(by, first.refresh, rotates=True)
        if arrived == "access token":
            assert await world.is_good(newest)
        else:
            newest = await world.grants.refresh(by, newest.refresh, rotates=True)
        assert await refused(world.grants.refresh(by, first.refresh, rotates=True)) == "invalid_grant"
        assert not await world.is_good(newest)


@pytest.mark.anyio
@pytest.mark.parametrize(("seconds", "good"), [(LOST_ANSWER_SECONDS - 5, True), (LOST_ANSWER_SECONDS + 1, False)])
async def test_a_lost_answer_is_asked_for_soon_or_never(opened, seconds: int, good: bool) -> None:
    async with opened() as world:
        first, by = await world.given(), world.by(world.keeper)
        await world.grants.refresh(by, first.refresh, rotates=True)
        earlier = tables.stamp(catalog.now() - timedelta(seconds=seconds))
        this = tables.refresh_tokens.c.hash == hashed(first.refresh)
        change = update(tables.refresh_tokens).where(this).values(used_at=earlier)
        await world.database.transaction(lambda connection: tables.run(connection, change))
        again = world.grants.refresh(by, first.refresh, rotates=True)
        if good:
            assert await world.is_good(await again)
        else:
            assert await refused(again) == "invalid_grant"


@pytest.mark.anyio
async def test_another_program_and_a_disabled_account_get_nothing_for_a_lost_answer(opened) -> None:
    async with opened() as world:
        first, by = await world.given(), world.by(world.keeper)
        await world.grants.refresh(by, first.refresh, rotates=True)
        stranger = world.by(world.other)
        assert await refused(world.grants.refresh(stranger, first.refresh, rotates=True)) == "invalid_grant"
        await world.accounts.enable(world.ada, False, Caller(ADDRESS))
        assert await refused(world.grants.refresh(by, first.refresh, rotates=True)) == "invalid_grant"
        assert await world.count("grants") == [0]


@pytest.mark.anyio
async def test_a_token_that_was_used_is_known_as_used_also_when_it_is_over(opened) -> None:
    async with opened() as world:
        first, by = await world.given(), world.by(world.keeper)
        second = await world.grants.refresh(by, first.refresh, rotates=True)
        this = tables.refresh_tokens.c.hash == hashed(first.refresh)
        await world.database.transaction(
            lambda connection: tables.run(connection, update(tables.refresh_tokens).where(this).values(expires=1))
        )
        assert await refused(world.grants.refresh(by, first.refresh, rotates=True)) == "invalid_grant"
        assert not await world.is_good(second)


@pytest.mark.anyio
async def test_what_one_flow_gave_is_unknown_in_the_other(opened) -> None:
    """Else a code of Imgur's flow would do without PKCE in ours, and one of ours without the secret in Imgur's."""
    async with opened() as world:
        by = world.by(world.keeper)
        for rotates in (True, False):
            code = await world.code(rotates=rotates)
            assert await refused(world.use(code, rotates=not rotates)) == "invalid_grant"
            given = await world.use(code, rotates=rotates)
            assert await refused(world.grants.refresh(by, given.refresh, rotates=not rotates)) == "invalid_grant"
            assert await world.is_good(given)


@pytest.mark.anyio
async def test_what_is_another_programs_is_unknown_and_unharmed(opened) -> None:
    async with opened() as world:
        code, stranger = await world.code(), world.by(world.other)
        use = world.grants.use_code(stranger, code, redirect=None, verifier=VERIFIER, rotates=True)
        assert await refused(use) == "invalid_grant"
        given = await world.use(code)
        assert await refused(world.grants.refresh(stranger, given.refresh, rotates=True)) == "invalid_grant"
        await world.grants.revoke(stranger, given.refresh)
        await world.grants.revoke(stranger, given.access)
        assert await world.is_good(given)


@pytest.mark.anyio
async def test_a_code_that_is_over_gives_nothing(opened) -> None:
    async with opened() as world:
        code = await world.code()
        await world.database.transaction(
            lambda connection: tables.run(connection, update(tables.grant_codes).values(expires=1))
        )
        assert await refused(world.use(code)) == "invalid_grant"
        await world.database.transaction(statements.forget_expired())
        assert await world.count("grants", "grant_codes") == [0, 0]


@pytest.mark.anyio
async def test_upkeep_keeps_what_is_still_good(opened) -> None:
    async with opened() as world:
        waiting_code, given, imgurs = await world.code(), await world.given(), await world.given(rotates=False)
        codes = await world.devices.begin(world.keeper, IMGUR_SCOPES, "192.0.2.0")
        await world.devices.let_in(codes.user, world.ada, Caller(ADDRESS, account=world.ada))
        await world.database.transaction(statements.forget_expired())
        assert await world.is_good(given)
        assert await world.is_good(imgurs)
        assert await world.is_good(await world.use(waiting_code))
        assert await world.is_good(await world.devices.ask(world.keeper, codes.device))


@pytest.mark.anyio
async def test_a_disabled_account_gets_nothing_for_a_code_a_refresh_token_or_a_device(opened) -> None:
    async with opened() as world:
        by, given, code = world.by(world.keeper), await world.given(), await world.code()
        codes = await world.devices.begin(world.keeper, IMGUR_SCOPES, "192.0.2.0")
        await world.devices.let_in(codes.user, world.ada, Caller(ADDRESS, account=world.ada))
        await world.accounts.enable(world.ada, False, Caller(ADDRESS))
        assert await refused(world.use(code)) == "invalid_grant"
        assert await refused(world.grants.refresh(by, given.refresh, rotates=True)) == "invalid_grant"
        assert await refused(world.devices.ask(world.keeper, codes.device)) == "invalid_grant"
        await world.accounts.enable(world.ada, True, Caller(ADDRESS))
        assert await world.is_good(await world.use(code)), "it was not used up"


@pytest.mark.anyio
async def test_a_deleted_account_takes_its_grants_with_it(opened) -> None:
    async with opened() as world:
        given = await world.given()
        await world.code()
        codes = await world.devices.begin(world.keeper, IMGUR_SCOPES, "192.0.2.0")
        await world.devices.let_in(codes.user, world.ada, Caller(ADDRESS, account=world.ada))
        await world.accounts.delete(world.ada, Caller(ADDRESS))
        assert not await world.is_good(given)
        assert await world.count("grants", "keys", "refresh_tokens", "grant_codes") == [0, 0, 0, 0]
        assert await refused(world.devices.ask(world.keeper, codes.device)) == "invalid_grant"


@pytest.mark.anyio
async def test_a_grant_of_imgurs_flow_keeps_its_newest_tokens_only(opened) -> None:
    async with opened() as world:
        given = [await world.given(rotates=False)]
        by = world.by(world.keeper)
        for _ in range(statements.MOST_ACCESS_TOKENS + 2):
            await asyncio.sleep(0.002)  # the order is that of milliseconds
            given.append(await world.grants.refresh(by, given[0].refresh, rotates=False))
        assert {each.refresh for each in given} == {given[0].refresh}
        assert [await world.is_good(each) for each in (given[0], given[1], given[-1])] == [False, False, True]
        assert await world.count("keys", "refresh_tokens") == [statements.MOST_ACCESS_TOKENS, 1]


@pytest.mark.anyio
async def test_a_device_that_asks_many_times_at_once_gets_its_tokens_once(opened) -> None:
    async with opened() as world:
        codes = await world.devices.begin(world.keeper, IMGUR_SCOPES, "192.0.2.0")
        await world.devices.let_in(codes.user, world.ada, Caller(ADDRESS, account=world.ada))
        asked = (world.devices.ask(world.keeper, codes.device) for _ in range(8))
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(each) for each in outcomes].count(Given) == 1
        assert {type(each) for each in outcomes} == {Given, GrantRefused}


@pytest.mark.anyio
async def test_two_people_who_answer_a_device_at_once_let_it_in_once(opened) -> None:
    async with opened() as world:
        eve = await world.accounts.add("eve", Caller(ADDRESS))
        codes = await world.devices.begin(world.keeper, IMGUR_SCOPES, "192.0.2.0")
        people = (world.ada, eve) * 3
        answers = (world.devices.let_in(codes.user, each, Caller(ADDRESS, account=each)) for each in people)
        outcomes = await asyncio.gather(*answers, return_exceptions=True)
        assert [type(each) for each in outcomes].count(NotFound) == len(people) - 1
        assert await world.count("grants") == [1]


@pytest.mark.anyio
async def test_one_network_cannot_fill_the_table_of_devices(opened) -> None:
    async with opened() as world:
        for _ in range(100):
            await world.devices.begin(world.keeper, IMGUR_SCOPES, "192.0.2.0")
        with pytest.raises(TooManyAttempts):
            await world.devices.begin(world.keeper, IMGUR_SCOPES, "192.0.2.0")
        assert await world.devices.begin(world.keeper, IMGUR_SCOPES, "198.51.100.0")


@pytest.mark.anyio
@pytest.mark.parametrize("odd", ["", "\0", "client0\0", "ünknown", "a" * 300, "client 0"])
async def test_what_can_be_no_name_is_unknown_on_every_database(opened, odd: str) -> None:
    async with opened() as world:
        assert await refused(world.grants.application(odd)) == "invalid_client"
        assert await refused(world.use(odd)) == "invalid_grant"
        assert await refused(world.grants.refresh(world.by(world.keeper), odd, rotates=True)) == "invalid_grant"
        with pytest.raises(NotFound):
            await world.grants.revoke_of(world.ada, odd, Caller(ADDRESS, account=world.ada))


@pytest.mark.anyio
async def test_a_program_without_a_secret_proves_nothing_by_having_none(opened) -> None:
    async with opened() as world:
        assert await world.grants.proven("client0", None) == world.keeper
        assert await refused(world.grants.proven("client0", None, must_have_secret=True)) == "invalid_client"
        assert await refused(world.grants.proven("client0", "x", must_have_secret=True)) == "invalid_client"
        await world.database.transaction(catalog.change_application(world.keeper.id, {"secret": hashed("right")}))
        world.identity.forget()
        for wrong in (None, "", "wrong"):
            assert await refused(world.grants.proven("client0", wrong)) == "invalid_client"
        assert (await world.grants.proven("client0", "right")).id == world.keeper.id
