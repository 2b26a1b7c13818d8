"""Logins without a table: what a cookie and an fkey are good for, and when no longer."""

import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from itsdangerous import URLSafeSerializer

from heliograph.server import catalog
from heliograph.server.backends.sqlite import SqliteDatabase
from heliograph.server.identity import Accounts, Fkeys, Identity, Sessions, fkeys
from heliograph.server.migrations import upgrade
from heliograph.server.model import EVERYTHING, Account, Caller

KEY = bytes(range(32))
pytestmark = pytest.mark.anyio


class World:
    """An account and the logins to it, on a real database."""

    def __init__(self, database: SqliteDatabase) -> None:
        self.database = database
        self.accounts = Accounts(database, Identity(database))
        self.sessions = Sessions(database, KEY, timedelta(days=30))
        self.account: Account

    async def log_in(self) -> str:
        caller = Caller("192.0.2.1", account=self.account, scopes=EVERYTHING)
        return await self.sessions.begin(caller, "by a test")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    database = SqliteDatabase(tmp_path / "h.db")
    await database.transaction(upgrade.to_head)
    made = World(database)
    made.account = await made.accounts.add("ada", Caller("192.0.2.1"), password="correct horse battery")
    yield made
    await database.close()


async def test_a_login_is_known_again_by_its_cookie(world: World) -> None:
    session = await world.sessions.read(await world.log_in())
    assert session is not None
    assert session.account.name == "ada"


async def test_every_login_has_an_id_of_its_own(world: World) -> None:
    first, second = [await world.sessions.read(await world.log_in()) for _ in range(2)]
    assert first is not None
    assert second is not None
    assert first.id != second.id


async def test_a_cookie_that_was_changed_or_signed_with_another_key_is_none(world: World) -> None:
    cookie = await world.log_in()
    others = Sessions(world.database, bytes(32), timedelta(days=30))
    assert await others.read(cookie) is None
    for place in (0, len(cookie) // 2, len(cookie) - 2):  # of the last character not all bits are the signature's
        spoilt = cookie[:place] + ("A" if cookie[place] != "A" else "B") + cookie[place + 1 :]
        read = await world.sessions.read(spoilt)
        assert read is None
    for nothing in ("", "x", "W10.x", "é"):
        assert await world.sessions.read(nothing) is None


@pytest.mark.parametrize("content", ["text", [], [1, "a", 2], [1, "a", "b", "c"], {"a": 1}, None])
async def test_what_is_signed_but_no_session_is_none(world: World, content: object) -> None:
    signed = URLSafeSerializer(KEY, salt="session").dumps(content)
    assert await world.sessions.read(str(signed)) is None


async def test_disabling_the_account_ends_its_logins_and_enabling_gives_them_back(world: World) -> None:
    cookie, operator = await world.log_in(), Caller("192.0.2.2")
    await world.accounts.enable(world.account, False, operator)
    assert await world.sessions.read(cookie) is None
    await world.accounts.enable(world.account, True, operator)
    assert await world.sessions.read(cookie) is not None


async def test_deleting_the_account_ends_its_logins(world: World) -> None:
    cookie = await world.log_in()
    await world.accounts.delete(world.account, Caller("192.0.2.2"))
    assert await world.sessions.read(cookie) is None


async def test_logging_out_everywhere_ends_what_was_there_and_not_what_comes(world: World) -> None:
    before = await world.log_in()
    time.sleep(0.002)  # times are kept to the millisecond
    await world.sessions.end_all(world.account, Caller("192.0.2.2"))
    assert await world.sessions.read(before) is None
    assert await world.sessions.read(await world.log_in()) is not None


async def test_another_password_ends_all_logins(world: World) -> None:
    cookie = await world.log_in()
    time.sleep(0.002)
    await world.accounts.set_password(world.account, "another long password", Caller("192.0.2.2"))
    assert await world.sessions.read(cookie) is None


async def test_a_login_that_is_not_used_for_its_lifetime_is_over(world: World) -> None:
    cookie = await world.log_in()
    brief = Sessions(world.database, KEY, timedelta(milliseconds=1))
    time.sleep(0.003)
    assert await brief.read(cookie) is None


async def test_a_cookie_of_today_is_not_written_anew_and_an_older_one_is(world: World) -> None:
    session = await world.sessions.read(await world.log_in())
    assert session is not None
    assert world.sessions.renewed(session) is None
    content = [world.account.id, session.id, *(round((time.time() - 2 * 86400) * 1000),) * 2]
    older = await world.sessions.read(str(URLSafeSerializer(KEY, salt="session").dumps(content)))
    assert older is not None
    renewed = await world.sessions.read(world.sessions.renewed(older) or "")
    assert renewed is not None
    assert (renewed.id, renewed.began) == (older.id, older.began)
    assert renewed.issued > older.issued


async def test_logins_are_in_the_audit(world: World) -> None:
    await world.log_in()
    deeds = [catalog.to_deed(row) for row in await world.database.fetch_all(catalog.deeds_since(None, 10))]
    assert ("account.login", "ada", "by a test") in [(deed.action, deed.subject, deed.detail) for deed in deeds]


def test_an_fkey_looks_as_programs_expect() -> None:
    fkey = Fkeys(KEY, "https://h.example").made()
    assert len(fkey) == 64
    assert set(fkey) <= set("0123456789abcdef")


@pytest.mark.parametrize(
    ("made_for", "shown_by", "fits"),
    [("", "", True), ("a", "a", True), ("", "a", False), ("a", "", False), ("a", "b", False)],
)
def test_an_fkey_is_good_for_the_session_it_was_made_for(made_for: str, shown_by: str, fits: bool) -> None:
    keys = Fkeys(KEY, "https://h.example")
    assert keys.fits(keys.made(made_for), shown_by) is fits


def test_an_fkey_of_one_site_is_no_good_at_another() -> None:
    fkey = Fkeys(KEY, "https://h.example").made()
    assert not Fkeys(KEY, "https://other.example").fits(fkey)
    assert not Fkeys(bytes(32), "https://h.example").fits(fkey)


@pytest.mark.parametrize("wrong", ["", "0" * 63, "0" * 64, "g" * 64, "é" * 64, "[object Object]", " " * 64])
def test_what_is_no_fkey_is_none(wrong: str) -> None:
    assert not Fkeys(KEY, "https://h.example").fits(wrong)


def test_an_fkey_is_over_after_its_lifetime(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = Fkeys(KEY, "https://h.example")
    fkey, now = keys.made(), time.time()
    monkeypatch.setattr(fkeys.time, "time", lambda: now + fkeys.LIFETIME - 2)
    assert keys.fits(fkey)
    monkeypatch.setattr(fkeys.time, "time", lambda: now + fkeys.LIFETIME + 2)
    assert not keys.fits(fkey)
    monkeypatch.setattr(fkeys.time, "time", lambda: now - 3600)
    assert not keys.fits(fkey), "it comes from the future"
