"""Passwords checked, and guessing them slowed: by account and by address, whether the name exists or not."""

from heliograph.server.errors import InvalidToken, TooManyAttempts
from heliograph.server.identity import Accounts
from heliograph.server.limits import network_of
from heliograph.server.model import Account, Bucket
from heliograph.server.ports import Limiter

_PERIOD = 900
"""Seconds in which the attempts come back, one after the other."""

BY_ACCOUNT = 10
BY_ADDRESS = 30


class Logins:
    """Checks passwords. Tokens are not counted here: 128 random bits need no slowing."""

    def __init__(self, accounts: Accounts, limiter: Limiter) -> None:
        self._accounts = accounts
        self._limiter = limiter

    async def by_password(self, address: str, name: str, password: str) -> Account:
        """The enabled account of that name and password.

        Raises InvalidToken, after the same time and in the same words whether the name, the password or the account is
        at fault, and TooManyAttempts.
        """
        allowance = await self._limiter.spend(
            [
                Bucket(f"password:{name[:64]}", BY_ACCOUNT, _PERIOD),
                Bucket(f"password-from:{network_of(address)}", BY_ADDRESS, _PERIOD),
            ]
        )
        if not allowance.allowed:
            raise TooManyAttempts(retry_after=allowance.retry_after)
        account = await self._accounts.by_password(name, password)
        if account is None:
            raise InvalidToken("The name or the password is wrong.")
        return account
