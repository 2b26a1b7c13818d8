"""The page of one's own account on which programs with access are listed and revoked, by OAuth 2 or 1.0a."""

from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from heliograph.server.errors import NotFound
from heliograph.server.http.consent import ABOUT
from heliograph.server.http.frame import Frame
from heliograph.server.identity import Grants, OAuth1
from heliograph.server.identity.grants import IMGUR_SCOPES


@dataclass(frozen=True, slots=True)
class Shown:
    """A program with access, and what it may do in words."""

    id: str
    name: str
    may: list[str]
    created: datetime
    used: datetime | None


class GrantPages:
    """The handlers of /account/grants."""

    def __init__(self, *, frame: Frame, grants: Grants, oauth1: OAuth1) -> None:
        self._frame = frame
        self._grants = grants
        self._oauth1 = oauth1

    async def listed(self, request: Request) -> Response:
        """GET /account/grants."""
        _, account = await self._frame.visitors.member(request)
        shown = [
            Shown(each.id, each.application.name, _words(each.scopes), each.created, each.used)
            for each in await self._grants.listed(account)
        ]
        shown += [
            Shown(each.id, each.name, _words(IMGUR_SCOPES), each.created, each.used)
            for each in await self._oauth1.listed(account)
        ]
        return await self._frame.secret_page(request, "account_grants.html", shown=shown)

    async def revoke(self, request: Request) -> Response:
        """POST /account/grants/{id}/revoke."""
        visitor, account, _ = await self._frame.visitors.posted_by_member(request)
        named = request.path_params["id"]
        try:
            await self._grants.revoke_of(account, named, visitor.caller)
        except NotFound:
            await self._oauth1.revoke(account, named, visitor.caller)
        return self._frame.redirect("/account/grants")


def _words(scopes: frozenset[str]) -> list[str]:
    return [ABOUT[scope] for scope in sorted(scopes)]
