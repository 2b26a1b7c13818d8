"""Imgur API v1: upload, delete, statistics of an image and of the site, gallery. Evidence: wire page imgur-v1.

The path's suffix, `.xml` or `.json`, says what is answered. In XML an upload's seven elements lie right below the root,
in JSON one level deeper. Failures of an upload stand in `rsp`, those of the other calls in `error`.

An upload's key comes in a field, so the caller is known only when the body has been read. Clients look at the body and
never at the status, so the status may tell the truth.
"""

from datetime import datetime
from typing import Literal, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from heliograph.server.callers import Callers
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
from heliograph.server.http.replies import failure_headers, json_reply, xml_element, xml_reply
from heliograph.server.library import Library
from heliograph.server.limits import Limits
from heliograph.server.links import Links
from heliograph.server.model import Caller, Image, Texts
from heliograph.server.statistics import Period, Statistics
from heliograph.server.uploads import Uploads

T = TypeVar("T")

ANSWERS: dict[str, tuple[int, int, str | None]] = {
    "NoImageSent": (1000, 400, "No image was sent"),
    "UnsupportedFormat": (1003, 400, "Invalid image type or URL"),
    "CorruptImage": (1001, 400, "Image failed to upload: it is damaged or cut short"),
    "TooManyBytes": (1002, 413, None),
    "TooManyPixels": (1001, 400, "Image failed to upload: it has too many pixels"),
    "TooManyFrames": (1001, 400, "Image failed to upload: it has too many frames"),
    "InvalidUrl": (1011, 400, "Invalid URL"),
    "ForbiddenAddress": (1012, 400, "Could not download the image from that URL: the address is not allowed"),
    "FetchFailed": (1012, 400, None),
    "LocalPathSent": (1003, 400, None),
    "NoKeySent": (1015, 401, "No API key was sent"),
    "UnknownKey": (1004, 401, "Invalid API key"),
    "NoTokenSent": (1015, 401, None),
    "InvalidToken": (1004, 401, None),
    "GrantRefused": (9000, 400, None),
    "InvalidFkey": (9000, 403, None),
    "Forbidden": (9000, 403, None),
    "NotFound": (9000, 404, None),
    "MethodNotAllowed": (9000, 405, None),
    "Gone": (9000, 410, None),
    "BadParameter": (9000, 400, None),
    "Conflict": (9000, 409, None),
    "UploadLimitReached": (1008, 429, "Upload limit reached"),
    "TooManyAttempts": (1008, 429, None),
    "QuotaExceeded": (1008, 403, None),
    "Busy": (1005, 503, None),
    "StorageUnavailable": (1006, 503, None),
    "Internal": (1005, 500, None),
}
"""Each failure -> its number, HTTP status, and text where Imgur's own words (or a prefix of them) are known."""

CORS = {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "GET, POST, OPTIONS",
    "access-control-allow-headers": "Authorization, Content-Type, Accept, Cache-Control, X-Requested-With",
}
"""So that scripts of any page may call; cookies do not come along."""

_UNKNOWN_FORMAT = "Invalid response format: the address must end in .xml or .json"
_FORMATS = (".xml", ".json")

_SITE_PERIODS: dict[str, Period] = {"today": "today", "week": "week", "month": "month", "all": "month"}
"""What `view` may be, of the site's statistics. Clients ask for `all` when they ask for nothing; a month is the most
that is kept by the day."""

_GALLERY_PERIODS: dict[str, Period | None] = {"week": "week", "month": "month", "all": None}
_GALLERY_SORTS: dict[str, Literal["latest", "popular"]] = {"latest": "latest", "popular": "popular"}
_MOST_IMAGES = 50
_MOST_PAGES = 1000
_ENTRIES = {"most_popular_images": "image_hash", "images": "image"}
"""What the entries of a list are called in XML."""

_UNITS = ("B", "KB", "MB", "GB", "TB", "PB")


class ImgurV1:
    """The handlers of `/api/upload.*`, `/api/delete/*`, `/api/stats*` and `/api/gallery.*`."""

    def __init__(
        self,
        *,
        callers: Callers,
        limits: Limits,
        reader: Reader,
        uploads: Uploads,
        library: Library,
        statistics: Statistics,
        links: Links,
    ) -> None:
        self._callers = callers
        self._limits = limits
        self._reader = reader
        self._uploads = uploads
        self._library = library
        self._statistics = statistics
        self._links = links

    async def upload(self, request: Request) -> Response:
        """POST /api/upload.xml, /api/upload.json."""
        _must_have_format(request)
        async with self._reader.read(request, ("image",)) as form:
            key = form.key
            caller = await admitted(request, self._callers, self._limits, key=key, upload=True)
            if key is None:
                raise NoKeySent
            accepted = await self._uploads.accept(form.picture, Texts(name=form.text("name")), caller)
        fields = self._links_of(accepted.image)
        if _wants_json(request):
            return json_reply({"rsp": {"stat": "ok", "image": fields}})
        return xml_reply(xml_element("rsp", fields, ' stat="ok"'))

    async def delete(self, request: Request) -> Response:
        """GET /api/delete/{delete hash}.xml, .json. GET removes, as it did; HEAD, which programs send to look, does
        not.
        """
        _must_have_format(request)
        if request.method == "HEAD":
            raise MethodNotAllowed(allow=("GET", "POST"))
        caller, _ = await self._asked(request)
        image = await self._library.find_by_delete_hash(request.path_params["hash"])
        await self._library.remove(image, "removed by its owner", caller)
        if _wants_json(request):
            return json_reply({"rsp": {"stat": "ok"}})
        return xml_reply('<rsp stat="ok"></rsp>')

    async def image_statistics(self, request: Request) -> Response:
        """GET and POST /api/stats/{id}.xml, .json."""
        _must_have_format(request)
        await self._asked(request)
        image = await self._library.find(request.path_params["id"])
        served = await self._statistics.of(image.id)
        return _reply(
            request,
            "stats",
            {
                "uploaded": _written(image.created),
                "type": image.blob.media_type,
                "animated": "true" if image.blob.animated else "false",
                "width": image.blob.width,
                "height": image.blob.height,
                "size": image.blob.size,
                "views": served.views,
                "bandwidth": served.bandwidth,
            },
        )

    async def site_statistics(self, request: Request) -> Response:
        """GET and POST /api/stats.xml, .json. `images_veiwed` is how Imgur spelt it (wire page imgur-v2, section 3)."""
        _must_have_format(request)
        _, form = await self._asked(request)
        site = await self._statistics.site(_chosen(form, "view", _SITE_PERIODS, "month"))
        return _reply(
            request,
            "stats",
            {
                "most_popular_images": list(site.most_popular),
                "images_uploaded": site.images,
                "images_veiwed": site.viewed,
                "bandwidth_used": _amount(site.bandwidth),
                "average_image_size": _amount(site.average_size),
            },
        )

    async def gallery(self, request: Request) -> Response:
        """GET and POST /api/gallery.xml, .json: images of public albums, no others."""
        _must_have_format(request)
        _, form = await self._asked(request)
        images = await self._statistics.gallery(
            _chosen(form, "sort", _GALLERY_SORTS, "latest"),
            _chosen(form, "view", _GALLERY_PERIODS, "all"),
            _number(form, "count", 20, _MOST_IMAGES),
            max(_number(form, "page", 1, _MOST_PAGES), 1) - 1,
        )
        shown = {image.id: self._shown(image) for image in images}
        return _reply(request, "images", shown if _wants_json(request) else list(shown.values()))

    async def preflight(self, request: Request) -> Response:  # noqa: ARG002 - handlers are alike
        """OPTIONS of any call: a browser asks first, such as where a script watches how far its upload is."""
        return Response(status_code=200, headers={"access-control-max-age": "86400"})

    def headers_of_all(self, request: Request) -> dict[str, str]:  # noqa: ARG002 - the path does not matter
        """Scripts of any page may read what is answered."""
        return CORS

    def speak(self, request: Request, error: HeliographError) -> Response:
        """A failure in the format that the path's suffix asks for: of an upload in `rsp`, of all else in `error`."""
        code, status, text = ANSWERS[error.name]
        path = request.url.path
        if isinstance(error, NotFound) and not path.endswith(_FORMATS):
            code, text = 9001, _UNKNOWN_FORMAT
        elif isinstance(error, NotFound | Gone) and path.startswith("/api/delete/"):
            code = 4002  # a client takes this, and nothing else, for "already gone" (imgur-v1, section 6)
        elif isinstance(error, InvalidUrl) and error.message != InvalidUrl.message:
            text = f"{text}: {error.message}"
        failure = {"error_code": code, "error_msg": text or error.message}
        headers = failure_headers(error)
        if not path.startswith("/api/upload"):
            return _reply(request, "error", failure, status=status, headers=headers)
        if _wants_json(request):
            return json_reply({"rsp": {"stat": "fail", **failure}}, status, headers)
        return xml_reply(xml_element("rsp", failure, ' stat="fail"'), status, headers)

    async def _asked(self, request: Request) -> tuple[Caller, Form]:
        """Who asks, who needs no key, and the fields of the query or the body."""
        async with self._reader.read(request, ()) as form:
            return await admitted(request, self._callers, self._limits, key=form.key), form

    def _links_of(self, image: Image) -> dict[str, str]:
        return {
            "image_hash": image.id,
            "delete_hash": image.delete_hash,
            **self._public_links(image),
            "delete_page": self._links.delete_page(image.delete_hash),
        }

    def _shown(self, image: Image) -> dict[str, str]:
        return {
            "image_hash": image.id,
            "title": image.title or "",
            **self._public_links(image),
            "date_popular": _written(image.created),
        }

    def _public_links(self, image: Image) -> dict[str, str]:
        return {
            "original_image": self._links.direct(image.id, image.blob.media_type),
            "large_thumbnail": self._links.thumbnail(image.id, "l"),
            "small_thumbnail": self._links.thumbnail(image.id, "s"),
            "imgur_page": self._links.page(image.id),
        }


def _wants_json(request: Request) -> bool:
    return request.url.path.endswith(".json")


def _must_have_format(request: Request) -> None:
    """Raise NotFound, which `speak` says as 9001, where the path ends in no format that there is."""
    if not request.url.path.endswith(_FORMATS):
        raise NotFound


def _reply(
    request: Request,
    root: str,
    content: object,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    """An answer under one name."""
    if _wants_json(request):
        return json_reply({root: content}, status, headers)
    return xml_reply(xml_element(root, content, entries=_ENTRIES), status, headers)


def _chosen(form: Form, name: str, choices: dict[str, T], otherwise: str) -> T:
    """What a field chooses. Raises BadParameter for a word that is no choice."""
    word = form.text(name) or otherwise
    if word not in choices:
        raise BadParameter(f"Invalid API request: {name} must be one of {', '.join(choices)}.")
    return choices[word]


def _number(form: Form, name: str, otherwise: int, most: int) -> int:
    """The whole number in a field, 0 to `most`. Raises BadParameter."""
    word = form.text(name) or str(otherwise)
    if not (word.isascii() and word.isdecimal()) or len(word) > 4 or int(word) > most:
        raise BadParameter(f"Invalid API request: {name} must be a whole number from 0 to {most}.")
    return int(word)


def _written(at: datetime) -> str:
    """A time, UTC, as the second version of the API writes it (imgur-v2, section 3)."""
    return f"{at:%Y-%m-%d %H:%M:%S}"


def _amount(size: int) -> str:
    """Bytes in words such as `40.74 KB`, by 1024."""
    amount, unit = float(size), 0
    while amount >= 1024 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1024, unit + 1
    return f"{amount:.2f} {_UNITS[unit]}"
