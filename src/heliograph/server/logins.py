"""Passwords checked, and guessing them slowed: by account and by address, whether the name exists or not. So is the
making of accounts by strangers.
"""

from heliograph.server.audit import Audit, done_by
from heliograph.server.errors import InvalidToken, TooManyAttempts
from heliograph.server.identity import Accounts
from heliograph.server.limits import network_of
from heliograph.server.model import Account, Bucket, Caller
from heliograph.server.ports import Limiter

_PERIOD = 900
"""Seconds in which the attempts come back, one after the other."""

BY_ACCOUNT = 10
BY_ADDRESS = 30
REGISTRATIONS = 5
"""Accounts that may be registered from an address in an hour."""


class Logins:
    """Checks passwords. Tokens are not counted here: 128 random bits need no slowing."""

    def __init__(self, accounts: Accounts, limiter: Limiter, audit: Audit) -> None:
        self._accounts = accounts
        self._limiter = limiter
        self._audit = audit

    async def by_password(self, address: str, name: str, password: str) -> Account:
        """The enabled account of that name and password.

        Raises InvalidToken, after the same time and in the same words whether the name, the password or the account is
        at fault, and TooManyAttempts.
        """
        await self._spend(
            Bucket(f"password:{name[:64]}", BY_ACCOUNT, _PERIOD),
            Bucket(f"password-from:{network_of(address)}", BY_ADDRESS, _PERIOD),
        )
        account = await self._accounts.by_password(name, password)
        if account is None:
            await self._audit.note(done_by(Caller(address), "account.refuse", name[:64].replace("\0", ""), "password"))
            raise InvalidToken("The name or the password is wrong.")
        return account

    async def register(self, address: str, name: str, password: str, email: str | None) -> Account:
        """A new account for somebody at that address. Raises BadParameter, Conflict, TooManyAttempts."""
        await self._spend(Bucket(f"register-from:{network_of(address)}", REGISTRATIONS, 3600))
        return await self._accounts.add(name, Caller(address), password=password, email=email)

    async def _spend(self, *buckets: Bucket) -> None:
        allowance = await self._limiter.spend(buckets)
        if not allowance.allowed:
            raise TooManyAttempts(retry_after=allowance.retry_after)
