"""What accounts like: images and albums, marked and unmarked, whatever the dialect.

A mark is its account's own: nobody else sees it, and it gives no right to what is marked.
"""

from collections.abc import Sequence

from heliograph.server import catalog
from heliograph.server.catalog import favorites as catalog_favorites
from heliograph.server.model import Account, Album, Image
from heliograph.server.ports import Database


class Favorites:
    """The marks of all accounts. The caller has found the image or album for the account, as it may see it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, account: Account, thing: Image | Album) -> None:
        """Mark it; may be repeated."""
        await self._database.transaction(catalog_favorites.like(account.id, thing, catalog.now()))

    async def remove(self, account: Account, thing: Image | Album) -> None:
        """Unmark it; may be repeated."""
        await self._database.transaction(catalog_favorites.dislike(account.id, thing))

    async def toggle(self, account: Account, thing: Image | Album) -> bool:
        """Mark what is unmarked, and the other way round. Returns whether it is marked now."""
        return await self._database.transaction(catalog_favorites.toggle(account.id, thing, catalog.now()))

    async def among(self, account: Account | None, things: Sequence[Image] | Sequence[Album]) -> set[str]:
        """The ids of those of the images, or of the albums, that the account has marked; nobody has marked any."""
        if account is None or not things:
            return set()
        statement = catalog_favorites.liked(account.id, type(things[0]), [each.id for each in things])
        return {row.id for row in await self._database.fetch_all(statement)}
