"""OAuth 2 as Imgur API v3 had it, for programs: `POST /oauth2/token`. Evidence: wire page imgur-v3, section 7.

A success is not wrapped, a failure is. It is 200 and never 201, costs no credits and has no rate headers. A refresh
token stays the same, because Imgur's programs keep the first.
"""

from starlette.requests import Request
from starlette.responses import Response

from heliograph.server.errors import GrantRefused, HeliographError
from heliograph.server.http.bodies import Form, Reader
from heliograph.server.http.fields import basic_credentials
from heliograph.server.http.replies import failure_headers, json_reply
from heliograph.server.identity import Given, Grants
from heliograph.server.model import Caller

_FIELDS = ("client_id", "client_secret", "grant_type", "code", "pin", "refresh_token", "redirect_uri", "token")
_PRIVATE = {"cache-control": "no-store", "access-control-allow-origin": "*"}
_PREFLIGHT = {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "POST, OPTIONS",
    "access-control-allow-headers": "Authorization, Content-Type, Accept, X-Requested-With",
    "access-control-max-age": "86400",
}

STATUS: dict[str, int] = {
    "NoImageSent": 400,
    "UnsupportedFormat": 400,
    "CorruptImage": 400,
    "TooManyBytes": 400,
    "TooManyPixels": 400,
    "TooManyFrames": 400,
    "InvalidUrl": 400,
    "ForbiddenAddress": 400,
    "FetchFailed": 400,
    "LocalPathSent": 400,
    "NoKeySent": 400,
    "UnknownKey": 403,
    "NoTokenSent": 401,
    "InvalidToken": 403,
    "GrantRefused": 400,
    "InvalidFkey": 403,
    "Forbidden": 403,
    "NotFound": 404,
    "MethodNotAllowed": 405,
    "Gone": 404,
    "BadParameter": 400,
    "Conflict": 409,
    "UploadLimitReached": 429,
    "TooManyAttempts": 429,
    "QuotaExceeded": 403,
    "Busy": 503,
    "StorageUnavailable": 503,
    "Internal": 500,
}
"""Each failure -> its HTTP status."""

_REFUSED = {
    "refresh_token": "Refresh token doesn't exist or is invalid for the client",
    "pin": "Invalid Pin",
    "authorization_code": "Authorization code doesn't exist or is invalid for the client",
}
"""What Imgur says where that grant is refused; the last is made after the first, as none is recorded."""


class ImgurOAuth:
    """The handlers of `/oauth2/token` and `/oauth2/revoke`."""

    def __init__(self, *, reader: Reader, grants: Grants) -> None:
        self._reader = reader
        self._grants = grants

    async def token(self, request: Request) -> Response:
        """POST /oauth2/token: a form, multipart or JSON."""
        async with self._reader.read(request, (), texts=_FIELDS) as form:
            by = await self._proven(request, form)
            kind = form.text("grant_type") or ""
            try:
                given = await self._given(by, kind, form)
            except GrantRefused as refused:
                raise GrantRefused(_REFUSED.get(kind, refused.message), refused.reason) from refused
        return json_reply(_answer(given), headers=_PRIVATE)

    async def revoke(self, request: Request) -> Response:
        """POST /oauth2/revoke: Imgur's wire has none; ours answers `true` whatever the token was."""
        async with self._reader.read(request, (), texts=_FIELDS) as form:
            by = await self._proven(request, form)
            await self._grants.revoke(by, form.text("token", "refresh_token") or "")
        return json_reply({"data": True, "success": True, "status": 200}, headers=_PRIVATE)

    async def preflight(self, request: Request) -> Response:  # noqa: ARG002 - handlers are alike
        """OPTIONS of either: scripts of other pages may post JSON, which a browser asks about first."""
        return Response(status_code=200, headers=_PREFLIGHT)

    def speak(self, request: Request, error: HeliographError) -> Response:
        """A failure, wrapped as all of v3 are."""
        return wrapped(request, error)

    async def _proven(self, request: Request, form: Form) -> Caller:
        """The application that asks, by fields or, where it sends no secret in one, by the scheme Basic, as libraries
        for OAuth do. Without PKCE its secret is all that proves it, so it has to have one, as Imgur's all had.
        """
        client_id, secret = form.text("client_id") or "", form.text("client_secret")
        if secret is None and (basic := basic_credentials(request)):
            client_id, secret = basic
        application = await self._grants.proven(client_id, secret, must_have_secret=True)
        return Caller(request.scope["state"]["address"], application=application)

    async def _given(self, by: Caller, kind: str, form: Form) -> Given:
        if kind == "refresh_token":
            return await self._grants.refresh(by, form.text("refresh_token") or "", rotates=False)
        if kind in ("authorization_code", "pin"):
            code, pin = form.text("pin" if kind == "pin" else "code") or "", kind == "pin"
            redirect = None if pin else form.text("redirect_uri")
            return await self._grants.use_code(by, code, redirect=redirect, verifier=None, rotates=False, pin=pin)
        raise GrantRefused("Invalid grant_type parameter or parameter missing", "unsupported_grant_type")


def wrapped(request: Request, error: HeliographError) -> Response:
    """A failure in v3's wrapper."""
    status = STATUS[error.name]
    data = {"error": error.message, "request": request.url.path, "method": request.method}
    headers = {**_PRIVATE, **failure_headers(error)}
    return json_reply({"data": data, "success": False, "status": status}, status, headers)


def told(given: Given) -> dict[str, object]:
    """What stands in the answer and, for the implicit flow, in the fragment of the redirect."""
    account = given.grant.account
    return {
        "access_token": given.access,
        "expires_in": given.expires_in,
        "token_type": "bearer",
        "refresh_token": given.refresh,
        "account_username": account.name,
        "account_id": account.id,
    }


def _answer(given: Given) -> dict[str, object]:
    fields = told(given)
    order = ("access_token", "expires_in", "token_type", "scope", "refresh_token", "account_id", "account_username")
    return {name: fields.get(name) for name in order}
