"""Logging in and out on the pages, and registering where the operator allows it."""

from starlette.requests import Request
from starlette.responses import Response

from heliograph.server.callers import Callers
from heliograph.server.errors import BadParameter, Conflict, HeliographError, InvalidToken, NotFound
from heliograph.server.http.frame import HEADINGS, Frame
from heliograph.server.http.visitors import local_path
from heliograph.server.identity import Sessions
from heliograph.server.logins import Logins
from heliograph.server.model import EVERYTHING, Caller


class LoginPages:
    """The handlers of /login, /logout and /register. `open_to_all`: whether people may register. `provider`: what
    people call the OpenID Connect provider that they may log in with, empty where there is none.
    """

    def __init__(
        self, *, frame: Frame, callers: Callers, logins: Logins, sessions: Sessions, open_to_all: bool, provider: str
    ) -> None:
        self._frame = frame
        self._callers = callers
        self._logins = logins
        self._sessions = sessions
        self._shown = {"open_to_all": open_to_all, "provider": provider}
        self._open_to_all = open_to_all

    async def ask(self, request: Request) -> Response:
        """GET /login. Who is logged in already goes on to where it wanted."""
        visitor = await self._frame.visitors.visitor(request)
        back = local_path(request.query_params.get("next"))
        if visitor.account is not None:
            return self._frame.redirect(back)
        return await self._form(request, "login.html", back)

    async def log_in(self, request: Request) -> Response:
        """POST /login."""
        visitor, form = await self._frame.visitors.posted(request)
        back, name = local_path(form.get("next")), form.get("name", "")
        try:
            caller = await self._callers.by_password(visitor.caller.address, name, form.get("password", ""))
        except InvalidToken as refused:
            return await self._form(request, "login.html", back, refused, name=name)
        response = self._frame.redirect(back)
        await self._frame.visitors.log_in(response, caller, "by password")
        return response

    async def log_out(self, request: Request) -> Response:
        """POST /logout."""
        await self._frame.visitors.posted(request)
        response = self._frame.redirect("/")
        self._frame.visitors.log_out(response)
        return response

    async def log_out_everywhere(self, request: Request) -> Response:
        """POST /account/logout."""
        visitor, account, _ = await self._frame.visitors.posted_by_member(request)
        await self._sessions.end_all(account, visitor.caller)
        response = self._frame.redirect("/")
        self._frame.visitors.log_out(response)
        return response

    async def ask_to_register(self, request: Request) -> Response:
        """GET /register."""
        self._must_be_open()
        return await self._form(request, "register.html", local_path(request.query_params.get("next")))

    async def register(self, request: Request) -> Response:
        """POST /register: the account is made and logged in."""
        self._must_be_open()
        visitor, form = await self._frame.visitors.posted(request)
        back, name, email = local_path(form.get("next")), form.get("name", ""), form.get("email", "").strip()
        address = visitor.caller.address
        try:
            account = await self._logins.register(address, name, form.get("password", ""), email or None)
        except (BadParameter, Conflict) as refused:
            return await self._form(request, "register.html", back, refused, name=name, email=email)
        response = self._frame.redirect(back)
        await self._frame.visitors.log_in(response, Caller(address, account=account, scopes=EVERYTHING), "registered")
        return response

    async def _form(
        self, request: Request, template: str, back: str, refused: HeliographError | None = None, **said: str
    ) -> Response:
        """The form, again with what was wrong where it was refused; a password is never put back."""
        content = {"name": "", "email": "", **said, "back": back, "message": refused.message if refused else ""}
        response = await self._frame.secret_page(request, template, **self._shown, **content)
        response.status_code = HEADINGS[refused.name][0] if refused else 200
        return response

    def _must_be_open(self) -> None:
        if not self._open_to_all:
            raise NotFound("This server's operator makes the accounts. Nobody can register here.")
