"""The pages of one's own account: its images and albums, e-mail address, password, and its end."""

from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from heliograph.server.albums import Albums
from heliograph.server.callers import Callers
from heliograph.server.errors import BadParameter, HeliographError, InvalidToken
from heliograph.server.http.frame import HEADINGS, Frame
from heliograph.server.identity import Accounts
from heliograph.server.library import Library, Search
from heliograph.server.links import Links
from heliograph.server.model import Account, Image
from heliograph.server.openid import OpenIDLogins

_ON_A_PAGE = 48


@dataclass(frozen=True, slots=True)
class Shown:
    """An image in a listing."""

    image: Image
    page: str
    thumbnail: str
    title: str


class AccountPages:
    """The handlers of /account."""

    def __init__(
        self,
        *,
        frame: Frame,
        callers: Callers,
        accounts: Accounts,
        library: Library,
        albums: Albums,
        links: Links,
        openid: OpenIDLogins | None,
    ) -> None:
        self._frame = frame
        self._callers = callers
        self._accounts = accounts
        self._library = library
        self._albums = albums
        self._links = links
        self._openid = openid

    async def images(self, request: Request) -> Response:
        """GET /account: one's images, newest first; `q` searches them."""
        _, account = await self._frame.visitors.member(request)
        sought = request.query_params.get("q", "")
        found = await self._library.owned_by(account, Search(sought), _ON_A_PAGE, request.query_params.get("cursor"))
        following = "/account?" + urlencode({"q": sought, "cursor": found.next}) if found.next else None
        shown = [self._shown(image) for image in found.images]
        return await self._frame.secret_page(
            request, "account_images.html", shown=shown, total=found.total, sought=sought, following=following
        )

    async def albums(self, request: Request) -> Response:
        """GET /account/albums."""
        _, account = await self._frame.visitors.member(request)
        albums, cursor = await self._albums.owned_by(account, _ON_A_PAGE, request.query_params.get("cursor"))
        following = "/account/albums?" + urlencode({"cursor": cursor}) if cursor else None
        shown = [(album, self._links.album(album.id)) for album in albums]
        return await self._frame.secret_page(request, "account_albums.html", shown=shown, following=following)

    async def settings(self, request: Request) -> Response:
        """GET /account/settings."""
        _, account = await self._frame.visitors.member(request)
        return await self._settings(request, account)

    async def change(self, request: Request) -> Response:
        """POST /account/settings: the e-mail address or the password, as the pressed button says."""
        visitor, account, form = await self._frame.visitors.posted_by_member(request)
        try:
            if form.get("change") != "password":
                await self._accounts.set_email(account, form.get("email", "").strip() or None, visitor.caller)
                return self._frame.redirect("/account/settings")
            await self._show_password(account, form, visitor.caller.address)
            await self._accounts.set_password(account, form.get("new", ""), visitor.caller)
        except (BadParameter, InvalidToken) as refused:
            return await self._settings(request, account, refused)
        response = self._frame.redirect("/account/settings")
        await self._frame.visitors.log_in(response, visitor.caller, "new password")
        return response

    async def end(self, request: Request) -> Response:
        """POST /account/delete: the account's name is typed, and its password where it has one."""
        visitor, account, form = await self._frame.visitors.posted_by_member(request)
        try:
            if form.get("name", "").strip() != account.name:
                raise BadParameter("Type the name of your account to delete it.")
            await self._show_password(account, form, visitor.caller.address)
        except (BadParameter, InvalidToken) as refused:
            return await self._settings(request, account, refused)
        await self._accounts.delete(account, visitor.caller, remove_images=form.get("images") == "remove")
        response = self._frame.redirect("/")
        self._frame.visitors.log_out(response)
        return response

    async def _show_password(self, account: Account, form: QueryParams, address: str) -> None:
        """Raise InvalidToken unless the present password was typed; an account may have none."""
        if await self._accounts.has_password(account):
            await self._callers.by_password(address, account.name, form.get("password", ""))

    async def _settings(self, request: Request, account: Account, refused: HeliographError | None = None) -> Response:
        response = await self._frame.secret_page(
            request,
            "account_settings.html",
            email=(await self._accounts.find(account.name)).email or "",
            has_password=await self._accounts.has_password(account),
            provider=self._openid.name if self._openid else "",
            linked=self._openid is not None and await self._openid.is_linked(account),
            message=refused.message if refused else "",
        )
        response.status_code = HEADINGS[refused.name][0] if refused else 200
        return response

    def _shown(self, image: Image) -> Shown:
        title = image.title or image.name or f"Picture {image.id}"
        return Shown(image, self._links.page(image.id), self._links.thumbnail(image.id, "b"), title)
