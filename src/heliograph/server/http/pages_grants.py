"""The page that lets a waiting device in, and that of the programs which have access to one's account."""

from starlette.requests import Request
from starlette.responses import Response

from heliograph.server.errors import NotFound
from heliograph.server.http.consent import WORDS
from heliograph.server.http.frame import HEADINGS, Frame
from heliograph.server.http.visitors import login_address
from heliograph.server.identity import Devices, Grants, OAuth1
from heliograph.server.model import Access, Grant


class GrantPages:
    """The handlers of /device and /account/grants."""

    def __init__(self, *, frame: Frame, grants: Grants, devices: Devices, oauth1: OAuth1) -> None:
        self._frame = frame
        self._grants = grants
        self._devices = devices
        self._oauth1 = oauth1

    async def ask_for_code(self, request: Request) -> Response:
        """GET /device: the code is typed here, or sent on where a link brought it (RFC 8628 section 3.3.1)."""
        visitor = await self._frame.visitors.visitor(request)
        if visitor.account is None:
            return self._frame.redirect(login_address(request))
        return await self._code_form(request, request.query_params.get("user_code", ""))

    async def answer_device(self, request: Request) -> Response:
        """POST /device: first the code, which shows what waits; then the same code with an answer to that."""
        visitor, account, form = await self._frame.visitors.posted_by_member(request)
        code, answer = form.get("user_code", ""), form.get("answer")
        try:
            if answer is None:
                wish = await self._devices.wanted(code, account)
            else:
                wish = await self._devices.answer(code, account, visitor.caller, allow=answer == "allow")
        except NotFound as refused:
            return await self._code_form(request, code, refused)
        may = [WORDS[scope] for scope in WORDS if scope in wish.scopes]
        about = {"application": wish.application, "may": may, "user_code": code, "answer": answer}
        return await self._frame.secret_page(request, "device_answer.html", **about)

    async def grants(self, request: Request) -> Response:
        """GET /account/grants."""
        _, account = await self._frame.visitors.member(request)
        rows = [_row(each) for each in await self._grants.listed(account)]
        rows += [_old_row(each) for each in await self._oauth1.listed(account)]
        return await self._frame.secret_page(request, "account_grants.html", programs=rows)

    async def withdraw(self, request: Request) -> Response:
        """POST /account/grants/{id}/revoke."""
        visitor, account, _ = await self._frame.visitors.posted_by_member(request)
        grant_id = request.path_params["id"]
        try:
            await self._grants.withdraw(account, grant_id, visitor.caller)
        except NotFound:
            await self._oauth1.revoke(account, grant_id, visitor.caller)
        return self._frame.redirect("/account/grants")

    async def _code_form(self, request: Request, code: str, refused: NotFound | None = None) -> Response:
        message = refused.message if refused else ""
        response = await self._frame.secret_page(request, "device.html", user_code=code[:20], message=message)
        response.status_code = HEADINGS[refused.name][0] if refused else 200
        return response


def _row(grant: Grant) -> dict[str, object]:
    may = [WORDS[scope] for scope in WORDS if scope in grant.scopes]
    return {"id": grant.id, "name": grant.application.name, "may": may, "created": grant.created, "used": grant.used}


def _old_row(access: Access) -> dict[str, object]:
    may = [WORDS[scope] for scope in WORDS if scope != "account"]
    return {"id": access.id, "name": access.name, "may": may, "created": access.created, "used": access.used}
