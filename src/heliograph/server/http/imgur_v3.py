"""Imgur API v3's images: upload, show, edit, delete, favorite. Evidence: wire page imgur-v3, sections 3 to 5."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import Request
from starlette.responses import Response

from heliograph.server.callers import account_of, may_remove, must_have, must_own
from heliograph.server.errors import InvalidUrl, NoImageSent, NotFound, UnsupportedFormat
from heliograph.server.favorites import Favorites
from heliograph.server.http.bodies import Form, Reader
from heliograph.server.http.fields import read_fields
from heliograph.server.http.imgur_v3_callers import ImgurV3Callers
from heliograph.server.http.imgur_v3_models import ImgurV3Models
from heliograph.server.http.imgur_v3_words import NO_VIDEO, ImgurV3Words
from heliograph.server.incoming import Incoming
from heliograph.server.library import Library
from heliograph.server.model import Texts
from heliograph.server.uploads import Uploads

_PICTURES = ("image", "video")
"""ShareX sends `video` where the file's name is a video's, whatever is in it."""

_VIDEO_STARTS = (b"\x1aE\xdf\xa3", b"FLV\x01", b"\x30\x26\xb2\x75", b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3")
"""How WebM and Matroska, FLV, WMV and MPEG begin. MP4, QuickTime and AVI say it a few bytes later."""


class ImgurV3:
    """The handlers of `/3/image` and `/3/upload`."""

    def __init__(
        self, *, asking: ImgurV3Callers, words: ImgurV3Words, models: ImgurV3Models, reader: Reader, uploads: Uploads,
        library: Library, favorites: Favorites,
    ) -> None:  # fmt: skip
        self._asking = asking
        self._words = words
        self._models = models
        self._reader = reader
        self._uploads = uploads
        self._library = library
        self._favorites = favorites

    async def upload(self, request: Request) -> Response:
        """POST /3/image, /3/upload. `album` names an album of the account by its id, any other by its delete hash."""
        caller = await self._asking.caller(request, upload=True)
        async with self._reader.read(request, _PICTURES) as form, _saying_what_it_is_not(request, form):
            named = form.text("album", "album_id")
            album = await self._models.album_named(named.strip(), caller, to_change=True) if named else None
            accepted = await self._uploads.accept(form.picture, _texts(form), caller, album=album)
        model = await self._models.image(accepted.image, caller, accepted.image.delete_hash)
        model["account_id"] = model["account_id"] or 0
        return self._words.reply(request, model)

    async def find(self, request: Request) -> Response:
        """GET /3/image/{id or deletehash}."""
        caller = await self._asking.caller(request)
        name = request.path_params["name"]
        image = await self._models.image_named(name)
        return self._words.reply(request, await self._models.image(image, caller, name))

    async def edit(self, request: Request) -> Response:
        """POST, PUT /3/image/{id or deletehash}: `title`, `description`. Blank ones are emptied, absent ones stay."""
        caller = await self._asking.caller(request)
        must_have(caller, "images:write")
        name = request.path_params["name"]
        image = await self._models.image_named(name)
        must_own(caller, image, name)
        fields = await read_fields(request)
        said = {field: fields.text(field) for field in ("title", "description") if field in fields}
        await self._library.edit(image, said, caller)
        return self._words.reply(request, content=True)

    async def remove(self, request: Request) -> Response:
        """DELETE /3/image/{id or deletehash}."""
        caller = await self._asking.caller(request)
        must_have(caller, "images:write")
        name = request.path_params["name"]
        image = await self._models.image_named(name)
        await self._library.remove(image, may_remove(caller, image, name), caller)
        return self._words.reply(request, content=True)

    async def favorite(self, request: Request) -> Response:
        """POST /3/image/{id}/favorite: marks it for the account, or no longer."""
        caller = await self._asking.caller(request)
        account = account_of(caller, "images:write")
        image = await self._models.image_named(request.path_params["name"])
        liked = await self._favorites.toggle(account, image)
        return self._words.reply(request, "favorited" if liked else "unfavorited")

    async def poll(self, request: Request) -> Response:
        """GET /upload/poll: how far a video is. None is ever taken, so there is no ticket to ask for.

        Programs asked it at imgur.com, as its pages do, with a client id or without (wire page imgur-v3, section 3).
        """
        await self._asking.caller(request, nobody=True)
        raise NotFound("There is no such ticket: this server takes pictures, no videos.")


@asynccontextmanager
async def _saying_what_it_is_not(request: Request, form: Form) -> AsyncIterator[None]:
    """Refuse a video by that name, by its own words what `type` calls an address, and an empty file at `/3/image` as no
    picture, which `/3/upload` says of it as of none at all. Raises UnsupportedFormat and InvalidUrl.
    """
    try:
        yield
    except NoImageSent as refused:
        if form.empty_file and request.scope["path"] == "/3/image":
            raise UnsupportedFormat from refused
        raise
    except UnsupportedFormat as refused:
        if (form.text("type") or "").strip().lower() == "url" and form.written:
            raise InvalidUrl(url=form.written) from refused
        if form.field == "video" or (isinstance(form.picture, Incoming) and _is_video(form.picture.head(16))):
            raise UnsupportedFormat(NO_VIDEO) from refused
        raise


def _is_video(head: bytes) -> bool:
    return head.startswith(_VIDEO_STARTS) or head[4:8] == b"ftyp" or (head[:4], head[8:12]) == (b"RIFF", b"AVI ")


def _texts(form: Form) -> Texts:
    return Texts(form.text("title"), form.text("description"), None, form.text("name"))
