"""The Stack Exchange mobile API: `POST /1/image/upload`. Evidence: wire page stackexchange-mobile.

Everything is one wrapper object: `items` and the quota on success, the error's id and name else. Errors are all HTTP
400, and 200 under JSONP, where the body is all that a script gets to see.
"""

from starlette.requests import Request
from starlette.responses import Response

from heliograph.imaging.formats import FORMATS, SIGNATURE_BYTES, sniff
from heliograph.server.callers import Callers
from heliograph.server.errors import BadParameter, HeliographError, NoKeySent, NoTokenSent
from heliograph.server.http.allowances import admitted, allowance_of, nearest
from heliograph.server.http.bodies import Form, Reader, form_of
from heliograph.server.http.replies import call_reply, failure_headers, is_callback, json_reply
from heliograph.server.incoming import Incoming
from heliograph.server.limits import Limits
from heliograph.server.links import Links
from heliograph.server.model import Caller, Texts
from heliograph.server.uploads import Uploads

NAMES = {
    400: "bad_parameter",
    401: "access_token_required",
    402: "invalid_access_token",
    403: "access_denied",
    404: "no_method",
    405: "key_required",
    407: "write_failed",
    409: "duplicate_request",
    500: "internal_error",
    502: "throttle_violation",
    503: "temporarily_unavailable",
}
"""The API's error ids and names (wire page, section 3), but for 406, a token that its owner has published."""

ANSWERS: dict[str, tuple[int, str | None]] = {
    "NoImageSent": (400, "image_data: no image was sent. It is the base64 of the file."),
    "UnsupportedFormat": (400, None),
    "CorruptImage": (400, None),
    "TooManyBytes": (400, None),
    "TooManyPixels": (400, None),
    "TooManyFrames": (400, None),
    "InvalidUrl": (400, None),
    "ForbiddenAddress": (400, None),
    "FetchFailed": (400, None),
    "LocalPathSent": (400, None),
    "NoKeySent": (405, "key: the key of an application is required."),
    "UnknownKey": (400, "key: it does not match a known application."),
    "NoTokenSent": (401, "access_token: an upload belongs to an account, so a token of one is required."),
    "InvalidToken": (402, "access_token: it is not valid here, has expired, or was revoked."),
    "GrantRefused": (400, None),
    "InvalidFkey": (403, None),
    "Forbidden": (403, None),
    "NotFound": (404, None),
    "MethodNotAllowed": (404, None),
    "Gone": (407, None),
    "BadParameter": (400, None),
    "Conflict": (409, None),
    "UploadLimitReached": (502, None),
    "TooManyAttempts": (502, None),
    "QuotaExceeded": (407, None),
    "Busy": (503, None),
    "StorageUnavailable": (503, None),
    "Internal": (500, None),
}
"""Each failure -> the API's error id, and a text where our own would name other fields than this call has."""

NO_QUOTA = 2**31 - 1
"""What the quota fields say where nothing is counted: the most that an int of the apps' languages holds."""

_CORS = {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "POST, OPTIONS",
    "access-control-allow-headers": "Content-Type, Accept, X-Requested-With",
}
"""So that scripts of any page may call: the token is a field, and cookies do not come along."""

_FIELDS = ("image_data",)
_TEXTS = ("access_token", "image_mime_type", "image_name", "callback")
_ALSO = {
    "png": "image/png",
    "gif": "image/gif",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/x-png": "image/png",
    "image/apng": "image/png",
}
"""Other names of what the bytes may be, of which the question about this call had the short ones (need N6); an animated
PNG has the signature of a PNG.
"""


class StackMobile:
    """The handler of `/1/image/upload`."""

    def __init__(self, *, callers: Callers, limits: Limits, reader: Reader, uploads: Uploads, links: Links) -> None:
        self._callers = callers
        self._limits = limits
        self._reader = reader
        self._uploads = uploads
        self._links = links

    async def upload(self, request: Request) -> Response:
        """POST /1/image/upload. The credentials are fields, so the caller is known when the body has been read."""
        async with self._reader.read(request, _FIELDS, texts=_TEXTS, any_file=True) as form:
            caller = await self._caller(request, form)
            _check_type(form)
            name = form.text("image_name", "name")
            accepted = await self._uploads.accept(form.picture, Texts(name=name), caller)
        url = self._links.direct(accepted.image.id, accepted.image.blob.media_type)
        return _reply(request, {"items": [{"url": url}], "has_more": False, **_quota(request, always=True)}, 200)

    async def preflight(self, request: Request) -> Response:  # noqa: ARG002 - handlers are alike
        """OPTIONS: what scripts of other pages may send."""
        return Response(status_code=200, headers={**_CORS, "access-control-max-age": "86400"})

    def speak(self, request: Request, error: HeliographError) -> Response:
        """A failure as the wrapper object with the error's id, name and message; `backoff` where waiting helps."""
        number, text = ANSWERS[error.name]
        said: dict[str, object] = {
            "error_id": number,
            "error_name": NAMES[number],
            "error_message": text or error.message,
            **_quota(request),
        }
        headers = failure_headers(error)
        if "retry-after" in headers:
            said["backoff"] = int(headers["retry-after"])
        return _reply(request, said, 400, headers)

    async def _caller(self, request: Request, form: Form) -> Caller:
        """The account of `access_token`, through the application of `key`; both are required, as they were there."""
        key, token = form.text("key"), form.text("access_token")
        if key is None or token is None:
            await admitted(request, self._callers, self._limits)
            raise NoKeySent if key is None else NoTokenSent
        return await admitted(request, self._callers, self._limits, key=key, token=token, upload=True)


def _check_type(form: Form) -> None:
    """Raise BadParameter where `image_mime_type` says another format than the bytes do (of a URL nothing is known)."""
    said = (form.text("image_mime_type") or "").partition(";")[0].strip().lower()
    if not said or not isinstance(form.picture, Incoming):
        return
    found = sniff(form.picture.head(SIGNATURE_BYTES))
    if found is not None and _ALSO.get(said, said) != FORMATS[found].media_type:
        raise BadParameter(f"image_mime_type: it says {said}, but the image is {FORMATS[found].media_type}.")


def _quota(request: Request, *, always: bool = False) -> dict[str, int]:
    """How many uploads the rule that would refuse first lets through from full, and how many more it does now.

    Where nothing was counted there is no quota, which successes must say all the same.
    """
    states = nearest(allowance_of(request).buckets)
    if not states:
        return {"quota_max": NO_QUOTA, "quota_remaining": NO_QUOTA} if always else {}
    first = states[0]
    most = first.bucket.limit // max(1, first.bucket.cost)
    return {"quota_max": most, "quota_remaining": first.left_for}


def _reply(
    request: Request, content: dict[str, object], status: int, headers: dict[str, str] | None = None
) -> Response:
    headers = {**_CORS, **(headers or {})}
    callback = form_of(request).texts.get("callback") or request.query_params.get("callback", "")
    if is_callback(callback):
        return call_reply(callback, content, 200, headers)
    return json_reply(content, status, headers, "application/json; charset=utf-8")
