"""Passwords checked, and guessing them slowed: by account and by address, whether the name exists or not. So is the
making of accounts by strangers.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import replace

from heliograph.server.audit import Audit, done_by
from heliograph.server.errors import InvalidToken, TooManyAttempts
from heliograph.server.identity import Accounts
from heliograph.server.limits import network_of
from heliograph.server.model import Account, Bucket, Caller, Deed
from heliograph.server.ports import Limiter

_PERIOD = 900
"""Seconds in which the attempts come back, one after the other."""

_AT_ONCE = 2
BY_ACCOUNT = 10
BY_ADDRESS = 30
REGISTRATIONS = 5
"""Accounts that may be registered from an address in an hour."""


class Logins:
    """Checks passwords. What fails is counted. Tokens are not counted here: 128 random bits need no slowing."""

    def __init__(self, accounts: Accounts, limiter: Limiter, audit: Audit) -> None:
        self._accounts = accounts
        self._limiter = limiter
        self._audit = audit
        # Those who guess at the same time see each other's failures, but for as many as may be under way at once.
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def by_password(self, address: str, name: str, password: str) -> Account:
        """The enabled account of that name and password.

        Raises InvalidToken, after the same time and in the same words whether the name, the password or the account is
        at fault, and TooManyAttempts.
        """
        attempts = (
            Bucket(f"password:{name[:64]}", BY_ACCOUNT, _PERIOD),
            Bucket(f"password-from:{network_of(address)}", BY_ADDRESS, _PERIOD),
        )
        async with self._turns:
            await self._must_have_room(attempts)
            account = await self._accounts.by_password(name, password)
            if account is None:
                await self._limiter.spend(attempts)
                await self._audit.note(_refusal(address, name))
        if account is None:
            raise InvalidToken("The name or the password is wrong.")
        return account

    async def register(self, address: str, name: str, password: str, email: str | None) -> Account:
        """A new account for somebody at that address. Raises BadParameter, Conflict, TooManyAttempts."""
        allowance = await self._limiter.spend([Bucket(f"register-from:{network_of(address)}", REGISTRATIONS, 3600)])
        if not allowance.allowed:
            raise TooManyAttempts(retry_after=allowance.retry_after)
        return await self._accounts.add(name, Caller(address), password=password, email=email)

    async def _must_have_room(self, attempts: Iterable[Bucket]) -> None:
        """Raise TooManyAttempts where a counter is used up. A right password takes nothing from it."""
        asked = await self._limiter.spend([replace(each, cost=0) for each in attempts])
        for state in asked.buckets:
            if not state.left:
                raise TooManyAttempts(retry_after=-(-state.bucket.period // state.bucket.limit))


def _refusal(address: str, name: str) -> Deed:
    return done_by(Caller(address), "account.refuse", name[:64].replace("\0", ""), "a wrong password, or no such name")
