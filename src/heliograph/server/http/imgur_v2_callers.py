"""Who calls the account calls of Imgur API v2, and what they sent: one way in for all of them.

Whose account it is says a signature of OAuth 1.0a, a token of ours (`Authorization: Bearer`, or `key` in the query), or
the cookie of `/2/signin`. That cookie is signed by another key than the one of the pages, and neither is good for the
other. It lies below `/2/` only, and SameSite=Strict keeps other sites' pages and links from making a browser send it,
so that calls that change things need no fkey.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.requests import Request

from heliograph.server.callers import Callers, account_of
from heliograph.server.errors import BadParameter, InvalidToken
from heliograph.server.http.allowances import admitted_as
from heliograph.server.http.bodies import Form, Reader
from heliograph.server.http.imgur_v2_words import method_of
from heliograph.server.http.signed_requests import SignedReader
from heliograph.server.identity import OAuth1, Sessions
from heliograph.server.identity.oauth1 import SCOPES
from heliograph.server.identity.signatures import Signed
from heliograph.server.limits import Limits
from heliograph.server.model import Account, Caller
from heliograph.server.shelves import Page

COOKIE = "IMGURSESSION"
"""Ruby clients take the cookie of a sign-in by this name."""

_PAGE = 30


@dataclass(frozen=True, slots=True)
class Asked:
    """A call: whose account it acts for, its fields of query and body, and what it wants to do."""

    caller: Caller
    account: Account
    form: Form
    method: str
    """In lower case: that of the request, or what its field `_method` says instead."""

    def page(self) -> Page:
        """The page that `count` and `page` ask for: of 30 entries, and the first. Raises BadParameter."""
        return Page(number=_whole(self.form, "page", 1), size=_whole(self.form, "count", _PAGE))

    def names(self, field: str) -> list[str]:
        """A list of ids, written `(a,b,c)` or as one bare id; empty where there is none."""
        written = self.form.text(field) or ""
        return [name for each in written.strip().strip("()").split(",") if (name := each.strip())]

    def said(self, *fields: str) -> dict[str, str | None]:
        """Those of the fields that say something: programs send all of them, blank where nothing is to change."""
        return {field: text for field in fields if (text := self.form.text(field)) is not None}


class AccountCallers:
    """Lets account calls in."""

    def __init__(
        self,
        *,
        callers: Callers,
        limits: Limits,
        reader: Reader,
        signed: SignedReader,
        oauth1: OAuth1,
        sessions: Sessions,
    ) -> None:
        self._callers = callers
        self._limits = limits
        self._reader = reader
        self._signed = signed
        self._oauth1 = oauth1
        self._sessions = sessions

    @asynccontextmanager
    async def asked(self, request: Request, scope: str, *, upload: bool = False) -> AsyncIterator[Asked]:
        """The call, counted, of somebody who may act for an account within the scope (of SCOPES).

        Raises NoTokenSent, InvalidToken, UnknownKey, Forbidden, UploadLimitReached, and what reading a body raises. A
        form is signed, so it is read before its caller is known; any other body after.
        """
        async with self._signed.read(request) as (signed, again):
            identified = self._identified(again, signed)
            caller = await admitted_as(again, identified, self._callers, self._limits, upload=upload, scope=scope)
            account = account_of(caller, scope)
            async with self._reader.read(again, ("image",) if upload else ()) as form:
                yield Asked(caller, account, form, method_of(request).lower())

    async def _identified(self, request: Request, signed: Signed | None) -> Caller:
        address = request.scope["state"]["address"]
        if signed is not None:
            return await self._oauth1.caller(address, signed)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return await self._callers.identify(address, token=token.strip())
        if (cookie := request.cookies.get(COOKIE)) is not None:
            session = await self._sessions.read(cookie)
            if session is None:
                raise InvalidToken
            return Caller(address, account=session.account, scopes=SCOPES)
        return await self._callers.identify(address, key=request.query_params.get("key"))


def may_write(request: Request) -> bool:
    """Whether the call may change something, as far as can be told before its body is read."""
    return request.method not in ("GET", "HEAD") or "_method" in request.query_params


def _whole(form: Form, field: str, absent: int) -> int:
    written = form.text(field)
    if written is None:
        return absent
    if not (written.isascii() and written.isdigit() and len(written) < 10):
        raise BadParameter(f"The {field} must be a whole number.")
    return int(written)
