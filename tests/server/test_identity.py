"""Whom a credential stands for, and how soon what was revoked is."""

import asyncio
from pathlib import Path

import pytest

from heliograph.server import catalog
from heliograph.server.identity import Accounts, Identity, Tokens
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
