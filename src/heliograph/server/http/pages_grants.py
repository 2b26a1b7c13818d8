"""The page of the programs that one has let in, whatever the protocol: listed, and shut out again."""

from collections.abc import Mapping
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response

from heliograph.server.errors import NotFound
from heliograph.server.http.frame import Frame
from heliograph.server.model import Access, Account, Caller


class Giver(Protocol):
    """Whoever lets programs in."""

    async def listed(self, account: Account) -> list[Access]:
        """What the account has allowed and not revoked, oldest first."""

    async def revoke(self, account: Account, access_id: str, by: Caller) -> None:
        """End what the account has allowed, at once. Raises NotFound where it has not."""


class GrantPages:
    """The handlers of /account/grants. `givers`: each protocol's, by the word that stands for it in addresses."""

    def __init__(self, frame: Frame, givers: Mapping[str, Giver]) -> None:
        self._frame = frame
        self._givers = givers

    async def grants(self, request: Request) -> Response:
        """GET /account/grants."""
        _, account = await self._frame.visitors.member(request)
        found = [(word, each) for word, giver in self._givers.items() for each in await giver.listed(account)]
        found.sort(key=lambda grant: grant[1].created)
        return await self._frame.secret_page(request, "account_grants.html", grants=found)

    async def revoke(self, request: Request) -> Response:
        """POST /account/grants/{giver}/{id}/revoke."""
        visitor, account, _ = await self._frame.visitors.posted_by_member(request)
        giver = self._givers.get(request.path_params["giver"])
        if giver is None:
            raise NotFound
        await giver.revoke(account, request.path_params["id"], visitor.caller)
        return self._frame.redirect("/account/grants")
