"""Who may register applications: by the operator's choice any account, administrators only, or whoever asks.

Hides how registering without an account is slowed, and what is different about such an application: nobody owns it, and
who has its secret may change it.
"""

from collections.abc import Sequence

from heliograph.server.callers import account_of
from heliograph.server.errors import Forbidden, HeliographError, UploadLimitReached
from heliograph.server.identity import Applications
from heliograph.server.limits import network_of
from heliograph.server.model import Application, Bucket, Caller
from heliograph.server.ports import Limiter

WHO = ("accounts", "administrators", "anybody")

BY_ADDRESS = 10
"""Applications that may be registered from one address (IPv6: from a /64) in a day without an account."""

_DAY = 86400


class Registration:
    """Registers applications for those who may: `who` is one of WHO."""

    def __init__(self, applications: Applications, limiter: Limiter, who: str) -> None:
        self._applications = applications
        self._limiter = limiter
        self._who = who

    def must_be_open(self, caller: Caller) -> None:
        """Raise NoTokenSent or Forbidden where the caller may register none."""
        if caller.account is None and self._who == "anybody":
            return
        if account_of(caller, "account").role != "administrator" and self._who == "administrators":
            raise Forbidden("Only administrators may register applications here.")

    def is_open(self, caller: Caller) -> bool:
        """Whether the caller may register one."""
        try:
            self.must_be_open(caller)
        except HeliographError:
            return False
        return True

    async def register(
        self, caller: Caller, name: str, redirects: Sequence[str], *, with_secret: bool
    ) -> tuple[Application, str | None]:
        """Register an application of the caller's account, or of nobody, which always has a secret.

        Returns it and its secret. Raises what `must_be_open` does, UploadLimitReached, BadParameter.
        """
        self.must_be_open(caller)
        if caller.account is not None:
            return await self._applications.add(name, caller.account, redirects, caller, with_secret=with_secret)
        await self._count(caller)
        return await self._applications.add(name, None, redirects, caller, with_secret=True, by_anybody=True)

    async def _count(self, caller: Caller) -> None:
        bucket = Bucket(f"registration:{network_of(caller.address)}", BY_ADDRESS, _DAY)
        allowance = await self._limiter.spend([bucket])
        if not allowance.allowed:
            raise UploadLimitReached("Too many applications were registered from your address.", allowance.retry_after)
