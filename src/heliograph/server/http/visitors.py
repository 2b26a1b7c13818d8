"""Who looks at the pages: nobody in particular, or somebody who has logged in; and that a form came from our own page.

Hides the cookie and where it may be used: pages ask here. Whatever is done for an account by its cookie is done after
`check`, because a browser sends the cookie along whoever made the form.
"""

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from heliograph.server.errors import Forbidden, InvalidFkey, NoTokenSent
from heliograph.server.http.fields import small_form
from heliograph.server.identity import Fkeys, Sessions
from heliograph.server.model import EVERYTHING, Account, Caller, Session

_KEPT_AS = "visitor"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks at a page. `fkey` goes into its forms; `caller` is who acts where one is sent."""

    caller: Caller
    session: Session | None
    fkey: str

    @property
    def account(self) -> Account | None:
        """Whose login it is."""
        return self.caller.account


class Visitors:
    """Knows visitors again. `public` is the server's address: where it is https, the cookie goes over TLS only."""

    def __init__(self, sessions: Sessions, fkeys: Fkeys, public: str) -> None:
        self._sessions = sessions
        self._fkeys = fkeys
        self.secure = urlsplit(public).scheme == "https"
        # The prefix makes browsers refuse one that another host or plain HTTP has set (RFC 6265bis, section 4.1.3.2).
        self.cookie = "__Host-heliograph" if self.secure else "heliograph"
        self._others = self.cookie + "-"

    async def visitor(self, request: Request) -> Visitor:
        """Who sends the request, by its cookie."""
        if (kept := kept_visitor(request)) is not None:
            return kept
        cookie = request.cookies.get(self.cookie)
        session = await self._sessions.read(cookie) if cookie else None
        account, scopes = (session.account, EVERYTHING) if session else (None, frozenset[str]())
        caller = Caller(request.scope["state"]["address"], account=account, scopes=scopes)
        visitor = Visitor(caller, session, self._fkeys.made(session.id if session else ""))
        request.scope["state"][_KEPT_AS] = visitor
        return visitor

    async def member(self, request: Request) -> tuple[Visitor, Account]:
        """Who has logged in, and whose login it is. Raises NoTokenSent where nobody has."""
        visitor = await self.visitor(request)
        if visitor.account is None:
            raise NoTokenSent("You are not logged in.")
        return visitor, visitor.account

    async def posted(self, request: Request) -> tuple[Visitor, QueryParams]:
        """Who sends a form of a page that has no picture, and its fields.

        Raises InvalidFkey, Forbidden, BadParameter.
        """
        visitor, form = await self.visitor(request), await small_form(request)
        self.check(request, visitor, form.get("fkey"))
        return visitor, form

    async def posted_by_member(self, request: Request) -> tuple[Visitor, Account, QueryParams]:
        """The same of somebody who has logged in. Raises NoTokenSent too."""
        visitor, account = await self.member(request)
        _, form = await self.posted(request)
        return visitor, account, form

    async def by_header(self, request: Request) -> Caller | None:
        """Who has logged in and sends, from a script of our own page, the form's key in the header `X-Fkey`."""
        fkey = request.headers.get("x-fkey")
        if fkey is None or self.cookie not in request.cookies:
            return None
        visitor = await self.visitor(request)
        return visitor.caller if visitor.account and self.fits(visitor, fkey) else None

    def check(self, request: Request, visitor: Visitor, fkey: str | None) -> None:
        """Raise InvalidFkey or Forbidden unless a form of ours, shown to this very visitor, was sent."""
        must_be_ours(request)
        if not self.fits(visitor, fkey):
            raise InvalidFkey

    def fits(self, visitor: Visitor, fkey: str | None) -> bool:
        """Whether the key was made for a form of this visitor."""
        return fkey is not None and self._fkeys.fits(fkey, visitor.session.id if visitor.session else "")

    async def log_in(self, response: Response, caller: Caller, how: str) -> None:
        """Let the browser that gets `response` be logged in as the caller's account, by a session that is new.

        how: what the audit says, such as "by password".
        """
        self._set_login(response, await self._sessions.begin(caller, how))

    def log_out(self, response: Response) -> None:
        """Let the browser that gets `response` forget its login."""
        self._drop(response, self.cookie)

    def renew(self, response: Response, visitor: Visitor) -> None:
        """Write the cookie anew where it is old."""
        cookie = self._sessions.renewed(visitor.session) if visitor.session else None
        if cookie:
            self._set_login(response, cookie)

    def remember(self, response: Response, name: str, value: str, seconds: int) -> None:
        """Let the browser that gets `response` bring `value` back for so long, which is no login."""
        self._set(response, self._others + name, value, seconds)

    def remembered(self, request: Request, name: str) -> str | None:
        """What the browser was told to `remember`."""
        return request.cookies.get(self._others + name)

    def forget(self, response: Response, name: str) -> None:
        """Let the browser that gets `response` forget what it was told to `remember`."""
        self._drop(response, self._others + name)

    def _set_login(self, response: Response, cookie: str) -> None:
        self._set(response, self.cookie, cookie, int(self._sessions.lifetime.total_seconds()))

    def _set(self, response: Response, name: str, value: str, seconds: int) -> None:
        response.set_cookie(name, value, max_age=seconds, path="/", secure=self.secure, httponly=True, samesite="lax")

    def _drop(self, response: Response, name: str) -> None:
        response.delete_cookie(name, path="/", secure=self.secure, httponly=True, samesite="lax")


def must_be_ours(request: Request) -> None:
    """Raise Forbidden where a browser says that a form was sent from another host's page (Fetch Metadata).

    A host of the same site is another's, too: cookies come along from there.
    """
    if request.headers.get("sec-fetch-site") in ("cross-site", "same-site"):
        raise Forbidden("This form can only be sent from its own page. Programs use the API.")


def kept_visitor(request: Request) -> Visitor | None:
    """Who sent the request, where somebody has asked before."""
    kept = request.scope["state"].get(_KEPT_AS)
    return kept if isinstance(kept, Visitor) else None


def login_address(request: Request) -> str:
    """Where to log in, and come back to the page of `request` from."""
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return "/login?next=" + quote(asked, safe="")


def local_path(asked: str | None) -> str:
    """The path on this server that `asked` names, else the start page: a link must not lead elsewhere after a login.

    Browsers read a backslash as a slash and drop line breaks and tabs, so neither may be in it.
    """
    plain = asked is not None and asked.isascii() and asked.isprintable() and "\\" not in asked
    return asked if asked and plain and asked.startswith("/") and not asked.startswith("//") else "/"
