"""The native API's authorization endpoint: GET and POST /api/v1/oauth/authorize (RFC 6749 section 4.1, PKCE by RFC 7636).

Nobody is ever sent to an address that is not registered: before program and address are known, a failure is a page.
Afterwards it is told to the program.
"""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from heliograph.server.errors import GrantRefused
from heliograph.server.http.consent import asked_on_page, back
from heliograph.server.http.frame import Frame
from heliograph.server.http.oauth import scopes_of
from heliograph.server.http.visitors import login_address
from heliograph.server.identity import Clients, Grants
from heliograph.server.identity.clients import redirect_for
from heliograph.server.identity.grants import CHALLENGE, Wish
from heliograph.server.links import Links
from heliograph.server.model import Application


@dataclass(frozen=True, slots=True)
class _Asking:
    """Which program asks, and the registered address that its answer goes to."""

    application: Application
    on_to: str


class OAuthPage:
    """Asks whoever is logged in, after a login where nobody is."""

    def __init__(self, *, frame: Frame, clients: Clients, grants: Grants, links: Links) -> None:
        self._frame = frame
        self._clients = clients
        self._grants = grants
        self._issuer = links.public

    async def ask(self, request: Request) -> Response:
        """GET /api/v1/oauth/authorize."""
        asking = await self._asking(request)
        try:
            wish = _wish(request, asking.application)
        except GrantRefused as refused:
            return self._back(request, asking, error=refused.reason, error_description=refused.message)
        visitor = await self._frame.visitors.visitor(request)
        if visitor.account is None:
            return self._frame.redirect(login_address(request))
        return await asked_on_page(request, self._frame, wish, on_to=asking.on_to)

    async def answer(self, request: Request) -> Response:
        """POST /api/v1/oauth/authorize: what was answered, `allow` or anything else."""
        visitor, account, form = await self._frame.visitors.posted_by_member(request)
        asking = await self._asking(request)
        try:
            wish = _wish(request, asking.application)
            if form.get("answer") != "allow":
                raise GrantRefused("Access was denied.", "access_denied")
        except GrantRefused as refused:
            return self._back(request, asking, error=refused.reason, error_description=refused.message)
        code = await self._grants.give_code(wish, visitor.caller, account)
        return self._back(request, asking, code=code)

    async def _asking(self, request: Request) -> _Asking:
        asked = request.query_params
        if len(asked) < len(asked.multi_items()):
            raise GrantRefused("A parameter is sent twice.")
        application = await self._clients.known(asked.get("client_id", ""))
        return _Asking(application, redirect_for(application, asked.get("redirect_uri")))

    def _back(self, request: Request, asking: _Asking, **fields: str) -> Response:
        """`iss` says who answers, so that a program that knows several servers cannot be confused (RFC 9207)."""
        return back(asking.on_to, **fields, state=request.query_params.get("state"), iss=self._issuer)


def _wish(request: Request, application: Application) -> Wish:
    asked = request.query_params
    if asked.get("response_type") != "code":
        raise GrantRefused("The response_type must be code.", "unsupported_response_type")
    challenge = asked.get("code_challenge", "")
    if asked.get("code_challenge_method") != "S256" or not CHALLENGE.match(challenge):
        raise GrantRefused("A code_challenge of the method S256 is needed (RFC 7636).")
    scopes = scopes_of(asked.get("scope"))
    return Wish(
        application=application,
        scopes=scopes,
        rotates=True,
        redirect=asked.get("redirect_uri"),
        challenge=challenge,
    )
