"""How Imgur API v3 spells what it says: the wrapper, errors, formats, ETags, what is left of the limits. Evidence: wire
page imgur-v3.

Everything is wrapped in `data`, `success`, `status`, in this order; inside `data` an error comes first; JSON is compact
and its media type bare, because real clients compare all of that to the letter.
"""

import hashlib
import math

from starlette.requests import Request
from starlette.responses import Response

from heliograph.server.errors import (
    FetchFailed,
    Forbidden,
    ForbiddenAddress,
    Gone,
    HeliographError,
    InvalidUrl,
    NotFound,
    UploadLimitReached,
)
from heliograph.server.http.allowances import allowance_of, nearest, was_counted
from heliograph.server.http.bodies import form_of
from heliograph.server.http.replies import failure_headers, jsonp_reply, xml_element, xml_reply
from heliograph.server.model import BucketState, RemoteImage

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

UPLOAD_ANSWERS: dict[str, str | None] = {
    "NoImageSent": "Bad Request",
    "UnsupportedFormat": "We don't support that file type!",
    "CorruptImage": None,
    "TooManyBytes": None,
    "TooManyPixels": None,
    "TooManyFrames": None,
}
"""What a newer server of Imgur's says at `/3/upload` in place of these, where it has other words: always a string, and
no number (wire page imgur-v3, section 8). Statuses are those of ANSWERS.
"""

MALFORMED_HEADER = "Malformed auth header"
TOKEN_NOT_FOUND = "The access token was not found."  # noqa: S105 - Imgur's words for an empty header
UNAUTHORIZED = "Unauthorized"
NO_VIDEO = "this server takes pictures, no videos"
_EXACT = frozenset({MALFORMED_HEADER, TOKEN_NOT_FOUND})
"""Words for one case of a failure that stand instead of those of the table."""

_CORS = {
    "access-control-allow-origin": "*",
    "access-control-allow-credentials": "true",
    "access-control-allow-methods": "GET, PUT, POST, PATCH, DELETE, OPTIONS",
    "access-control-allow-headers": "Authorization, Content-Type, Accept, X-Mashape-Authorization, X-Mashape-Key, "
    "X-Requested-With, If-None-Match",
    "access-control-expose-headers": "X-RateLimit-ClientLimit, X-RateLimit-ClientRemaining, X-RateLimit-ClientReset, "
    "X-RateLimit-UserLimit, X-RateLimit-UserRemaining, X-RateLimit-UserReset, "
    "X-Post-Rate-Limit-Limit, X-Post-Rate-Limit-Remaining, X-Post-Rate-Limit-Reset, ETag",
}
"""So that scripts of any page may call (wire page imgur-v3, section 1). Imgur says that credentials may come along, and
to everybody, which no browser takes together: cookies stay at home.
"""

UNLIMITED = 2_147_483_647
"""What is said of a side that has no limit: it must be a whole number, and ShareX reads 32 bits (decision 0020)."""

_LIMITED = ("x-ratelimit-user", "x-ratelimit-client")
_LIMITED_POSTS = "x-post-rate-limit-"

_XML_TYPES = {bool: "boolean", int: "integer", list: "array", dict: "array"}


class ImgurV3Words:
    """Writes v3's answers; the voice of all its rows."""

    def reply(
        self, request: Request, content: object, status: int = 200, more: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Response:  # fmt: skip
        """`content` as `data`, in JSON, JSONP or XML, with what is left of the limits; 304 where the client knows it.

        more: what JSON says beside the wrapper's three. `_fake_status=200` changes the HTTP status only, so that
        scripts in browsers see what went wrong; it and `callback` are fields of the query or of the body.
        """
        headers = {**_CORS, **(headers or {}), **limit_headers(request)}
        asked = {**form_of(request).texts, **request.query_params}
        success, shown = status < 400, 200 if asked.get("_fake_status") == "200" else status
        if wants_xml(request):
            kind = _XML_TYPES.get(type(content), "string")
            attributes = f' type="{kind}" success="{int(success)}" status="{status}"'
            answer = xml_reply(xml_element("data", content, attributes), shown, headers)
        else:
            wrapped = {"data": content, "success": success, "status": status, **(more or {})}
            answer = jsonp_reply(asked.get("callback", ""), wrapped, shown, headers)
        return _unless_known(request, answer, headers) if status == 200 else answer

    async def preflight(self, request: Request) -> Response:  # noqa: ARG002 - handlers are alike
        """OPTIONS of anything: what scripts of other pages may send."""
        return Response(status_code=200, headers={**_CORS, "access-control-max-age": "86400"})

    def speak(self, request: Request, error: HeliographError) -> Response:
        """A failure as Imgur writes it: `error`, `request`, `method`; in JSON an object with 1002 or 1003 for size and
        type, but at `/3/upload`. Of XML, imgur.sh prints what stands in the element `error`, and OpenTween takes all
        text in it.

        A refusal for the limits also carries the array `errors` of the newest server, whose code is a string: Flameshot
        reads nothing else (wire page imgur-v3, section 11.3).
        """
        status, text, code = ANSWERS[error.name]
        if request.scope["path"] == "/3/upload" and error.name in UPLOAD_ANSWERS:
            text, code = UPLOAD_ANSWERS[error.name] or text, None
        said = _text(request, error, text)
        if request.method == "DELETE" and wants_xml(request) and isinstance(error, NotFound | Gone):
            status = 400  # Greenshot takes only this for "already deleted" (imgur-v3, section 10)
        shown: object = said
        if code is not None and not wants_xml(request):
            shown = {"code": code, "message": said, "type": "ImgurException", "exception": []}
        data = {"error": shown, "request": asked_path(request), "method": request.method}
        more: dict[str, object] | None = None
        if status == 429:
            known_as = f"legacy-api-{request.scope['state']['request_id']}"
            reason = "Too Many Requests"
            more = {"errors": [{"id": known_as, "code": "429", "status": reason, "detail": reason}]}
        return self.reply(request, data, status, more, failure_headers(error))


def asked_path(request: Request) -> str:
    """The path as it was asked for, in its own case and with its suffix, which the table of URLs does not see."""
    path: str = request.scope.get("asked_path", request.scope["path"])
    return path


def wants_xml(request: Request) -> bool:
    """Whether the path's suffix asks for XML."""
    return asked_path(request).rstrip("/").lower().endswith(".xml")


def limit_headers(request: Request) -> dict[str, str]:
    """Imgur's names, bare integers (pyimgur calls int() on each); the reset is in seconds, as the newer server sends.

    Where several rules count the same side, the one that would refuse first is told; those of posts on a POST only. A
    side without a rule has no limit, and says so: some programs read all of them without asking whether they are there.
    Nothing is said where nothing was counted, as at OAuth and before a call.
    """
    if not was_counted(request):
        return {}
    told: dict[str, BucketState | None] = dict.fromkeys(_LIMITED)
    if request.method == "POST":
        told[_LIMITED_POSTS] = None
    for state in nearest(allowance_of(request).buckets):
        name = _limit_name(state.bucket.by, state.bucket.what)
        if name in told and told[name] is None:
            told[name] = state
    headers: dict[str, str] = {}
    for name, counted in told.items():
        headers[f"{name}limit"] = str(counted.bucket.limit if counted else UNLIMITED)
        headers[f"{name}remaining"] = str(counted.left if counted else UNLIMITED)
        headers[f"{name}reset"] = str(counted.resets_in if counted else 0)
    return headers


def _limit_name(by: str, what: str) -> str:
    """How the headers of such a rule begin; empty where it has none. Imgur counts POSTs by address only."""
    if what == "posts":
        return _LIMITED_POSTS if by == "address" else ""
    return dict(zip(("address", "application"), _LIMITED, strict=True)).get(by, "")


def _text(request: Request, error: HeliographError, text: str | None) -> str:
    if isinstance(error, InvalidUrl):
        return f"Invalid URL ({error.url})"
    sent = form_of(request).picture
    if isinstance(error, FetchFailed | ForbiddenAddress) and isinstance(sent, RemoteImage):
        return f"Invalid URL ({sent.url})"
    if error.message == NO_VIDEO:
        return f"{text} {NO_VIDEO.capitalize()}" if text and text.endswith("!") else f"{text}: {NO_VIDEO}"
    if isinstance(error, UploadLimitReached) and error.message == UploadLimitReached.message:
        return f"You are uploading too fast. Please wait {math.ceil(error.retry_after / 60)} more minutes."
    special = error.message in _EXACT or (isinstance(error, Forbidden) and error.message != Forbidden.message)
    return error.message if text is None or special else text


def _unless_known(request: Request, answer: Response, headers: dict[str, str]) -> Response:
    """The answer to a GET with its ETag, or 304 where the client names that (RFC 9110 section 13.1.2)."""
    if request.method not in ("GET", "HEAD"):
        return answer
    etag = f'"{hashlib.sha256(bytes(answer.body)).hexdigest()[:32]}"'
    answer.headers["etag"] = etag
    known = [each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")]
    if etag not in known and "*" not in known:
        return answer
    return Response(status_code=304, headers={**headers, "etag": etag})
