"""Imgur API v2 as far as it needs no account: upload, sideload, image, album, delete, statistics, credits. Evidence:
wire page imgur-v2, sections 2, 3, 5 and 6. Answers are spelt by `imgur_v2_words`; account calls are
`imgur_v2_account`.

Programs send every call by every method: reads by POST, deletes by GET. The path alone says what is done, with one
exception: a browser that comes to `/2/upload` by GET with a `url` is a person who wants to see the picture's page.
"""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import cast

from starlette.requests import Request
from starlette.responses import Response

from heliograph.server.albums import Albums
from heliograph.server.callers import Callers, may_remove, must_have
from heliograph.server.errors import (
    BadParameter,
    Gone,
    HeliographError,
    InvalidUrl,
    MethodNotAllowed,
    NoKeySent,
    NotFound,
)
from heliograph.server.http.allowances import admitted
from heliograph.server.http.bodies import Form, Reader
from heliograph.server.http.imgur_v2_words import CORS, Words, limit_headers, method_of, name_in_path, nearest_limit
from heliograph.server.library import Library
from heliograph.server.limits import Limits
from heliograph.server.links import Links
from heliograph.server.model import Caller, RemoteImage, Texts
from heliograph.server.statistics import PERIODS, Period, Statistics
from heliograph.server.uploads import Uploads

METHODS = "GET POST PUT"
"""By which each call but a delete is taken."""


class ImgurV2:
    """The handlers of `/2/`, less those of accounts."""

    def __init__(
        self,
        *,
        callers: Callers,
        limits: Limits,
        reader: Reader,
        uploads: Uploads,
        library: Library,
        albums: Albums,
        statistics: Statistics,
        links: Links,
        words: Words,
    ) -> None:
        self._callers = callers
        self._limits = limits
        self._reader = reader
        self._uploads = uploads
        self._library = library
        self._albums = albums
        self._statistics = statistics
        self._links = links
        self._words = words

    async def upload(self, request: Request) -> Response:
        """POST, PUT /2/upload; GET with everything in the query, as Mathics3 sends it (wire page clients, shape l)."""
        _must_not_be_head(request)
        asked = request.query_params
        if method_of(request) == "GET" and "url" in asked and "image" not in asked:
            return await self._sideload(request)
        async with self._asked(request, ("image",), upload=True) as (form, caller):
            accepted = await self._uploads.accept(form.picture, _texts(form), caller)
        return self._words.reply(request, "upload", self._words.uploaded(accepted.image))

    async def _sideload(self, request: Request) -> Response:
        """GET /2/upload?key=&url=[&edit]: on to the image's page, also with `edit`: there is no editor here."""
        async with self._asked(request, ("url",), upload=True) as (form, caller):
            if not isinstance(form.picture, RemoteImage):
                raise InvalidUrl
            accepted = await self._uploads.accept(form.picture, _texts(form), caller)
        to = self._links.page(accepted.image.id)
        return Response(status_code=302, headers={**CORS, **limit_headers(request), "location": to})

    async def image(self, request: Request) -> Response:
        """/2/image/HASH."""
        async with self._asked(request):
            image = await self._library.find(name_in_path(request))
        (told,) = await self._words.images([image])
        return self._words.reply(request, "image", told)

    async def album(self, request: Request) -> Response:
        """/2/album/ID."""
        async with self._asked(request) as (_, caller):
            album = await self._albums.find(name_in_path(request), caller)
            images = await self._words.images(await self._albums.images(album))
        about = {name: getattr(album, name) for name in ("title", "description", "cover", "layout")}
        return self._words.reply(request, "album", {**about, "images": images})

    async def remove(self, request: Request) -> Response:
        """/2/delete/DELETEHASH. Greenshot takes no status but 400 for "is deleted already" (wire page, section 5)."""
        _must_not_be_head(request)
        async with self._asked(request) as (_, caller):
            must_have(caller, "images:write")
            name = name_in_path(request)
            try:
                image = await self._library.find_by_delete_hash(name)
            except (NotFound, Gone) as lost:
                raise BadParameter("There is no image with this delete hash, or none any more.") from lost
            await self._library.remove(image, may_remove(caller, image, name), caller)
        return self._words.success(request, "delete")

    async def stats(self, request: Request) -> Response:
        """/2/stats: `view` is one of PERIODS. The misspelling is on the wire, and read from there."""
        async with self._asked(request) as (form, _):
            period = form.text("view") or "month"
            if period not in PERIODS:
                raise BadParameter(f"The view must be one of {', '.join(PERIODS)}.")
            site = await self._statistics.site(cast("Period", period))
        told = {
            "most_popular_images": list(site.most_popular),
            "images_uploaded": site.images,
            "images_veiwed": site.viewed,
            "bandwidth_used": amount(site.bandwidth),
            "average_image_size": amount(site.average_size),
        }
        return self._words.reply(request, "stats", told)

    async def credits(self, request: Request) -> Response:
        """/2/credits: the same counter as the headers', in its own units; to ask counts as a request."""
        async with self._asked(request, look=True):
            limit, left, wait = nearest_limit(request)
        shown = {"limit": limit, "remaining": left, "reset": int(time.time()) + wait, "refresh_in_secs": wait}
        return self._words.reply(request, "credits", shown)

    async def not_here(self, request: Request) -> Response:  # noqa: ARG002 - handlers are alike
        """Anything else below `/2/`."""
        raise NotFound

    async def preflight(self, request: Request) -> Response:  # noqa: ARG002 - handlers are alike
        """OPTIONS of anything."""
        return self._words.preflight()

    def speak(self, request: Request, error: HeliographError) -> Response:
        """A failure of any call of v2."""
        return self._words.speak(request, error)

    @asynccontextmanager
    async def _asked(
        self, request: Request, pictures: Sequence[str] = (), *, upload: bool = False, look: bool = False
    ) -> AsyncIterator[tuple[Form, Caller]]:
        """The form that came, and whose call it is, counted. Raises NoKeySent for an upload without a key.

        A key in the query is looked at before the body is read; a key in the body can be known only then.
        """
        key = request.query_params.get("key", "").strip() or None
        caller = await self._caller(request, key, upload, look) if key else None
        async with self._reader.read(request, pictures) as form:
            if caller is None:
                key = form.key
                caller = await self._caller(request, key, upload and key is not None, look)
                if upload and key is None:
                    raise NoKeySent
            yield form, caller

    async def _caller(self, request: Request, key: str | None, upload: bool, look: bool) -> Caller:
        return await admitted(request, self._callers, self._limits, key=key, upload=upload, look=look)


def amount(size: float) -> str:
    """Bytes as people read them, such as `40.74 KB`; a unit is 1024 of the one before."""
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1024:
            return f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} TB"


def _texts(form: Form) -> Texts:
    return Texts(form.text("title"), form.text("caption"), None, form.text("name"))


def _must_not_be_head(request: Request) -> None:
    """Programs look at links by HEAD before they follow them, which must change nothing."""
    if request.method == "HEAD":
        raise MethodNotAllowed(allow=tuple(METHODS.split()))
