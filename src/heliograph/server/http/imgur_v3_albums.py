"""Imgur API v3's albums: `/3/album` and below it. Evidence: wire page imgur-v3, section 6.

Images are named in `ids` or `deletehashes`, by id or delete hash in either, joined by commas or each in a field of its
own.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from starlette.requests import Request
from starlette.responses import Response

from heliograph.server.albums import Albums
from heliograph.server.callers import account_of, must_have
from heliograph.server.errors import Forbidden
from heliograph.server.favorites import Favorites
from heliograph.server.http.fields import Fields, read_fields
from heliograph.server.http.imgur_v3_callers import ImgurV3Callers
from heliograph.server.http.imgur_v3_models import ImgurV3Models, unknown_image
from heliograph.server.http.imgur_v3_words import ImgurV3Words
from heliograph.server.model import Album, Caller

_LISTS = ("ids", "deletehashes")


class ImgurV3Albums:
    """The handlers of albums."""

    def __init__(
        self, *, asking: ImgurV3Callers, words: ImgurV3Words, models: ImgurV3Models, albums: Albums,
        favorites: Favorites,
    ) -> None:  # fmt: skip
        self._asking = asking
        self._words = words
        self._models = models
        self._albums = albums
        self._favorites = favorites

    async def create(self, request: Request) -> Response:
        """POST /3/album; an empty body makes an empty album. Counts as an upload."""
        caller = await self._asking.caller(request, upload=True, scope="albums")
        fields = await read_fields(request)
        changes = _texts(fields) | await self._cover(fields)
        with _owning():
            album = await self._albums.create(changes, fields.words(*_LISTS), caller)
        return self._words.reply(request, {"id": album.id, "deletehash": album.delete_hash})

    async def find(self, request: Request) -> Response:
        """GET /3/album/{id or deletehash}: the album with its images."""
        caller = await self._asking.caller(request)
        name = request.path_params["name"]
        album = await self._models.album_named(name, caller)
        return self._words.reply(request, await self._models.album(album, caller, name))

    async def images(self, request: Request) -> Response:
        """GET /3/album/{id}/images: all of them."""
        caller = await self._asking.caller(request)
        album = await self._models.album_named(request.path_params["name"], caller)
        return self._words.reply(request, await self._models.images(await self._albums.images(album), caller))

    async def image(self, request: Request) -> Response:
        """GET /3/album/{id}/image/{image}: an image of that album."""
        caller = await self._asking.caller(request)
        album = await self._models.album_named(request.path_params["name"], caller)
        wanted = request.path_params["image"]
        for image in await self._albums.images(album):
            if image.id == wanted:
                return self._words.reply(request, await self._models.image(image, caller))
        raise unknown_image(wanted)

    async def edit(self, request: Request) -> Response:
        """POST, PUT /3/album/{id or deletehash}: what it says replaces what was, the list of images too."""
        caller, album = await self._mine(request)
        fields = await read_fields(request)
        texts, cover = _texts(fields), await self._cover(fields)
        album = await self._albums.edit(album, texts, caller)
        if any(name in fields for name in _LISTS):
            with _owning(album.id):
                album = await self._albums.set_images(album, fields.words(*_LISTS), caller)
        await self._albums.edit(album, cover, caller)
        return self._words.reply(request, content=True)

    async def add(self, request: Request) -> Response:
        """POST, PUT /3/album/{id or deletehash}/add."""
        caller, album = await self._mine(request)
        fields = await read_fields(request)
        with _owning(album.id):
            await self._albums.add_images(album, fields.words(*_LISTS), caller)
        return self._words.reply(request, content=True)

    async def remove_images(self, request: Request) -> Response:
        """POST, DELETE /3/album/{id or deletehash}/remove_images: the list in the query or in the body."""
        caller, album = await self._mine(request)
        fields = await read_fields(request)
        await self._albums.remove_images(album, fields.words(*_LISTS), caller)
        return self._words.reply(request, content=True)

    async def remove(self, request: Request) -> Response:
        """DELETE /3/album/{id or deletehash}. Its images stay."""
        caller, album = await self._mine(request)
        await self._albums.remove(album, "removed by its owner", caller)
        return self._words.reply(request, content=True)

    async def favorite(self, request: Request) -> Response:
        """POST /3/album/{id}/favorite: marks it for the account, or no longer."""
        caller = await self._asking.caller(request)
        account = account_of(caller, "albums")
        album = await self._models.album_named(request.path_params["name"], caller)
        liked = await self._favorites.toggle(account, album)
        return self._words.reply(request, "favorited" if liked else "unfavorited")

    async def _mine(self, request: Request) -> tuple[Caller, Album]:
        """Who calls, and the album of the path, which they may change. First the scope: it says nothing of albums."""
        caller = await self._asking.caller(request)
        must_have(caller, "albums")
        return caller, await self._models.album_named(request.path_params["name"], caller, to_change=True)

    async def _cover(self, fields: Fields) -> dict[str, str | None]:
        """The cover that is wanted, by the id of its image; imguR calls the field `cover_id`."""
        named = fields.text("cover", "cover_id")
        return {"cover": (await self._models.image_named(named.strip())).id} if named else {}


def _texts(fields: Fields) -> dict[str, str | None]:
    """What the album says of itself: a blank title or description is emptied; other blank fields say nothing."""
    texts = {name: fields.text(name) for name in ("title", "description") if name in fields}
    return texts | {name: said.strip() for name in ("privacy", "layout") if (said := fields.text(name))}


@contextmanager
def _owning(album: str = "") -> Iterator[None]:
    """Say in Imgur's words that somebody else's images cannot be put into the album."""
    try:
        yield
    except Forbidden as refused:
        raise Forbidden(f"You must own all the image ids to add them to album {album}".rstrip()) from refused
