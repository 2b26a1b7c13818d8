"""OAuth 1.0a as Imgur API v2 had it: `/oauth/request_token`, `/oauth/authorize`, `/oauth/access_token`. Evidence: wire
page imgur-v2, section 4.

Programs talk in forms, by GET and POST, and are told failures in the words of the OAuth Problem Reporting extension.
People get a page that asks them, and are sent back, or shown a PIN to type.
"""

from http import HTTPStatus
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from heliograph.server.callers import Callers
from heliograph.server.errors import HeliographError
from heliograph.server.http.allowances import admitted
from heliograph.server.http.frame import Frame
from heliograph.server.http.replies import failure_headers
from heliograph.server.http.signed_requests import SignedReader
from heliograph.server.identity import OAuth1
from heliograph.server.identity.oauth1 import Credentials, Pending
from heliograph.server.identity.redirects import host_of, source_of
from heliograph.server.identity.signatures import Signed
from heliograph.server.limits import Limits

ANSWERS: dict[str, tuple[int, str]] = {
    "NoImageSent": (400, "parameter_absent"),
    "UnsupportedFormat": (400, "parameter_rejected"),
    "CorruptImage": (400, "parameter_rejected"),
    "TooManyBytes": (413, "parameter_rejected"),
    "TooManyPixels": (400, "parameter_rejected"),
    "TooManyFrames": (400, "parameter_rejected"),
    "InvalidUrl": (400, "parameter_rejected"),
    "ForbiddenAddress": (400, "parameter_rejected"),
    "FetchFailed": (400, "parameter_rejected"),
    "LocalPathSent": (400, "parameter_rejected"),
    "NoKeySent": (400, "parameter_absent"),
    "UnknownKey": (401, "consumer_key_unknown"),
    "NoTokenSent": (401, "parameter_absent"),
    "InvalidToken": (401, "token_rejected"),
    "GrantRefused": (400, "permission_denied"),
    "InvalidFkey": (403, "permission_denied"),
    "Forbidden": (403, "permission_denied"),
    "NotFound": (404, "parameter_rejected"),
    "MethodNotAllowed": (405, "parameter_rejected"),
    "Gone": (410, "parameter_rejected"),
    "BadParameter": (400, "parameter_rejected"),
    "Conflict": (409, "parameter_rejected"),
    "UploadLimitReached": (429, "user_refused"),
    "TooManyAttempts": (429, "user_refused"),
    "QuotaExceeded": (403, "permission_denied"),
    "Busy": (503, "user_refused"),
    "StorageUnavailable": (503, "user_refused"),
    "Internal": (500, "user_refused"),
}
"""Each failure -> its HTTP status (RFC 5849 section 3.2) and its word in the extension; a NotProven has its own."""


class ImgurOAuth1Tokens:
    """The handlers for programs. Each request is counted by its address, so that guessing has a limit."""

    def __init__(self, *, callers: Callers, limits: Limits, reader: SignedReader, oauth1: OAuth1) -> None:
        self._callers = callers
        self._limits = limits
        self._reader = reader
        self._oauth1 = oauth1

    async def request_token(self, request: Request) -> Response:
        """GET, POST /oauth/request_token."""
        await admitted(request, self._callers, self._limits)
        async with self._reader.read(request) as (signed, _):
            made = await self._oauth1.begin(_must_be_signed(signed))
        return _form(200, **_told(made), oauth_callback_confirmed="true")

    async def access_token(self, request: Request) -> Response:
        """GET, POST /oauth/access_token."""
        await admitted(request, self._callers, self._limits)
        async with self._reader.read(request) as (signed, _):
            made = await self._oauth1.finish(_must_be_signed(signed))
        return _form(200, **_told(made))

    def speak(self, request: Request, error: HeliographError) -> Response:  # noqa: ARG002 - voices are alike
        """A failure as a form: `oauth_problem`, and in `oauth_problem_advice` what was wrong."""
        status, problem = ANSWERS[error.name]
        problem = getattr(error, "problem", problem)
        response = _form(status, oauth_problem=problem, oauth_problem_advice=error.message)
        response.headers.update(failure_headers(error))
        if status == HTTPStatus.UNAUTHORIZED:
            response.headers["www-authenticate"] = f'OAuth realm="heliograph", oauth_problem="{problem}"'
        return response


class ImgurOAuth1Page:
    """The page that asks whoever is logged in; it speaks failures as all pages do."""

    def __init__(self, oauth1: OAuth1, frame: Frame) -> None:
        self._oauth1 = oauth1
        self._frame = frame

    async def ask(self, request: Request) -> Response:
        """GET /oauth/authorize: asks who is logged in; nobody is sent to log in, and back here."""
        asked = request.query_params
        pending = await self._oauth1.pending(asked.get("oauth_token", ""), asked.get("oauth_callback"))
        await self._frame.visitors.member(request)
        response = await self._frame.secret_page(
            request, "oauth1.html", pending=pending, host=host_of(pending.callback)
        )
        policy = response.headers["content-security-policy"]
        response.headers["content-security-policy"] = policy.replace(
            "form-action 'self'", f"form-action 'self' {source_of(pending.callback)}".rstrip()
        )
        return response

    async def answer(self, request: Request) -> Response:
        """POST /oauth/authorize: what was answered, `allow` or anything else."""
        visitor, account, form = await self._frame.visitors.posted_by_member(request)
        pending = await self._oauth1.pending(form.get("oauth_token", ""), form.get("oauth_callback"))
        if form.get("answer") == "allow":
            verifier = await self._oauth1.approve(pending, account, visitor.caller)
            if pending.callback:
                return _back(pending, oauth_verifier=verifier)
            return await self._frame.secret_page(request, "oauth1_pin.html", pending=pending, pin=verifier)
        await self._oauth1.deny(pending)
        if pending.callback:
            # RFC 5849 has no word for a no. The first is the extension's, the second is Twitter's.
            return _back(pending, oauth_problem="permission_denied", denied=pending.token)
        return await self._frame.secret_page(request, "oauth1_pin.html", pending=pending, pin=None)


def _must_be_signed(signed: Signed | None) -> Signed:
    return signed or Signed("", (), (), {}, encrypted=False)


def _told(made: Credentials) -> dict[str, str]:
    return {"oauth_token": made.token, "oauth_token_secret": made.secret}


def _form(status: int, **fields: str) -> Response:
    headers = {"content-type": "application/x-www-form-urlencoded", "cache-control": "no-store"}
    return Response(urlencode(fields), status, headers)


def _back(pending: Pending, **fields: str) -> Response:
    """On to the program that asked, with the answer (RFC 5849 section 2.2)."""
    callback = pending.callback or ""
    address = callback + ("&" if "?" in callback else "?") + urlencode({"oauth_token": pending.token, **fields})
    headers = {"location": address, "cache-control": "no-store", "referrer-policy": "no-referrer"}
    return Response(status_code=302, headers=headers)
