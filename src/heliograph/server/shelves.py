"""What an account has, by numbered pages, as Imgur's older programs ask for it; and the order of its albums.

The pages of `library` and `albums` go by cursors, which no new image shifts; these are for programs that count.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from heliograph.server import catalog
from heliograph.server.catalog import albums as catalog_albums
from heliograph.server.catalog import shelves as statements
from heliograph.server.errors import BadParameter
from heliograph.server.model import Account, Album, Image
from heliograph.server.ports import Database

LARGEST_PAGE = 1000
_FARTHEST = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Page:
    """The `number`th page, from 1, of `size` entries each."""

    number: int
    size: int

    @property
    def skip(self) -> int:
        """How many entries come before. Raises BadParameter for a page that cannot be."""
        if not (1 <= self.size <= LARGEST_PAGE and 1 <= self.number <= _FARTHEST):
            raise BadParameter(f"A page has 1 to {LARGEST_PAGE} entries, and the first page is 1.")
        return (self.number - 1) * self.size


class Shelves:
    """The images and albums of accounts."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    async def images(self, account: Account, page: Page, *, outside_albums: bool = False) -> list[Image]:
        """The account's images, newest first; perhaps only those in none of its albums. Raises BadParameter."""
        wanted = statements.numbered_images(account.id, page.size, page.skip, outside_albums=outside_albums)
        return [catalog.to_image(row) for row in await self._database.fetch_all(wanted)]

    async def count_images(self, account: Account) -> int:
        """How many images the account has."""
        found = await self._database.fetch_one(catalog.count_images(catalog.Wanted(account.id)))
        return int(found[0]) if found is not None else 0

    async def albums(self, account: Account, page: Page) -> list[Album]:
        """The account's albums in their order. Raises BadParameter."""
        rows = await self._database.fetch_all(statements.numbered_albums(account.id, page.size, page.skip))
        return [catalog_albums.to_album(row) for row in rows]

    async def count_albums(self, account: Account) -> int:
        """How many albums the account has."""
        found = await self._database.fetch_one(statements.count_albums(account.id))
        return int(found[0]) if found is not None else 0

    async def place(self, account: Account, album_ids: Sequence[str]) -> None:
        """Put those albums first, in that order. Raises NotFound, BadParameter."""
        if len(album_ids) > LARGEST_PAGE or not all(each.isascii() and each.isalnum() for each in album_ids):
            raise BadParameter(f"The albums are named by their ids, at most {LARGEST_PAGE} of them.")
        await self._database.transaction(statements.place_albums(account.id, album_ids))
