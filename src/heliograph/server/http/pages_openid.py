"""Logging in with an OpenID Connect provider on the pages, and linking one's account to it.

A link begins a login; only a form of the settings begins a link, because who could make somebody else's browser do that
could have the account linked to a login of their own. A content policy holds a form to this server, through redirects
too, so the form leads to a page of ours with a link to the provider.
"""

from starlette.requests import Request
from starlette.responses import Response

from heliograph.server.errors import HeliographError, NotFound
from heliograph.server.http.frame import HEADINGS, Frame
from heliograph.server.http.replies import failure_headers
from heliograph.server.http.visitors import local_path
from heliograph.server.model import EVERYTHING, Caller
from heliograph.server.openid import LIFETIME, OpenIDLogins

BACK = "/login/openid/back"
"""Where browsers come back to, on this server: what the operator tells the provider."""

_COOKIE = "openid"
_LONGEST_PATH = 1000
_SETTINGS = "/account/settings"


class OpenIDPages:
    """The handlers of /login/openid and /account/openid. Without a provider there is nothing here."""

    def __init__(self, *, frame: Frame, openid: OpenIDLogins | None) -> None:
        self._frame = frame
        self._openid = openid

    async def log_in(self, request: Request) -> Response:
        """GET /login/openid: on to the provider."""
        back = local_path(request.query_params.get("next"))
        try:
            address, cookie = await self._there().begin(back if len(back) <= _LONGEST_PATH else "/")
        except HeliographError as refused:
            return await self._refused(request, refused)
        response = self._frame.redirect(address)
        self._remember(response, cookie)
        return response

    async def link(self, request: Request) -> Response:
        """POST /account/openid: link the account to the provider, or no longer, as the pressed button says."""
        visitor, account, form = await self._frame.visitors.posted_by_member(request)
        openid = self._there()
        try:
            if form.get("change") == "unlink":
                await openid.unlink(account, visitor.caller)
                return self._frame.redirect(_SETTINGS)
            address, cookie = await openid.begin(_SETTINGS, visitor.session)
        except HeliographError as refused:
            return await self._refused(request, refused)
        response = await self._frame.secret_page(request, "openid_link.html", name=openid.name, address=address)
        self._remember(response, cookie)
        return response

    async def come_back(self, request: Request) -> Response:
        """GET /login/openid/back: with a code, or with a no, in the address."""
        openid, visitors = self._there(), self._frame.visitors
        visitor = await visitors.visitor(request)
        cookie = visitors.remembered(request, _COOKIE)
        caller = Caller(visitor.caller.address) if visitor.account is None else visitor.caller
        try:
            arrived = await openid.finish(cookie, request.query_params, caller, visitor.session)
        except HeliographError as refused:
            return await self._refused(request, refused)
        response = self._frame.redirect(arrived.back)
        visitors.forget(response, _COOKIE)
        if not arrived.linked:
            person = Caller(visitor.caller.address, account=arrived.account, scopes=EVERYTHING)
            await visitors.log_in(response, person, f"with {openid.name}")
        return response

    async def _refused(self, request: Request, refused: HeliographError) -> Response:
        response = await self._frame.secret_page(
            request, "openid_refused.html", name=self._there().name, message=refused.message
        )
        response.status_code = HEADINGS[refused.name][0]
        response.headers.update(failure_headers(refused))
        return response

    def _there(self) -> OpenIDLogins:
        if self._openid is None:
            raise NotFound
        return self._openid

    def _remember(self, response: Response, cookie: str) -> None:
        self._frame.visitors.remember(response, _COOKIE, cookie, int(LIFETIME.total_seconds()))
