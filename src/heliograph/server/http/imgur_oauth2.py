"""OAuth 2 as Imgur API v3 had it: `/oauth2/authorize` and `/oauth2/token`. Evidence: wire page imgur-v3, section 7.

Tokens come unwrapped, failures in v3's wrapper. Programs get codes, pins, or tokens at once in the fragment; without PKCE,
so every exchange needs the application's secret. None of this is counted, nor tells of limits.
"""

import hmac
import secrets
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from heliograph.server.callers import Callers
from heliograph.server.errors import GrantRefused, HeliographError, InvalidFkey, InvalidToken, NoTokenSent
from heliograph.server.http.bodies import Form, Reader, small_form
from heliograph.server.http.consent import asked_on_page, back
from heliograph.server.http.frame import HEADINGS, Frame
from heliograph.server.http.replies import failure_headers, json_reply
from heliograph.server.http.visitors import must_be_ours
from heliograph.server.identity import Clients, Grants
from heliograph.server.identity.clients import redirect_for
from heliograph.server.identity.grants import Issued, Wish
from heliograph.server.model import SCOPES, Account, Application, Caller

ANSWERS: dict[str, tuple[int, str | None]] = {
    "NoImageSent": (400, None),
    "UnsupportedFormat": (400, None),
    "CorruptImage": (400, None),
    "TooManyBytes": (400, None),
    "TooManyPixels": (400, None),
    "TooManyFrames": (400, None),
    "InvalidUrl": (400, None),
    "ForbiddenAddress": (400, None),
    "FetchFailed": (400, None),
    "LocalPathSent": (400, None),
    "NoKeySent": (401, "Authentication required"),
    "UnknownKey": (403, "Invalid client_id"),
    "NoTokenSent": (401, "Authentication required"),
    "InvalidToken": (403, "Unauthorized"),
    "GrantRefused": (400, None),
    "InvalidFkey": (403, None),
    "Forbidden": (403, None),
    "NotFound": (404, None),
    "MethodNotAllowed": (405, None),
    "Gone": (404, None),
    "BadParameter": (400, None),
    "Conflict": (409, None),
    "UploadLimitReached": (429, None),
    "TooManyAttempts": (429, None),
    "QuotaExceeded": (403, None),
    "Busy": (503, None),
    "StorageUnavailable": (503, None),
    "Internal": (500, None),
}
"""Each failure -> its HTTP status, and Imgur's text where it is known."""

IMGUR_SCOPES = frozenset(SCOPES) - {"account"}
"""Imgur has no scopes. Its programs get everything about images and albums, and nothing about the account."""

_COOKIE = "authorize_token"
_FIELDS = ("client_id", "client_secret", "grant_type", "code", "pin", "refresh_token", "token")
_CORS = {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "GET, PUT, POST, PATCH, DELETE, OPTIONS",
    "access-control-allow-headers": "Authorization, Content-Type, Accept, X-Mashape-Authorization",
}
_REFUSALS = {
    "authorization_code": "Authorization code doesn't exist or is invalid for the client",
    "pin": "Invalid Pin",
    "refresh_token": "Refresh token doesn't exist or is invalid for the client",
}
"""Grant type -> what Imgur says of one that is no good; that of the code is made after the refresh token's."""


@dataclass(frozen=True, slots=True)
class _Asking:
    """What a program asks a person for. kind: code, token or pin. on_to: where the answer goes; None for a pin."""

    wish: Wish
    kind: str
    on_to: str | None


class ImgurOAuth2:
    """The handlers of /oauth2."""

    def __init__(self, *, frame: Frame, callers: Callers, reader: Reader, clients: Clients, grants: Grants) -> None:
        self._frame = frame
        self._callers = callers
        self._reader = reader
        self._clients = clients
        self._grants = grants

    async def ask(self, request: Request) -> Response:
        """GET /oauth2/authorize. Who is not logged in is asked for name and password on the same page, as Imgur did:
        node-imgur fills that form in by itself.
        """
        return await self._page(request, await self._asking(request))

    async def answer(self, request: Request) -> Response:
        """POST /oauth2/authorize: allowed where the field `allow` is there, and denied where it is not."""
        form, asking = await small_form(request), await self._asking(request)
        state = request.query_params.get("state")
        if not form.get("allow"):
            if asking.on_to is None:
                return await self._frame.secret_page(request, "pin.html", application=asking.wish.application, pin=None)
            return back(asking.on_to, fragment=asking.kind == "token", error="access_denied", state=state)
        try:
            caller, account = await self._who(request, form)
        except InvalidToken as refused:
            if not _for_people(request):
                raise
            return await self._page(request, asking, refused)
        return await self._given(request, asking, caller, account, state)

    async def token(self, request: Request) -> Response:
        """POST /oauth2/token, by a form, multipart or JSON. 200, never 201 (wire page clients, point 1)."""
        async with self._reader.read(request, (), texts=_FIELDS) as form:
            kind = form.text("grant_type") or ""
            application, by = await self._proven(request, form)
            try:
                issued = await self._issued(form, kind, application, by)
            except GrantRefused as refused:
                raise GrantRefused(_REFUSALS.get(kind, refused.message), refused.reason) from refused
        return json_reply(_told(issued), headers=_CORS | {"cache-control": "no-store"})

    async def revoke(self, request: Request) -> Response:
        """POST /oauth2/revoke, of which no evidence is left: RFC 7009 in v3's wrapper."""
        async with self._reader.read(request, (), texts=_FIELDS) as form:
            application, by = await self._proven(request, form)
            await self._grants.revoke(application, form.text("token") or "", by)
        return _wrapped(True, 200, _CORS)

    async def preflight(self, request: Request) -> Response:  # noqa: ARG002 - handlers are alike
        """OPTIONS /oauth2/token: scripts of any page may ask."""
        return Response(status_code=200, headers={**_CORS, "access-control-max-age": "86400"})

    def speak(self, request: Request, error: HeliographError) -> Response:
        """A failure as v3 writes it; as a page to people who look at one."""
        if request.url.path.endswith("/authorize") and _for_people(request):
            return self._frame.speak(request, error)
        status, text = ANSWERS[error.name]
        data = {"error": text or error.message, "request": request.url.path, "method": request.method}
        return _wrapped(data, status, _CORS | failure_headers(error))

    async def _asking(self, request: Request) -> _Asking:
        asked = request.query_params
        kind, client_id = asked.get("response_type", ""), asked.get("client_id", "")
        if not kind or not client_id:
            raise GrantRefused("client_id and response_type are required")
        try:
            application = await self._clients.known(client_id)
        except GrantRefused as refused:
            raise GrantRefused("Invalid client_id", refused.reason) from refused
        if kind not in ("code", "token", "pin"):
            raise GrantRefused("The response_type must be code, token or pin.", "unsupported_response_type")
        wish = Wish(application=application, scopes=IMGUR_SCOPES, rotates=False)
        if kind == "pin":
            return _Asking(wish, kind, None)
        # Imgur's programs name no address: theirs is the one that is registered, the first of several.
        named = asked.get("redirect_uri") or next(iter(application.redirects), None)
        return _Asking(wish, kind, redirect_for(application, named))

    async def _page(self, request: Request, asking: _Asking, refused: HeliographError | None = None) -> Response:
        """The page that asks. Before a login the cookie comes with it that the form has to agree with: its sender has
        seen the page.
        """
        visitor = await self._frame.visitors.visitor(request)
        token = request.cookies.get(_COOKIE) or secrets.token_hex(16) if visitor.account is None else "yes"
        message = refused.message if refused else ""
        allow = {"allow": token, "message": message}
        response = await asked_on_page(request, self._frame, asking.wish, on_to=asking.on_to, button="allow", **allow)
        if visitor.account is None:
            secure = self._frame.visitors.secure
            response.set_cookie(_COOKIE, token, path="/oauth2", httponly=True, samesite="lax", secure=secure)
        response.status_code = HEADINGS[refused.name][0] if refused else 200
        return response

    async def _who(self, request: Request, form: QueryParams) -> tuple[Caller, Account]:
        """Who allows it: by name and password, or who is logged in. Raises InvalidToken, InvalidFkey, NoTokenSent,
        TooManyAttempts.
        """
        visitor = await self._frame.visitors.visitor(request)
        if "username" in form:
            must_be_ours(request)
            expected = request.cookies.get(_COOKIE, "")
            if not expected or not hmac.compare_digest(expected.encode(), form.get("allow", "").encode()):
                raise InvalidFkey
            address = request.scope["state"]["address"]
            caller = await self._callers.by_password(address, form["username"], form.get("password", ""))
        else:
            self._frame.visitors.check(request, visitor, form.get("fkey"))
            caller = visitor.caller
        if caller.account is None:
            raise NoTokenSent
        return caller, caller.account

    async def _given(
        self, request: Request, asking: _Asking, caller: Caller, account: Account, state: str | None
    ) -> Response:
        if asking.on_to is None:
            pin = await self._grants.give_code(asking.wish, caller, account, pin=True)
            return await self._frame.secret_page(
                request, "pin.html", application=asking.wish.application, pin=pin, lasts=self._grants.lifetimes.code
            )
        if asking.kind == "code":
            return back(asking.on_to, code=await self._grants.give_code(asking.wish, caller, account), state=state)
        told = _told(await self._grants.give_tokens(asking.wish, caller, account))
        names = ("access_token", "expires_in", "token_type", "refresh_token", "account_username", "account_id")
        return back(asking.on_to, fragment=True, **{name: str(told[name]) for name in names}, state=state)

    async def _proven(self, request: Request, form: Form) -> tuple[Application, Caller]:
        try:
            application = await self._clients.proven(
                form.text("client_id") or "", form.text("client_secret"), secret_needed=True
            )
        except GrantRefused as refused:
            raise GrantRefused("The client credentials are invalid", refused.reason) from refused
        return application, Caller(request.scope["state"]["address"], application.client_id, application)

    async def _issued(self, form: Form, kind: str, application: Application, by: Caller) -> Issued:
        if kind == "refresh_token":
            return await self._grants.refresh(application, form.text("refresh_token") or "", by, rotates=False)
        if kind in ("authorization_code", "pin"):
            code = form.text("pin" if kind == "pin" else "code") or ""
            return await self._grants.redeem_imgur(application, code, by, pin=kind == "pin")
        raise GrantRefused("Invalid grant_type parameter or parameter missing", "unsupported_grant_type")


def _told(issued: Issued) -> dict[str, Any]:
    """Tokens as Imgur wrote them, with all its fields and no other."""
    account = issued.grant.account
    return {
        "access_token": issued.access,
        "expires_in": int(issued.lasts.total_seconds()),
        "token_type": "bearer",
        "scope": None,
        "refresh_token": issued.refresh,
        "account_id": account.id,
        "account_username": account.name,
    }


def _wrapped(data: object, status: int, headers: dict[str, str]) -> Response:
    return json_reply({"data": data, "success": status < 400, "status": status}, status, headers)


def _for_people(request: Request) -> bool:
    """Whether a browser asks: programs say that they want JSON, or nothing."""
    return "text/html" in request.headers.get("accept", "")
