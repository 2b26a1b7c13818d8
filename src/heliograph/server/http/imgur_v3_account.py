"""Imgur API v3's accounts: `/3/account`, what is left in `/3/credits`, and what of v3 is deliberately not here.
Evidence: wire page imgur-v3, section 7.

Accounts are not public on this server: everybody sees their own, as `me` or by name, and nobody another.
"""

import time

from starlette.requests import Request
from starlette.responses import Response

from heliograph.server.albums import DEFAULT_PRIVACY, Albums
from heliograph.server.callers import may_remove
from heliograph.server.errors import BadParameter, NotFound
from heliograph.server.http.allowances import allowance_of, nearest
from heliograph.server.http.imgur_v3_callers import ImgurV3Callers
from heliograph.server.http.imgur_v3_models import ImgurV3Models, unknown_image
from heliograph.server.http.imgur_v3_words import UNLIMITED, ImgurV3Words
from heliograph.server.library import Library
from heliograph.server.model import Account, Album, Caller, Image
from heliograph.server.shelves import Page, Shelves

NOT_HERE = {
    "comment": "comments",
    "conversations": "private messages",
    "feed": "feed",
    "feedback": "advertisements",
    "gallery": "public gallery with votes",
    "g": "public gallery with votes",
    "memegen": "meme generator",
    "message": "private messages",
    "messages": "private messages",
    "notification": "notifications",
    "suggest": "public gallery with votes",
    "tags": "public gallery with tags",
    "topic": "topics",
    "topics": "topics",
}
"""Nouns of Imgur's API that are about its community, and what this server is then said to have none of."""

_PAGE = 50
_LARGEST_PAGE = 100


class ImgurV3Account:
    """The handlers of accounts and credits, and of what is not here."""

    def __init__(
        self, *, asking: ImgurV3Callers, words: ImgurV3Words, models: ImgurV3Models, shelves: Shelves,
        library: Library, albums: Albums,
    ) -> None:  # fmt: skip
        self._asking = asking
        self._words = words
        self._models = models
        self._shelves = shelves
        self._library = library
        self._albums = albums

    async def account(self, request: Request) -> Response:
        """GET /3/account/{user}. There are no pictures of people, nor reputations: all are as of somebody new."""
        _, account = await self._asking.account(request, "images:read")
        about: dict[str, object] = {
            "id": account.id,
            "url": account.name,
            "bio": None,
            "avatar": None,
            "avatar_name": None,
            "cover": None,
            "cover_name": None,
            "reputation": 0,
            "reputation_name": "Neutral",
            "created": int(account.created.timestamp()) if account.created else 0,
            "pro_expiration": False,
            "user_flow": {"status": False},
            "is_blocked": False,
        }
        return self._words.reply(request, about)

    async def settings(self, request: Request) -> Response:
        """GET /3/account/{user}/settings. The e-mail address is for tokens of the scope `account` only."""
        caller, account = await self._asking.account(request, "images:read")
        email = account.email if "account" in caller.scopes else None
        settings: dict[str, object] = {
            "email": email,
            "high_quality": True,
            "public_images": False,
            "album_privacy": DEFAULT_PRIVACY,
            "pro_expiration": False,
            "accepted_gallery_terms": False,
            "active_emails": [email] if email else [],
            "messaging_enabled": False,
            "blocked_users": [],
        }
        return self._words.reply(request, settings)

    async def images(self, request: Request) -> Response:
        """GET /3/account/{user}/images: newest first, with delete hashes for who may change them."""
        caller, account = await self._asking.account(request, "images:read")
        found = await self._shelves.images(account, _page(request))
        return self._words.reply(request, await self._models.images(found, caller))

    async def image_ids(self, request: Request) -> Response:
        """GET /3/account/{user}/images/ids."""
        _, account = await self._asking.account(request, "images:read")
        found = await self._shelves.images(account, _page(request))
        return self._words.reply(request, [image.id for image in found])

    async def images_count(self, request: Request) -> Response:
        """GET /3/account/{user}/images/count."""
        _, account = await self._asking.account(request, "images:read")
        return self._words.reply(request, await self._shelves.count_images(account))

    async def image(self, request: Request) -> Response:
        """GET /3/account/{user}/image/{id or deletehash}."""
        caller, account = await self._asking.account(request, "images:read")
        return self._words.reply(request, await self._models.image(await self._my_image(request, account), caller))

    async def remove_image(self, request: Request) -> Response:
        """DELETE /3/account/{user}/image/{id or deletehash}."""
        caller, account = await self._asking.account(request, "images:write")
        image = await self._my_image(request, account)
        await self._library.remove(image, may_remove(caller, image), caller)
        return self._words.reply(request, content=True)

    async def albums(self, request: Request) -> Response:
        """GET /3/account/{user}/albums: without their images. ShareX asks for page after page until one is short."""
        caller, account = await self._asking.account(request, "albums")
        found = await self._shelves.albums(account, _page(request))
        return self._words.reply(request, await self._models.albums(found, caller))

    async def album_ids(self, request: Request) -> Response:
        """GET /3/account/{user}/albums/ids."""
        _, account = await self._asking.account(request, "albums")
        found = await self._shelves.albums(account, _page(request))
        return self._words.reply(request, [album.id for album in found])

    async def albums_count(self, request: Request) -> Response:
        """GET /3/account/{user}/albums/count."""
        _, account = await self._asking.account(request, "albums")
        return self._words.reply(request, await self._shelves.count_albums(account))

    async def album(self, request: Request) -> Response:
        """GET /3/account/{user}/album/{id}."""
        caller, account = await self._asking.account(request, "albums")
        return self._words.reply(
            request, await self._models.album(await self._my_album(request, caller, account), caller)
        )

    async def remove_album(self, request: Request) -> Response:
        """DELETE /3/account/{user}/album/{id or deletehash}. Its images stay."""
        caller, account = await self._asking.account(request, "albums")
        await self._albums.remove(await self._my_album(request, caller, account), "removed by its owner", caller)
        return self._words.reply(request, content=True)

    async def credits(self, request: Request) -> Response:
        """GET /3/credits: of address and application, the rule that would refuse first; `UserReset` is a moment."""
        await self._asking.caller(request, look=True)
        counted = [state for state in allowance_of(request).buckets if state.bucket.what != "posts"]
        told = {state.bucket.by: state for state in reversed(nearest(counted))}
        user, client = told.get("address"), told.get("application")
        left: dict[str, object] = {
            "UserLimit": user.bucket.limit if user else UNLIMITED,
            "UserRemaining": user.left if user else UNLIMITED,
            "UserReset": int(time.time()) + (user.resets_in if user else 0),
            "ClientLimit": client.bucket.limit if client else UNLIMITED,
            "ClientRemaining": client.left if client else UNLIMITED,
        }
        return self._words.reply(request, left)

    async def not_here(self, request: Request) -> Response:
        """Anything else below `/3/`: said to be deliberately not here, where Imgur has it."""
        await self._asking.caller(request)
        noun, _, rest = request.path_params["rest"].partition("/")
        missing = NOT_HERE.get(noun)
        if noun == "account" and rest.count("/"):
            missing = f"{rest.split('/')[1].replace('_', ' ')} of accounts"
        if missing is None:
            raise NotFound
        raise NotFound(f"This server hosts images and has no {missing}.")

    async def _my_image(self, request: Request, account: Account) -> Image:
        """The account's image that the path names; another's is as unknown as none."""
        name = request.path_params["name"]
        image = await self._models.image_named(name)
        if image.account_id != account.id:
            raise unknown_image(name)
        return image

    async def _my_album(self, request: Request, caller: Caller, account: Account) -> Album:
        name = request.path_params["name"]
        album = await self._models.album_named(name, caller)
        if album.account_id != account.id:
            raise NotFound(f"Unable to find an album with the id, {name}")
        return album


def _page(request: Request) -> Page:
    """The page that the path or `page` names, from 0, of `perPage` entries: 50, at most 100. Raises BadParameter."""
    number = request.path_params.get("page") or request.query_params.get("page") or "0"
    size = request.query_params.get("perPage") or str(_PAGE)
    if not all(each.isascii() and each.isdigit() and len(each) < 9 for each in (number, size)) or not int(size):
        raise BadParameter("The page and perPage must be whole numbers; the first page is 0, perPage 1 at least.")
    return Page(number=int(number) + 1, size=min(int(size), _LARGEST_PAGE))
