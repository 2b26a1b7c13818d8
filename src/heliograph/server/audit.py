"""The audit: who did what to what, when and from where. Deeds are written by `catalog.noted`, with the deed itself."""

from datetime import datetime, timedelta

from heliograph.server import catalog
from heliograph.server.model import Caller, Deed
from heliograph.server.ports import Database


def done_by(caller: Caller, action: str, subject: str, detail: str | None = None) -> Deed:
    """What `caller` does now to `subject`; see Deed."""
    account = caller.account
    return Deed(
        at=catalog.now(),
        action=action,
        subject=subject,
        account_id=account.id if account else None,
        account=account.name if account else None,
        application=caller.application.client_id if caller.application else caller.key,
        address=caller.address,
        detail=detail,
    )


class Audit:
    """Reads the record of deeds, and forgets what is over its time.

    Deeds are kept for `kept`, the addresses in them for `addresses_kept`.
    """

    def __init__(self, database: Database, *, kept: timedelta, addresses_kept: timedelta) -> None:
        self._database = database
        self._kept = kept
        self._addresses_kept = addresses_kept

    async def newest(
        self,
        since: datetime | None,
        limit: int,
        *,
        account: str | None = None,
        subject: str | None = None,
        action: str = "",
    ) -> list[Deed]:
        """The deeds since then, newest first, at most `limit`: all, or those of an account's name, to a subject, of an
        action (`image.remove`) or of all actions of a noun (`image`).
        """
        wanted = catalog.deeds_since(since, limit, account=account, subject=subject, action=action)
        return [catalog.to_deed(row) for row in await self._database.fetch_all(wanted)]

    async def note(self, deed: Deed) -> None:
        """Write down a deed that changes nothing else."""
        await self._database.transaction(catalog.noted(lambda _: None, deed))

    async def forget(self) -> None:
        """Drop the deeds and the addresses that are over their time."""
        now = catalog.now()
        await self._database.transaction(catalog.forget_deeds(now - self._kept, now - self._addresses_kept))
