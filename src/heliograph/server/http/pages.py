"""The pages that people see: upload, image, album, delete, the API's reference. Usable without JavaScript.

Hides how an uploader, and nobody else, gets to see the delete link once (decision 0006).
"""

import hmac
from collections.abc import Mapping
from typing import Any

from markupsafe import escape
from starlette.requests import Request
from starlette.responses import Response

from heliograph.imaging.formats import BY_MEDIA_TYPE, FORMATS
from heliograph.imaging.recipe import LETTERS
from heliograph.server.albums import Albums
from heliograph.server.callers import Callers, owns
from heliograph.server.companions import Companions
from heliograph.server.errors import CATALOGUE, StorageUnavailable
from heliograph.server.http.allowances import count
from heliograph.server.http.api_page import described
from heliograph.server.http.bodies import Form, Reader
from heliograph.server.http.frame import HEADINGS, Frame
from heliograph.server.http.visitors import must_be_ours
from heliograph.server.library import Library
from heliograph.server.limits import Limits
from heliograph.server.links import Links
from heliograph.server.model import Image, Texts
from heliograph.server.statistics import Statistics
from heliograph.server.texts import LONGEST_TEXT
from heliograph.server.uploads import Uploads

_FIELDS = ("image", "url")
_COOKIE = "heliograph-delete"
_COOKIE_SECONDS = 600
_SIZE_NAMES = {"s": "Small square", "b": "Big square", "t": "Tiny", "m": "Medium", "l": "Large", "h": "Huge"}


class Pages:
    """The handlers of everything that is looked at.

    `open_to_all`: whether the form takes pictures without a key. `document`: the native API's OpenAPI document.
    """

    def __init__(
        self,
        *,
        frame: Frame,
        callers: Callers,
        limits: Limits,
        reader: Reader,
        uploads: Uploads,
        library: Library,
        albums: Albums,
        statistics: Statistics,
        companions: Companions,
        links: Links,
        open_to_all: bool,
        document: Mapping[str, Any],
    ) -> None:
        self._frame = frame
        self._callers = callers
        self._limits = limits
        self._reader = reader
        self._uploads = uploads
        self._library = library
        self._albums = albums
        self._statistics = statistics
        self._companions = companions
        self._links = links
        self._open_to_all = open_to_all
        self._document = document

    async def front(self, request: Request) -> Response:
        """GET /."""
        return await self._frame.page(
            request,
            "front.html",
            open=self._open_to_all,
            public=self._links.public,
            max_bytes=self._reader.max_bytes,
            accepted=",".join(each.media_type for each in FORMATS.values()),
            longest=LONGEST_TEXT,
        )

    async def upload(self, request: Request) -> Response:
        """POST /, the plain form: on to the image's page, with a cookie that lets its uploader see the delete link."""
        must_be_ours(request)
        visitor = await self._frame.visitors.visitor(request)
        await count(request, self._limits, visitor.caller, upload=True)
        self._callers.may_upload(visitor.caller)
        async with self._reader.read(request, _FIELDS) as form:
            if visitor.account:
                self._frame.visitors.check(request, visitor, form.texts.get("fkey"))
            accepted = await self._uploads.accept(form.picture, _texts(form), visitor.caller)
        image = accepted.image
        response = self._frame.redirect(f"/{image.id}")
        response.set_cookie(
            _COOKIE,
            image.delete_hash,
            max_age=_COOKIE_SECONDS,
            path=f"/{image.id}",
            secure=self._links.public.startswith("https:"),
            httponly=True,
            samesite="strict",
        )
        return response

    async def image(self, request: Request) -> Response:
        """GET /{id}."""
        image = await self._library.find(request.path_params["id"])
        visitor = await self._frame.visitors.visitor(request)
        shown = request.cookies.get(_COOKIE, "").encode()
        known = hmac.compare_digest(shown, image.delete_hash.encode()) or owns(visitor.caller, image)
        direct = self._links.direct(image.id, image.blob.media_type)
        return await self._frame.page(
            request,
            "image.html",
            image=image,
            views=(await self._statistics.of(image.id)).views,
            title=_title(image),
            alt=_alt(image),
            page=self._links.page(image.id),
            description=self._links.description(self._links.page(image.id)),
            direct=direct,
            shown=self._shown(image),
            fields=_link_fields(image, direct, self._links.page(image.id)),
            **await self._beside(image),
            thumbnails=_thumbnail_fields(image, self._links),
            delete_page=self._links.delete_page(image.delete_hash) if known else None,
            mine=owns(visitor.caller, image),
        )

    async def _beside(self, image: Image) -> dict[str, str | None]:
        """What is kept beside the image: the link of its SVG, and its source."""
        kept = {each.kind: each for each in await self._companions.of(image)}
        vector = self._links.vector(image.id) if "vector" in kept else None
        try:
            source = await self._companions.read(kept["source"]) if "source" in kept else None
        except StorageUnavailable as problem:  # the page is there for the picture
            source = problem.message
        return {"vector": vector, "source": source}

    async def animation(self, request: Request) -> Response:
        """GET /{id}.gifv: the animation and little else; on to the picture's page where it does not move."""
        image = await self._library.find(request.path_params["id"])
        page = self._links.page(image.id)
        if not image.blob.animated:
            return self._frame.redirect(page)
        return await self._frame.page(
            request,
            "animation.html",
            image=image,
            title=_title(image),
            alt=_alt(image),
            page=page,
            direct=self._links.direct(image.id, image.blob.media_type),
            shown=self._shown(image),
        )

    async def album(self, request: Request) -> Response:
        """GET /a/{id}. A secret album is shown to who may change it; a hidden one is listed nowhere."""
        visitor = await self._frame.visitors.visitor(request)
        album = await self._albums.find(request.path_params["id"], visitor.caller)
        images = await self._albums.images(album)
        cover = next((image for image in images if image.id == album.cover), None)
        response = await self._frame.page(
            request,
            "album.html",
            album=album,
            title=album.title or f"Album {album.id}",
            page=self._links.album(album.id),
            description=self._links.description(self._links.album(album.id)),
            pictures=[(image, _title(image), _alt(image), self._shown(image)) for image in images],
            cover=self._shown(cover) if cover else None,
        )
        if album.privacy != "public":
            response.headers["x-robots-tag"] = "noindex"
        return response

    async def ask_to_delete(self, request: Request) -> Response:
        """GET /delete/{hash}."""
        image = await self._library.find_by_delete_hash(request.path_params["hash"])
        return await self._frame.secret_page(
            request,
            "delete.html",
            image=image,
            title=_title(image),
            alt=_alt(image),
            thumbnail=self._links.thumbnail(image.id, "m"),
        )

    async def delete(self, request: Request) -> Response:
        """POST /delete/{hash}."""
        visitor = await self._frame.visitors.visitor(request)
        await count(request, self._limits, visitor.caller)
        image = await self._library.find_by_delete_hash(request.path_params["hash"])
        await self._library.remove(image, "removed by its owner", visitor.caller)
        return await self._frame.secret_page(request, "deleted.html", title=_title(image))

    async def api(self, request: Request) -> Response:
        """GET /docs/api, the reference."""
        return await self._frame.page(request, "api.html", **described(self._document))

    async def problems(self, request: Request) -> Response:
        """GET /docs/problems, where the `type` of every problem points to."""
        rows = [(each.__name__, HEADINGS[each.__name__][0], each.message) for each in CATALOGUE]
        return await self._frame.page(request, "problems.html", problems=rows)

    def _shown(self, image: Image) -> str:
        """The link of what every browser shows: the original, or a rendition of one that not every browser shows."""
        if BY_MEDIA_TYPE[image.blob.media_type].in_browsers:
            return self._links.direct(image.id, image.blob.media_type)
        return self._links.web(image.id)


def _texts(form: Form) -> Texts:
    return Texts(form.text("title"), form.text("description"), form.text("alt"), form.text("name"))


def _title(image: Image) -> str:
    return image.title or image.name or f"Picture {image.id}"


def _alt(image: Image) -> str:
    return image.alt or image.title or "Picture without a description"


def _link_fields(image: Image, direct: str, page: str) -> list[dict[str, str]]:
    """What people paste, in the order in which they want it."""
    said = image.alt or image.title or ""
    in_markdown = said.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]").replace("\n", " ")
    return [
        {"id": "direct", "label": "Direct link", "value": direct},
        {"id": "page", "label": "This page", "value": page},
        {"id": "markdown", "label": "Markdown", "value": f"![{in_markdown}]({direct})"},
        {"id": "html", "label": "HTML", "value": f'<img src="{escape(direct)}" alt="{escape(said)}">'},
        {"id": "bbcode", "label": "BBCode", "value": f"[img]{direct}[/img]"},
    ]


def _thumbnail_fields(image: Image, links: Links) -> list[dict[str, str]]:
    fields = []
    for letter, recipe in LETTERS.items():
        box = f"{recipe.width} by {recipe.height}"
        label = f"{_SIZE_NAMES[letter]}, {'at most ' * (recipe.fit == 'inside')}{box} pixels"
        fields.append({"id": f"thumbnail-{letter}", "label": label, "value": links.thumbnail(image.id, letter)})
    return fields
