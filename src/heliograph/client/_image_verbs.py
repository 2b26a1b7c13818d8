"""What both clients do with images and albums that are there: favourites, claiming, and what is kept beside a picture.

Each verb stands here once for each client, and only has its driver (`_http`) follow a plan.
"""

from __future__ import annotations

from heliograph.client._albums import Album, AlbumOperations
from heliograph.client._http import AsyncDriver, Driver
from heliograph.client._models import Image
from heliograph.client._operations import Operations


class ImageVerbs:
    """What `Client` does with images and albums besides publishing and changing them."""

    _driver: Driver
    _operations: Operations
    _albums: AlbumOperations

    def claim(self, image: Image | str, *, delete_hash: str | None = None) -> Image:
        """Make an image that was published without a key the account's own, by its delete hash.

        That goes on working. Raises NotAllowedError where somebody owns it already.
        """
        return self._driver.follow(self._operations.claim(image, delete_hash))

    def favorite(self, image: Image | str) -> None:
        """Have an image, anybody's, among the account's favourites. `info(image).favorite` tells."""
        self._driver.follow(self._operations.mark(image, favorite=True))

    def unfavorite(self, image: Image | str) -> None:
        """Have it there no more."""
        self._driver.follow(self._operations.mark(image, favorite=False))

    def favorite_album(self, album: Album | str) -> None:
        """Have an album that one may see among the account's favourites."""
        self._driver.follow(self._albums.mark(album, favorite=True))

    def unfavorite_album(self, album: Album | str) -> None:
        """Have it there no more."""
        self._driver.follow(self._albums.mark(album, favorite=False))

    def remove_source(self, image: Image | str, *, delete_hash: str | None = None) -> None:
        """Remove the source that is kept beside an image; the picture stays. Raises NotFoundError."""
        self._driver.follow(self._operations.remove_beside(image, "source", delete_hash))

    def remove_vector(self, image: Image | str, *, delete_hash: str | None = None) -> None:
        """Remove the SVG that is kept beside an image; the picture stays. Raises NotFoundError."""
        self._driver.follow(self._operations.remove_beside(image, "vector", delete_hash))


class AsyncImageVerbs:
    """What `AsyncClient` does with images and albums besides publishing and changing them."""

    _driver: AsyncDriver
    _operations: Operations
    _albums: AlbumOperations

    async def claim(self, image: Image | str, *, delete_hash: str | None = None) -> Image:
        """As Client.claim."""
        return await self._driver.follow(self._operations.claim(image, delete_hash))

    async def favorite(self, image: Image | str) -> None:
        """As Client.favorite."""
        await self._driver.follow(self._operations.mark(image, favorite=True))

    async def unfavorite(self, image: Image | str) -> None:
        """As Client.unfavorite."""
        await self._driver.follow(self._operations.mark(image, favorite=False))

    async def favorite_album(self, album: Album | str) -> None:
        """As Client.favorite_album."""
        await self._driver.follow(self._albums.mark(album, favorite=True))

    async def unfavorite_album(self, album: Album | str) -> None:
        """As Client.unfavorite_album."""
        await self._driver.follow(self._albums.mark(album, favorite=False))

    async def remove_source(self, image: Image | str, *, delete_hash: str | None = None) -> None:
        """As Client.remove_source."""
        await self._driver.follow(self._operations.remove_beside(image, "source", delete_hash))

    async def remove_vector(self, image: Image | str, *, delete_hash: str | None = None) -> None:
        """As Client.remove_vector."""
        await self._driver.follow(self._operations.remove_beside(image, "vector", delete_hash))
