"""The pages on which people let programs in: OAuth 2's authorize pages, native and Imgur's, and the page for devices.

A request is checked before anybody is asked, and again when the answer comes. Where the program or its redirect address
is not known, nobody is sent anywhere (RFC 6749 section 4.1.2.1); what else is wrong is told to the program.
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from heliograph.server.callers import Callers
from heliograph.server.errors import GrantRefused, HeliographError, InvalidFkey, InvalidToken, NotFound, NoTokenSent
from heliograph.server.http.fields import small_form
from heliograph.server.http.frame import Frame
from heliograph.server.http.imgur_oauth import told, wrapped
from heliograph.server.http.visitors import Visitor, login_address
from heliograph.server.identity import Devices, Grants
from heliograph.server.identity.grants import IMGUR_SCOPES, Wish, checked_redirect, checked_scopes
from heliograph.server.identity.redirects import host_of, source_of
from heliograph.server.links import Links
from heliograph.server.model import Account, Caller

ABOUT = {
    "images:write": "publish pictures into your account, and change and remove those that are there",
    "images:read": "list and search your pictures",
    "albums": "make, change and remove your albums",
    "account": "see and change your e-mail address, and manage your applications and tokens",
}
"""What each scope lets a program do, as people are told it."""

_NATIVE = "/api/v1/oauth/authorize"
_IMGUR = "/oauth2/authorize"
_IMGUR_COOKIE = "authorize_token"
_REPEATED = (
    "client_id", "response_type", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method"
)  # fmt: skip
"""What the form sends again, to be checked again."""


_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_DENIED = GrantRefused("Access was denied.", "access_denied")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for access whose program and redirect address are known. kind: code, token or pin.

    issuer: who answers, told with the answer so that a program which knows several servers is not confused (RFC 9207).
    """

    wish: Wish
    kind: str
    state: str | None
    issuer: str | None = None


class ConsentPages:
    """The handlers of the authorize pages and of /device."""

    def __init__(self, *, frame: Frame, callers: Callers, grants: Grants, devices: Devices, links: Links) -> None:
        self._frame = frame
        self._callers = callers
        self._grants = grants
        self._devices = devices
        self._issuer = links.public

    # Our own flow: a code, with PKCE

    async def ask(self, request: Request) -> Response:
        """GET /api/v1/oauth/authorize. Who is not logged in is sent to no program: anybody can register one, and would
        have links to any place that begin with our address (RFC 9700 section 4.11.2).
        """
        asked = await self._asked(request.query_params)
        visitor = await self._frame.visitors.visitor(request)
        if visitor.account is None:
            return self._frame.redirect(login_address(request))
        try:
            asked = _checked(asked, request.query_params)
        except GrantRefused as refused:
            return _refused(asked, refused)
        return await self._question(request, asked, request.query_params, _NATIVE)

    async def answer(self, request: Request) -> Response:
        """POST /api/v1/oauth/authorize."""
        visitor, account, form = await self._frame.visitors.posted_by_member(request)
        asked = await self._asked(form)
        try:
            asked = _checked(asked, form)
            if "allow" not in form:
                raise _DENIED
        except GrantRefused as refused:
            return _refused(asked, refused)
        return await self._allowed(request, asked, account, visitor.caller)

    # Imgur's flow: a code, a PIN, or tokens at once

    async def ask_imgur(self, request: Request) -> Response:
        """GET /oauth2/authorize. Who is not logged in may give name and password on the same page, as programs do."""
        asked = await self._asked_imgur(request.query_params)
        return await self._imgur_question(request, asked, request.query_params)

    async def answer_imgur(self, request: Request) -> Response:
        """POST /oauth2/authorize: `allow` holds the form's key; with `username` and `password` where nobody is logged
        in.
        """
        form = await small_form(request)
        asked = await self._asked_imgur({**request.query_params, **form})
        visitor = await self._frame.visitors.visitor(request)
        if "allow" not in form:
            self._frame.visitors.check(request, visitor, form.get("fkey"))
            return _refused(asked, _DENIED)
        self._frame.visitors.check(request, visitor, form.get("allow"))
        try:
            caller = await self._who_allows(request, visitor, form)
        except InvalidToken as refused:
            if not _for_people(request):
                raise InvalidToken("Unauthorized") from refused
            return await self._imgur_question(request, asked, {**request.query_params, **form}, refused.message)
        assert caller.account is not None, "who allows something is somebody"
        return await self._allowed(request, asked, caller.account, caller)

    def speak(self, request: Request, error: HeliographError) -> Response:
        """A failure of Imgur's page: as a page to people, and to programs as all of v3's."""
        return self._frame.speak(request, error) if _for_people(request) else wrapped(request, error)

    # Devices

    async def ask_device(self, request: Request) -> Response:
        """GET /device: for the code that a program shows, and what it asks for once the code is known."""
        _, account = await self._frame.visitors.member(request)
        code = request.query_params.get("code", "")
        if not code:
            return await self._device(request)
        try:
            waiting = await self._devices.waiting(code, account)
        except NotFound as unknown:
            return await self._device(request, code, unknown.message)
        may = [ABOUT[scope] for scope in sorted(waiting.scopes)]
        return await self._frame.secret_page(
            request, "device_question.html", code=code.upper(), application=waiting.application, may=may
        )

    async def answer_device(self, request: Request) -> Response:
        """POST /device."""
        visitor, account, form = await self._frame.visitors.posted_by_member(request)
        code, allowed = form.get("code", ""), "allow" in form
        try:
            if allowed:
                await self._devices.let_in(code, account, visitor.caller)
            else:
                await self._devices.deny(code, account)
        except NotFound as unknown:
            return await self._device(request, code, unknown.message)
        return await self._frame.secret_page(request, "device_done.html", allowed=allowed)

    async def _device(self, request: Request, code: str = "", message: str = "") -> Response:
        response = await self._frame.secret_page(request, "device.html", code=code, message=message)
        response.status_code = 404 if message else 200
        return response

    async def _who_allows(self, request: Request, visitor: Visitor, form: QueryParams) -> Caller:
        """Who is logged in, or who gives name and password: on the page that this very browser or program was shown,
        so that nobody can be made to let a program into an account that is not theirs.
        """
        if visitor.account is not None:
            return visitor.caller
        if "username" not in form:
            raise NoTokenSent("You are not logged in.")
        shown = request.cookies.get(_IMGUR_COOKIE, "")
        if not hmac.compare_digest(shown.encode(), form.get("allow", "").encode()):
            raise InvalidFkey
        return await self._callers.by_password(
            visitor.caller.address, form.get("username", ""), form.get("password", "")
        )

    async def _asked(self, fields: Mapping[str, str]) -> Asked:
        application = await self._grants.application(fields.get("client_id", ""))
        named = fields.get("redirect_uri") or None
        redirect = checked_redirect(application, named, must_name=True)
        challenge = fields.get("code_challenge") or None
        wish = Wish(application, frozenset(), rotates=True, redirect=redirect, named=named, challenge=challenge)
        return Asked(wish, "code", fields.get("state"), self._issuer)

    async def _asked_imgur(self, fields: Mapping[str, str]) -> Asked:
        kind = fields.get("response_type", "")
        if not fields.get("client_id") or not kind:
            raise GrantRefused("client_id and response_type are required")
        application = await self._grants.application(fields["client_id"])
        if kind not in ("code", "token", "pin"):
            raise GrantRefused("The response_type must be code, token or pin.", "unsupported_response_type")
        named = (fields.get("redirect_uri") or None) if kind != "pin" else None
        redirect = checked_redirect(application, named) if kind != "pin" else None
        wish = Wish(application, IMGUR_SCOPES, rotates=False, redirect=redirect, named=named)
        return Asked(wish, kind, fields.get("state"))

    async def _imgur_question(
        self, request: Request, asked: Asked, fields: Mapping[str, str], message: str = ""
    ) -> Response:
        """The page, with a cookie that its form has to agree with where nobody is logged in. node-imgur reads it from
        the first cookie, and sends it back as the field `allow`.
        """
        response = await self._question(request, asked, fields, _IMGUR, message)
        visitor = await self._frame.visitors.visitor(request)
        if visitor.account is None:
            secure = self._frame.visitors.secure
            response.set_cookie(_IMGUR_COOKIE, visitor.fkey, path=_IMGUR, httponly=True, samesite="lax", secure=secure)
        response.status_code = 403 if message else 200
        return response

    async def _question(
        self, request: Request, asked: Asked, fields: Mapping[str, str], action: str, message: str = ""
    ) -> Response:
        response = await self._frame.secret_page(
            request,
            "consent.html",
            application=asked.wish.application,
            may=[ABOUT[scope] for scope in sorted(asked.wish.scopes)],
            learns_email="account" in asked.wish.scopes,
            host=host_of(asked.wish.redirect),
            action=action,
            fields={name: fields[name] for name in _REPEATED if name in fields},
            imgur=action == _IMGUR,
            here=request.url.path + "?" + request.url.query,
            message=message,
        )
        # Browsers hold the redirects of a form's answer to the policy, too.
        policy = response.headers["content-security-policy"]
        allowed = f"form-action 'self' {source_of(asked.wish.redirect)}".rstrip()
        response.headers["content-security-policy"] = policy.replace("form-action 'self'", allowed)
        return response

    async def _allowed(self, request: Request, asked: Asked, account: Account, by: Caller) -> Response:
        if asked.kind == "token":
            return _back(asked, told(await self._grants.give_tokens(asked.wish, account, by)), fragment=True)
        code = await self._grants.give_code(asked.wish, account, by)
        if asked.kind == "pin":
            return await self._frame.secret_page(request, "pin.html", application=asked.wish.application, pin=code)
        return _back(asked, {"code": code})


def _for_people(request: Request) -> bool:
    """Whether a browser asks for a page: programs ask for JSON, or for anything."""
    return "text/html" in request.headers.get("accept", "")


def _checked(asked: Asked, fields: Mapping[str, str]) -> Asked:
    """The request to our own flow, with its scopes. Raises GrantRefused for what the program is to be told of."""
    if fields.get("response_type") != "code":
        raise GrantRefused("The response_type must be code.", "unsupported_response_type")
    if not _CHALLENGE.fullmatch(asked.wish.challenge or "") or fields.get("code_challenge_method") != "S256":
        raise GrantRefused("A code_challenge of 43 characters by the method S256 is needed (RFC 7636).")
    return replace(asked, wish=replace(asked.wish, scopes=checked_scopes(fields.get("scope"))))


def _refused(asked: Asked, error: GrantRefused) -> Response:
    if asked.wish.redirect is None:
        raise error
    fields = {"error": error.reason, "error_description": error.message}
    return _back(asked, fields, fragment=asked.kind == "token")


def _back(asked: Asked, fields: Mapping[str, object], *, fragment: bool = False) -> Response:
    """On to the program, with the answer in the query or, for the implicit flow, in the fragment."""
    address = asked.wish.redirect or ""
    known = {"state": asked.state, "iss": asked.issuer}
    said = urlencode({**fields, **{name: value for name, value in known.items() if value is not None}})
    sign = "#" if fragment else "&" if "?" in address else "?"
    headers = {"location": address + sign + said, "cache-control": "no-store", "referrer-policy": "no-referrer"}
    return Response(status_code=302, headers=headers)
