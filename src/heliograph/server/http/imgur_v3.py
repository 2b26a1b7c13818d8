"""Imgur API v3 as far as one image goes: upload, show, delete, in JSON, JSONP and XML. Evidence: wire page imgur-v3.

Everything is wrapped in `data`, `success`, `status`, in this order; inside `data` an error comes first; JSON is compact
and its media type bare, because real clients compare all of that to the letter.
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from heliograph.server.callers import Callers, may_remove, must_have, owns
from heliograph.server.errors import Gone, HeliographError, InvalidUrl, NotFound
from heliograph.server.http.allowances import admitted, allowance_of, nearest
from heliograph.server.http.bodies import Form, Reader
from heliograph.server.http.replies import failure_headers, jsonp_reply, xml_element, xml_reply
from heliograph.server.library import Library
from heliograph.server.limits import Limits
from heliograph.server.links import DELETE_HASH_LENGTH, Links
from heliograph.server.model import BucketState, Caller, Image, Texts
from heliograph.server.uploads import Uploads

ANSWERS: dict[str, tuple[int, str | None, int | None]] = {
    "NoImageSent": (400, "No image data was sent to the upload api", None),
    "UnsupportedFormat": (400, "File type invalid (1)", 1003),
    "CorruptImage": (400, "File is damaged or cut short", 1003),
    "TooManyBytes": (400, "File is over the size limit", 1002),
    "TooManyPixels": (400, "File is over the size limit: it has too many pixels", 1002),
    "TooManyFrames": (400, "File is over the size limit: it has too many frames", 1002),
    "InvalidUrl": (400, None, None),
    "ForbiddenAddress": (400, None, None),
    "FetchFailed": (400, None, None),
    "LocalPathSent": (400, None, None),
    "NoKeySent": (401, "Authentication required", None),
    "UnknownKey": (403, "Invalid client_id", None),
    "NoTokenSent": (401, "Authentication required", None),
    "InvalidToken": (403, "The access token provided is invalid.", None),
    "GrantRefused": (400, None, None),
    "InvalidFkey": (403, None, None),
    "Forbidden": (403, "Permission denied", None),
    "NotFound": (404, None, None),
    "MethodNotAllowed": (405, None, None),
    "Gone": (404, None, None),
    "BadParameter": (400, None, None),
    "Conflict": (409, None, None),
    "UploadLimitReached": (429, None, None),
    "TooManyAttempts": (429, None, None),
    "QuotaExceeded": (403, None, None),
    "Busy": (503, "Imgur is temporarily over capacity. Please try again later.", None),
    "StorageUnavailable": (503, "Unable to process upload!", None),
    "Internal": (500, "Could not process upload!", None),
}
"""Each failure -> HTTP status, Imgur's text where it is known, and the number that turns the text into an object."""

_FIELDS = ("image", "video")
_CORS = {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "GET, PUT, POST, PATCH, DELETE, OPTIONS",
    "access-control-allow-headers": "Authorization, Content-Type, Accept, X-Mashape-Authorization",
    "access-control-expose-headers": "X-RateLimit-ClientLimit, X-RateLimit-ClientRemaining, X-RateLimit-ClientReset, "
    "X-RateLimit-UserLimit, X-RateLimit-UserRemaining, X-RateLimit-UserReset",
}
"""So that scripts of any page may upload (wire page imgur-v3, section 1)."""


class ImgurV3:
    """The handlers of `/3/image` and `/3/upload`."""

    def __init__(
        self, *, callers: Callers, limits: Limits, reader: Reader, uploads: Uploads, library: Library, links: Links
    ) -> None:
        self._callers = callers
        self._limits = limits
        self._reader = reader
        self._uploads = uploads
        self._library = library
        self._links = links

    async def upload(self, request: Request) -> Response:
        """POST /3/image, /3/upload."""
        caller = await self._caller(request, upload=True)
        async with self._reader.read(request, _FIELDS) as form:
            accepted = await self._uploads.accept(form.picture, _texts(form), caller)
        model = self._model(accepted.image, caller)
        model.update(deletehash=accepted.image.delete_hash, name=accepted.image.name or "", link=model.pop("link"))
        model["account_id"] = model["account_id"] or 0
        return self._reply(request, model)

    async def preflight(self, request: Request) -> Response:  # noqa: ARG002 - handlers are alike
        """OPTIONS of anything: what scripts of other pages may send."""
        return Response(status_code=200, headers={**_CORS, "access-control-max-age": "86400"})

    async def find(self, request: Request) -> Response:
        """GET /3/image/{id}."""
        caller = await self._caller(request)
        image = await self._named(request)
        model = self._model(image, caller)
        if owns(caller, image):
            model.update(deletehash=image.delete_hash, name=image.name or "", link=model.pop("link"))
        return self._reply(request, model)

    async def remove(self, request: Request) -> Response:
        """DELETE /3/image/{id or deletehash}."""
        caller = await self._caller(request)
        must_have(caller, "images:write")
        image = await self._named(request)
        reason = may_remove(caller, image, _name_in_path(request))
        await self._library.remove(image, reason, caller)
        return self._reply(request, content=True)

    def speak(self, request: Request, error: HeliographError) -> Response:
        """A failure as Imgur writes it: `error`, `request`, `method`; an object with 1002 or 1003 for size and type."""
        status, text, code = ANSWERS[error.name]
        text = text or _own_text(request, error)
        if request.method == "DELETE" and _wants_xml(request) and isinstance(error, NotFound | Gone):
            status = 400  # Greenshot takes only this for "already deleted" (imgur-v3, section 10)
        shown: object = text
        if code is not None:
            shown = {"code": code, "message": text, "type": "ImgurException", "exception": []}
        data = {"error": shown, "request": request.url.path, "method": request.method}
        return self._reply(request, data, status, failure_headers(error))

    def _reply(
        self, request: Request, content: object, status: int = 200, headers: dict[str, str] | None = None
    ) -> Response:
        success = status < 400
        headers = {**_CORS, **(headers or {}), **_limit_headers(request)}
        if _wants_xml(request):
            kind = {bool: "boolean", list: "array", dict: "array"}.get(type(content), "string")
            attributes = f' type="{kind}" success="{int(success)}" status="{status}"'
            return xml_reply(xml_element("data", content, attributes), status, headers)
        return jsonp_reply(request, {"data": content, "success": success, "status": status}, status, headers)

    async def _caller(self, request: Request, *, upload: bool = False) -> Caller:
        key, token = _credentials(request)
        return await admitted(request, self._callers, self._limits, key=key, token=token, upload=upload)

    async def _named(self, request: Request) -> Image:
        """The image that the path names, by id or by delete hash."""
        name = _name_in_path(request)
        if len(name) == DELETE_HASH_LENGTH:
            return await self._library.find_by_delete_hash(name)
        return await self._library.find(name)

    def _model(self, image: Image, caller: Caller) -> dict[str, Any]:
        """The image model, exactly the fields of the wire page: a strict client rejects any other."""
        blob = image.blob
        owner = caller.account if caller.account and caller.account.id == image.account_id else None
        return {
            "id": image.id,
            "title": image.title,
            "description": image.description,
            "datetime": int(image.created.timestamp()),
            "type": blob.media_type,
            "animated": blob.animated,
            "width": blob.width,
            "height": blob.height,
            "size": blob.size,
            "views": 0,
            "bandwidth": 0,
            "vote": None,
            "favorite": False,
            "nsfw": None,
            "section": None,
            "account_url": owner.name if owner else None,
            "account_id": owner.id if owner else None,
            "is_ad": False,
            "in_most_viral": False,
            "has_sound": False,
            "tags": [],
            "ad_type": 0,
            "ad_url": "",
            "edited": "0",
            "in_gallery": False,
            "link": self._links.direct(image.id, blob.media_type),
        }


def _texts(form: Form) -> Texts:
    return Texts(form.text("title"), form.text("description"), None, form.text("name"))


def _credentials(request: Request) -> tuple[str | None, str | None]:
    """Key and token of the odd spellings that clients were seen to send (wire page clients, point 8)."""
    header = request.headers.get("authorization", "").strip()
    header = header.removeprefix("Authorization:").strip()
    words = header.split()
    scheme = words[0].lower() if words else ""
    if scheme == "bearer":
        return None, words[1] if len(words) > 1 else ""
    if scheme == "client-id":
        return words[1] if len(words) > 1 else None, None
    return request.query_params.get("client_id") or None, None


def _wants_xml(request: Request) -> bool:
    return request.url.path.rstrip("/").endswith(".xml")


def _name_in_path(request: Request) -> str:
    return str(request.path_params["name"]).removesuffix(".json").removesuffix(".xml")


def _own_text(request: Request, error: HeliographError) -> str:
    if isinstance(error, InvalidUrl):
        return f"Invalid URL ({error.url})"
    if isinstance(error, NotFound | Gone) and "name" in request.path_params:
        return f"Unable to find an image with the id, {_name_in_path(request)}"
    return error.message


def _limit_headers(request: Request) -> dict[str, str]:
    """Imgur's names, bare integers (pyimgur calls int() on each); the reset is in seconds, as the newer server sends.

    Where several rules count the same side, the one that would refuse first is told.
    """
    told: dict[str, BucketState] = {}
    for state in nearest(allowance_of(request).buckets):
        if name := _limit_name(state.bucket.by, state.bucket.what):
            told.setdefault(name, state)
    headers: dict[str, str] = {}
    for name, state in told.items():
        headers[f"{name}limit"] = str(state.bucket.limit)
        headers[f"{name}remaining"] = str(state.left)
        headers[f"{name}reset"] = str(state.resets_in)
    return headers


def _limit_name(by: str, what: str) -> str | None:
    """How the headers of such a rule begin. Imgur counts POSTs by address only."""
    if what == "posts":
        return "x-post-rate-limit-" if by == "address" else None
    return {"address": "x-ratelimit-user", "application": "x-ratelimit-client"}.get(by)
