"""The pages of one's own tokens and applications: made, changed, ended. A secret is shown once, by the answer to the
form that made it.
"""

from datetime import UTC, datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response

from heliograph.server.errors import BadParameter, HeliographError
from heliograph.server.http.frame import HEADINGS, Frame
from heliograph.server.identity import Applications, Tokens
from heliograph.server.model import SCOPES, Account, Caller
from heliograph.server.registration import Registration

_DAYS = {"30": 30, "90": 90, "365": 365}


class KeyPages:
    """The handlers of /account/tokens and /account/applications."""

    def __init__(self, *, frame: Frame, applications: Applications, registration: Registration, tokens: Tokens) -> None:
        self._frame = frame
        self._applications = applications
        self._registration = registration
        self._tokens = tokens

    async def tokens(self, request: Request) -> Response:
        """GET /account/tokens."""
        _, account = await self._frame.visitors.member(request)
        return await self._shown_tokens(request, account)

    async def make_token(self, request: Request) -> Response:
        """POST /account/tokens: the listing again, with the secret that nobody can show twice."""
        visitor, account, form = await self._frame.visitors.posted_by_member(request)
        days = _DAYS.get(form.get("days", ""))
        expires = datetime.now(UTC) + timedelta(days=days) if days else None
        try:
            _, secret = await self._tokens.add(
                account, form.get("name", ""), form.getlist("scope"), expires, visitor.caller
            )
        except BadParameter as refused:
            return await self._shown_tokens(request, account, refused=refused)
        return await self._shown_tokens(request, account, secret)

    async def revoke_token(self, request: Request) -> Response:
        """POST /account/tokens/{id}/revoke."""
        visitor, account, _ = await self._frame.visitors.posted_by_member(request)
        await self._tokens.revoke(account, request.path_params["id"], visitor.caller)
        return self._frame.redirect("/account/tokens")

    async def applications(self, request: Request) -> Response:
        """GET /account/applications."""
        visitor, account = await self._frame.visitors.member(request)
        return await self._shown_applications(request, visitor.caller, account)

    async def register(self, request: Request) -> Response:
        """POST /account/applications."""
        visitor, account, form = await self._frame.visitors.posted_by_member(request)
        redirects, with_secret = form.get("redirects", "").split(), form.get("secret") == "yes"
        try:
            made, secret = await self._registration.register(
                visitor.caller, form.get("name", ""), redirects, with_secret=with_secret
            )
        except BadParameter as refused:
            return await self._shown_applications(request, visitor.caller, account, refused=refused)
        return await self._shown_applications(request, visitor.caller, account, (made.client_id, secret))

    async def change(self, request: Request) -> Response:
        """POST /account/applications/{id}: what the pressed button says, one of edit, rotate, enable and disable."""
        visitor, account, form = await self._frame.visitors.posted_by_member(request)
        found = await self._applications.find(request.path_params["id"], account)
        verb = form.get("verb", "")
        if verb == "rotate":
            secret = await self._applications.rotate(found, visitor.caller)
            return await self._shown_applications(request, visitor.caller, account, (found.client_id, secret))
        try:
            if verb in ("enable", "disable"):
                await self._applications.change(found, visitor.caller, enabled=verb == "enable")
            else:
                name, redirects = form.get("name", ""), form.get("redirects", "").split()
                await self._applications.change(found, visitor.caller, name=name, redirects=redirects)
        except BadParameter as refused:
            return await self._shown_applications(request, visitor.caller, account, refused=refused)
        return self._frame.redirect("/account/applications")

    async def _shown_tokens(
        self, request: Request, account: Account, secret: str = "", refused: HeliographError | None = None
    ) -> Response:
        mine = await self._tokens.listed(account)
        return await self._shown(request, "account_tokens.html", refused, tokens=mine, secret=secret, scopes=SCOPES)

    async def _shown_applications(
        self,
        request: Request,
        caller: Caller,
        account: Account,
        made: tuple[str, str | None] | None = None,
        refused: HeliographError | None = None,
    ) -> Response:
        mine = await self._applications.listed(account)
        return await self._shown(
            request,
            "account_applications.html",
            refused,
            applications=mine,
            made=made,
            open=self._registration.is_open(caller),
        )

    async def _shown(
        self, request: Request, template: str, refused: HeliographError | None, **content: object
    ) -> Response:
        message = refused.message if refused else ""
        response = await self._frame.secret_page(request, template, message=message, **content)
        response.status_code = HEADINGS[refused.name][0] if refused else 200
        return response
