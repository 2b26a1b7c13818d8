"""The upload form of the Stack Exchange sites: `POST /upload/image`, `/image/upload`. Evidence: wire page
stackexchange-web.

It was never documented, so programs read its answer as they found it: three generations of HTML, and JSON. Hides the
one page that serves every reader of HTML, and which request gets which form. In HTML a refusal is HTTP 200, because its
readers look at the text and take any other status for a broken server.
"""

import base64
import hashlib
import re
from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from heliograph.server.callers import Callers
from heliograph.server.errors import HeliographError
from heliograph.server.http.allowances import count
from heliograph.server.http.bodies import Form, Reader, form_of
from heliograph.server.http.replies import failure_headers, json_reply
from heliograph.server.http.visitors import Visitors
from heliograph.server.limits import Limits
from heliograph.server.links import Links
from heliograph.server.model import Caller, Image, Texts
from heliograph.server.uploads import Uploads

ANSWERS: dict[str, tuple[int, str | None]] = {
    "NoImageSent": (400, "No image was sent. Choose a file, or give its address as upload-url."),
    "UnsupportedFormat": (415, None),
    "CorruptImage": (422, None),
    "TooManyBytes": (413, None),
    "TooManyPixels": (422, None),
    "TooManyFrames": (422, None),
    "InvalidUrl": (
        400,
        "That is not a web address to fetch an image from. It must be whole, with its scheme at the beginning.",
    ),
    "ForbiddenAddress": (403, None),
    "FetchFailed": (422, None),
    "LocalPathSent": (400, "A path on your own computer was sent in place of the image. Choose the file itself."),
    "NoKeySent": (401, "This server takes images only from who is logged in and sends the fkey of the page."),
    "UnknownKey": (401, None),
    "NoTokenSent": (401, "Log in first."),
    "InvalidToken": (401, None),
    "GrantRefused": (400, None),
    "InvalidFkey": (403, "The fkey is missing or has expired. Load the page again."),
    "Forbidden": (403, None),
    "NotFound": (404, None),
    "MethodNotAllowed": (405, None),
    "Gone": (410, None),
    "BadParameter": (400, None),
    "Conflict": (409, None),
    "UploadLimitReached": (429, None),
    "TooManyAttempts": (429, None),
    "QuotaExceeded": (403, "No space is left in this account."),
    "Busy": (503, None),
    "StorageUnavailable": (503, None),
    "Internal": (500, None),
}
"""Each failure -> the HTTP status of the JSON form, its `Error` number too, and a text where ours does not fit."""

_TELLS_IN_HTML = {404, 405, 500, 503}
"""What is no refusal of an image has its true status in HTML too."""

_FIELDS = ("image", "file", "filename", "upload-url")
_TEXTS = ("fkey", "source", "method", "https")
_OTHER_PAGES = {"access-control-allow-origin": "*"}
"""Scripts of other pages may read the answer. Never with credentials: what they send from there is anonymous."""

_ASKED_BEFORE = {
    "access-control-allow-methods": "POST, OPTIONS",
    "access-control-allow-headers": "Content-Type, Accept, X-Requested-With",
    "access-control-max-age": "86400",
}

_PAGE = "<html><head></head><body><script>{script}</script></body></html>"
_PUBLISHED = """\
window.parent.closeDialog("{url}");
var error = null;
var result = '{url}';
"""
_REFUSED = """\
window.parent.displayUploadError("{message}");
var error = '{message}';
var result = '';
"""
_UNSPEAKABLE = re.compile(r"[^A-Za-z0-9 .,:!?/+_=@#*%-]")


class StackWeb:
    """The handlers of the upload form."""

    def __init__(
        self,
        *,
        callers: Callers,
        visitors: Visitors,
        limits: Limits,
        reader: Reader,
        uploads: Uploads,
        links: Links,
    ) -> None:
        self._callers = callers
        self._visitors = visitors
        self._limits = limits
        self._reader = reader
        self._uploads = uploads
        self._links = links

    async def upload(self, request: Request) -> Response:
        """POST /upload/image, /image/upload. Who uploads is known by a field, so after the body has been read."""
        async with self._reader.read(request, _FIELDS, texts=_TEXTS, any_file=True) as form:
            caller = await self._caller(request, form)
            await count(request, self._limits, caller, upload=True)
            self._callers.may_upload(caller)
            accepted = await self._uploads.accept(form.picture, Texts(name=form.text("name")), caller)
        url = self._link(accepted.image, form)
        if _wants_json(request):
            return json_reply({"Success": True, "Error": 0, "UploadedImage": url}, 200, _OTHER_PAGES)
        return _page(_PUBLISHED.format(url=url), 200)

    async def preflight(self, request: Request) -> Response:  # noqa: ARG002 - handlers are alike
        """OPTIONS of either path: what scripts of other pages may send (axios and fetch add headers of their own)."""
        return Response(status_code=200, headers={**_OTHER_PAGES, **_ASKED_BEFORE})

    def speak(self, request: Request, error: HeliographError) -> Response:
        """A failure in the form that the request asks for, as far as it has been read."""
        status, text = ANSWERS[error.name]
        message = text or error.message
        headers = failure_headers(error)
        if _wants_json(request):
            said = {"Success": False, "Error": status, "ErrorMessage": message}
            return json_reply(said, status, {**_OTHER_PAGES, **headers})
        script = _REFUSED.format(message=_speakable(message))
        return _page(script, status if status in _TELLS_IN_HTML else 200, headers)

    async def _caller(self, request: Request, form: Form) -> Caller:
        """The account of who has logged in and sends the fkey of that login, else nobody in particular (decision 0018).

        A browser sends the cookie along whoever made the form, and programs send no fkey, an old one or "[object
        Object]": a cookie alone never acts for its account, and a wrong key is no reason to refuse.
        """
        visitor = await self._visitors.visitor(request)
        if visitor.account is not None and self._visitors.fits(visitor, form.texts.get("fkey")):
            return visitor.caller
        return Caller(visitor.caller.address)

    def _link(self, image: Image, form: Form) -> str:
        """The image's link, with https where `https=true` asks for that, and no character that ends a string."""
        link = self._links.direct(image.id, image.blob.media_type)
        if form.texts.get("https") == "true":
            link = urlsplit(link)._replace(scheme="https").geturl()
        return quote(link, safe=":/?&=%@,+~[]!$*")


def _page(script: str, status: int, headers: dict[str, str] | None = None) -> Response:
    """The page, whose policy lets no script run but this one, and only pages of this site frame it."""
    fingerprint = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return Response(
        _PAGE.format(script=script),
        status,
        {
            **_OTHER_PAGES,
            **(headers or {}),
            "content-type": "text/html; charset=utf-8",
            "content-security-policy": f"default-src 'none'; script-src 'sha256-{fingerprint}'; frame-ancestors 'self'",
            "x-content-type-options": "nosniff",
        },
    )


def _speakable(message: str) -> str:
    """A message that no reader trips over (wire page, rules 2, 7 and 10).

    Readers end it at a parenthesis, a quote or a semicolon, take "http" for the link, and write it into pages.
    """
    message = re.sub(r"\s*\(", ": ", message)
    message = re.sub(r"http", "web", message.replace(";", ","), flags=re.IGNORECASE)
    return _UNSPEAKABLE.sub("", message)


def _wants_json(request: Request) -> bool:
    """Which form is answered (wire page, section 2, choosing the form; wire page clients, point 12)."""
    form = form_of(request)
    accepted = [each.partition(";")[0].strip() for each in request.headers.get("accept", "").split(",")]
    if request.url.path == "/image/upload" or form.texts.get("method") == "json":
        return True
    if all(each.endswith("json") for each in accepted):
        return True
    return form.field == "file" and not {"method", "https"} & form.texts.keys()
