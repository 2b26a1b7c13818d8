"""The pages that people see: upload, image, delete, the API's reference. Rendered here, usable without JavaScript.

Hides the templates, the policy that forbids everything foreign, and how an uploader, and nobody else, gets to see the
delete link once (decision 0006).
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import Response

from heliograph.imaging.formats import BY_MEDIA_TYPE, FORMATS
from heliograph.imaging.recipe import LETTERS
from heliograph.server.albums import Albums
from heliograph.server.callers import Callers
from heliograph.server.errors import CATALOGUE, Forbidden, Gone, HeliographError, NotFound
from heliograph.server.http.allowances import admitted
from heliograph.server.http.api_page import described
from heliograph.server.http.bodies import Form, Reader
from heliograph.server.http.replies import failure_headers, rfc3339
from heliograph.server.library import Library
from heliograph.server.limits import Limits
from heliograph.server.links import Links
from heliograph.server.model import Caller, Image, Texts
from heliograph.server.texts import LONGEST_TEXT
from heliograph.server.uploads import Uploads

HEADINGS: dict[str, tuple[int, str]] = {
    "NoImageSent": (400, "No picture was sent"),
    "UnsupportedFormat": (415, "Not a picture we know"),
    "CorruptImage": (422, "The picture is damaged"),
    "TooManyBytes": (413, "The picture is too large"),
    "TooManyPixels": (422, "The picture has too many pixels"),
    "TooManyFrames": (422, "The animation is too long"),
    "InvalidUrl": (400, "Not a web address"),
    "ForbiddenAddress": (403, "Not from that address"),
    "FetchFailed": (422, "The picture could not be fetched"),
    "LocalPathSent": (400, "That is a path, not a picture"),
    "NoKeySent": (401, "A key is needed"),
    "UnknownKey": (401, "Unknown key"),
    "NoTokenSent": (401, "A key is needed"),
    "InvalidToken": (401, "Unknown token"),
    "GrantRefused": (400, "No access for this program"),
    "InvalidFkey": (403, "The form has expired"),
    "Forbidden": (403, "Not allowed"),
    "NotFound": (404, "Nothing here"),
    "MethodNotAllowed": (405, "Not in this way"),
    "Gone": (410, "This was removed"),
    "BadParameter": (400, "Something in the form is not right"),
    "Conflict": (409, "Already used"),
    "UploadLimitReached": (429, "Too many uploads for now"),
    "TooManyAttempts": (429, "Too many attempts for now"),
    "QuotaExceeded": (403, "No space left"),
    "Busy": (503, "Busy at the moment"),
    "StorageUnavailable": (503, "Cannot store pictures at the moment"),
    "Internal": (500, "Something broke"),
}
"""Each failure of the catalogue -> its HTTP status and the heading of its page."""

_FIELDS = ("image", "url")
_COOKIE = "heliograph-delete"
_COOKIE_SECONDS = 600
_ASSET_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_SIZE_NAMES = {"s": "Small square", "b": "Big square", "t": "Tiny", "m": "Medium", "l": "Large", "h": "Huge"}


class Pages:
    """The handlers of everything that is looked at.

    `open_to_all`: whether the form takes pictures without a key. `document`: the native API's OpenAPI document.
    """

    def __init__(
        self,
        *,
        callers: Callers,
        limits: Limits,
        reader: Reader,
        uploads: Uploads,
        library: Library,
        albums: Albums,
        links: Links,
        open_to_all: bool,
        document: Mapping[str, Any],
    ) -> None:
        self._callers = callers
        self._limits = limits
        self._reader = reader
        self._uploads = uploads
        self._library = library
        self._albums = albums
        self._links = links
        self._open_to_all = open_to_all
        self._document = document
        self._assets = {path.name: path.read_bytes() for path in sorted(Path(__file__).with_name("static").iterdir())}
        self._version = hashlib.sha256(b"".join(self._assets.values())).hexdigest()[:12]
        self._templates = _environment(self._version)
        self._headers = {
            "content-security-policy": _policy(links),
            "referrer-policy": "no-referrer",
            "x-content-type-options": "nosniff",
            "cross-origin-opener-policy": "same-origin",
            "cache-control": "no-cache, private",
        }

    async def front(self, request: Request) -> Response:  # noqa: ARG002 - handlers are alike
        """GET /."""
        return self._page(
            "front.html",
            open=self._open_to_all,
            public=self._links.public,
            max_bytes=self._reader.max_bytes,
            accepted=",".join(each.media_type for each in FORMATS.values()),
            longest=LONGEST_TEXT,
        )

    async def upload(self, request: Request) -> Response:
        """POST /, the plain form: on to the image's page, with a cookie that lets its uploader see the delete link."""
        if request.headers.get("sec-fetch-site") == "cross-site":
            raise Forbidden("This form can only be sent from its own page. Programs use the API.")
        caller = await admitted(request, self._callers, self._limits, upload=True)
        async with self._reader.read(request, _FIELDS) as form:
            accepted = await self._uploads.accept(form.picture, _texts(form), caller)
        image = accepted.image
        response = Response(status_code=303, headers={**self._headers, "location": f"/{image.id}"})
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
        known = hmac.compare_digest(request.cookies.get(_COOKIE, "").encode(), image.delete_hash.encode())
        direct = self._links.direct(image.id, image.blob.media_type)
        return self._page(
            "image.html",
            image=image,
            title=_title(image),
            alt=_alt(image),
            page=self._links.page(image.id),
            direct=direct,
            shown=self._shown(image),
            fields=_link_fields(image, direct, self._links.page(image.id)),
            thumbnails=_thumbnail_fields(image, self._links),
            delete_page=self._links.delete_page(image.delete_hash) if known else None,
        )

    async def album(self, request: Request) -> Response:
        """GET /a/{id}. Nobody is known here, so a secret album is shown to nobody; a hidden one is listed nowhere."""
        anybody = Caller(request.scope["state"]["address"])
        album = await self._albums.find(request.path_params["id"], anybody)
        images = await self._albums.images(album)
        cover = next((image for image in images if image.id == album.cover), None)
        response = self._page(
            "album.html",
            album=album,
            title=album.title or f"Album {album.id}",
            page=self._links.album(album.id),
            pictures=[(image, _title(image), _alt(image), self._shown(image)) for image in images],
            cover=self._shown(cover) if cover else None,
        )
        if album.privacy != "public":
            response.headers["x-robots-tag"] = "noindex"
        return response

    async def ask_to_delete(self, request: Request) -> Response:
        """GET /delete/{hash}."""
        image = await self._library.find_by_delete_hash(request.path_params["hash"])
        return self._secret_page(
            "delete.html",
            image=image,
            title=_title(image),
            alt=_alt(image),
            thumbnail=self._links.thumbnail(image.id, "m"),
        )

    async def delete(self, request: Request) -> Response:
        """POST /delete/{hash}."""
        await admitted(request, self._callers, self._limits)
        image = await self._library.find_by_delete_hash(request.path_params["hash"])
        await self._library.remove(image, "removed by its owner", Caller(request.scope["state"]["address"]))
        return self._secret_page("deleted.html", title=_title(image))

    async def api(self, request: Request) -> Response:  # noqa: ARG002 - handlers are alike
        """GET /docs/api, the reference."""
        return self._page("api.html", **described(self._document))

    async def problems(self, request: Request) -> Response:  # noqa: ARG002 - handlers are alike
        """GET /docs/problems, where the `type` of every problem points to."""
        rows = [(each.__name__, HEADINGS[each.__name__][0], each.message) for each in CATALOGUE]
        return self._page("problems.html", problems=rows)

    async def asset(self, request: Request) -> Response:
        """GET /static/{name}: for ever where the address has the version, else to be asked for again."""
        name = request.path_params["name"]
        if name not in self._assets:
            raise NotFound
        etag = f'"{self._version}"'
        lasting = request.query_params.get("v") == self._version
        headers = {
            "content-type": _ASSET_TYPES[Path(name).suffix],
            "cache-control": "public, max-age=31536000, immutable" if lasting else "no-cache",
            "etag": etag,
            "x-content-type-options": "nosniff",
        }
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers=headers)
        return Response(self._assets[name], headers=headers)

    def speak(self, request: Request, error: HeliographError) -> Response:
        """A failure as a page."""
        status, heading = HEADINGS[error.name]
        removed = datetime.fromtimestamp(error.removed_at, UTC) if isinstance(error, Gone) else None
        response = self._page(
            "failure.html",
            status=status,
            heading=heading,
            message=error.message,
            removed=removed,
            reason=error.reason if isinstance(error, Gone) else "",
            request_id=request.scope["state"]["request_id"],
        )
        response.status_code = status
        response.headers.update(failure_headers(error))
        if status == HTTPStatus.UNAUTHORIZED:
            response.headers["www-authenticate"] = 'Bearer realm="heliograph"'
        return response

    def _shown(self, image: Image) -> str:
        """The link of what every browser shows: the original, or a rendition of one that not every browser shows."""
        if BY_MEDIA_TYPE[image.blob.media_type].in_browsers:
            return self._links.direct(image.id, image.blob.media_type)
        return self._links.web(image.id)

    def _page(self, template: str, **content: object) -> Response:
        html = self._templates.get_template(template).render(content)
        return Response(html, headers={**self._headers, "content-type": "text/html; charset=utf-8"})

    def _secret_page(self, template: str, **content: object) -> Response:
        """A page whose address is a secret: not to be kept by caches, nor listed by search engines."""
        response = self._page(template, **content)
        response.headers.update({"cache-control": "no-store", "x-robots-tag": "noindex"})
        return response


def _policy(links: Links) -> str:
    """Nothing foreign and nothing inline: a text that escapes its place on a page can still do nothing."""
    images = urlsplit(links.images)
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"img-src 'self' {images.scheme}://{images.netloc}",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def _environment(version: str) -> Environment:
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.globals["static"] = lambda name: f"/static/{name}?v={version}"
    templates.filters.update(bytes=_bytes, iso=rfc3339, day=_day, ticks=_ticks)
    return templates


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


def _bytes(size: int) -> str:
    """A size as people read it, in binary units."""
    if size < 1024:
        return f"{size} bytes"
    return f"{size / 1024:.0f} KiB" if size < 1000 * 1024 else f"{size / 1024**2:.3g} MiB"


def _day(at: datetime) -> str:
    return f"{at.day} {at:%B %Y}"


def _ticks(text: str) -> Markup:
    """A text with what stands between backticks set as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped just before
