"""The native API's favourites: images and albums that an account marks for itself. `native` speaks their failures.

PUT marks and DELETE unmarks; both may be repeated. Whether one has marked an image is told with the image.
"""

from starlette.requests import Request
from starlette.responses import Response

from heliograph.server.albums import Albums
from heliograph.server.callers import account_of
from heliograph.server.errors import NotFound
from heliograph.server.favorites import Favorites
from heliograph.server.http.native import Native
from heliograph.server.library import Library
from heliograph.server.model import Account, Album, Image


class NativeFavorites:
    """The handlers of `/api/v1/images/{id}/favorite` and `/api/v1/albums/{id}/favorite`."""

    def __init__(self, *, native: Native, favorites: Favorites, library: Library, albums: Albums) -> None:
        self._native = native
        self._favorites = favorites
        self._library = library
        self._albums = albums

    async def mark_image(self, request: Request) -> Response:
        """PUT /api/v1/images/{id}/favorite."""
        await self._favorites.add(*await self._image(request))
        return Response(status_code=204)

    async def unmark_image(self, request: Request) -> Response:
        """DELETE /api/v1/images/{id}/favorite."""
        await self._favorites.remove(*await self._image(request))
        return Response(status_code=204)

    async def mark_album(self, request: Request) -> Response:
        """PUT /api/v1/albums/{id}/favorite."""
        await self._favorites.add(*await self._album(request))
        return Response(status_code=204)

    async def unmark_album(self, request: Request) -> Response:
        """DELETE /api/v1/albums/{id}/favorite."""
        await self._favorites.remove(*await self._album(request))
        return Response(status_code=204)

    async def _image(self, request: Request) -> tuple[Account, Image]:
        account = account_of(await self._native.caller(request), "images:write")
        named = request.path_params["id"]
        if not named.isalnum():
            raise NotFound
        return account, await self._library.find(named)

    async def _album(self, request: Request) -> tuple[Account, Album]:
        caller = await self._native.caller(request)
        account = account_of(caller, "albums")
        return account, await self._albums.find(request.path_params["id"], caller)
