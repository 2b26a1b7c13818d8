"""Quotas: how many bytes and images an account may hold.

Hides that an account may have a quota of its own in place of the settings'. What counts is each image that the account
owns and that was not removed, with the size of its original as stored and served, whether other images share the bytes
or not. The counting itself is done in the catalog, in the transactions that add, claim and remove images, so that it is
exact however many come at once; to ask here before only spares work that would be in vain.
"""

from heliograph.server import catalog
from heliograph.server.model import Account, Quota, Space
from heliograph.server.ports import Database


class Quotas:
    """The quotas of every account; `default` is that of accounts that have none of their own."""

    def __init__(self, database: Database, default: Quota) -> None:
        self._database = database
        self.default = default

    async def space_of(self, account: Account) -> Space:
        """What the account holds now, and what it may."""
        row = await self._database.fetch_one(catalog.space_of(account.id))
        assert row is not None, "of every account its number stays"
        return catalog.to_space(row, self.default)

    async def must_have_room(self, account: Account, size: int = 1) -> None:
        """Raise QuotaExceeded where the account has no room for one more image of `size` bytes."""
        # What was known some seconds ago saves a look for all who have no quota; the transaction looks again.
        if catalog.allowed(account.own_bytes, account.own_images, self.default) != Quota():
            catalog.must_fit(await self.space_of(account), size)
