"""Whom a credential stands for, and how soon what was revoked is."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from heliograph.server import catalog
from heliograph.server.errors import Forbidden
from heliograph.server.identity import Accounts, Applications, Identity, Sessions, Tokens
from heliograph.server.identity.seal import Seal
from heliograph.server.model import Caller
from tests.server.parts import assembled

pytestmark = pytest.mark.anyio

OPERATOR = Caller("192.0.2.1")


async def test_a_lookup_that_began_before_a_change_is_not_remembered(tmp_path: Path) -> None:
    async with assembled(tmp_path) as parts:
        identity = Identity(parts.database)
        tokens = Tokens(parts.database, identity)
        account = await Accounts(parts.database, identity).add("ada", OPERATOR)
        token, secret = await tokens.add(account, "t", ["albums"], None, OPERATOR)
        looking = asyncio.create_task(identity.holder(secret))
        await asyncio.sleep(0)  # it has begun, and waits for the database
        identity.forget()
        assert (await looking) is not None
        await parts.database.transaction(catalog.revoke_token(account.id, token.id))
        assert await identity.holder(secret) is None, "what it found was old when it came"


async def test_a_login_of_a_deleted_account_is_none_of_the_next_one(tmp_path: Path) -> None:
    """SQLite gives the highest number again, once its row is gone; a cookie names the number."""
    async with assembled(tmp_path) as parts:
        accounts = Accounts(parts.database, Identity(parts.database))
        sessions = Sessions(parts.database, b"k" * 32, timedelta(days=1))
        ada = await accounts.add("ada", OPERATOR)
        cookie = await sessions.begin(Caller("192.0.2.1", account=ada), "by password")
        assert (await sessions.read(cookie)).account == ada
        await accounts.delete(ada, OPERATOR)
        await accounts.add("ada", OPERATOR)
        assert await sessions.read(cookie) is None


async def test_what_the_operator_disabled_is_disabled_for_whoever_looks_only_at_that(tmp_path: Path) -> None:
    async with assembled(tmp_path) as parts:
        identity = Identity(parts.database)
        applications = Applications(parts.database, identity, Seal(b"k" * 32))
        made, _ = await applications.add("Mine", None, [], OPERATOR)
        await applications.suspend(made, True, OPERATOR)
        row = await parts.database.fetch_one(catalog.application(made.client_id))
        assert (row.enabled, row.suspended) == (False, True)
        with pytest.raises(Forbidden):
            await applications.change(await applications.find(made.client_id), OPERATOR, enabled=True)
        await applications.suspend(made, False, OPERATOR)
        assert (await applications.find(made.client_id)).enabled
