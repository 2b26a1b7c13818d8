"""Imgur API v2 as far as an account and its images go: `/2/account` and below it, and `/2/signin`. Evidence: wire page
imgur-v2, section 4.
"""

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from heliograph.server.albums import DEFAULT_PRIVACY
from heliograph.server.callers import Callers, must_own
from heliograph.server.errors import Forbidden, HeliographError, InvalidToken
from heliograph.server.http.allowances import admitted
from heliograph.server.http.bodies import Form, Reader
from heliograph.server.http.imgur_v2_callers import COOKIE, AccountCallers, may_write
from heliograph.server.http.imgur_v2_words import CORS, Words, name_in_path
from heliograph.server.identity import Sessions
from heliograph.server.library import Library
from heliograph.server.limits import Limits
from heliograph.server.links import Links
from heliograph.server.logins import Logins
from heliograph.server.model import EVERYTHING, Caller, Texts
from heliograph.server.shelves import Shelves
from heliograph.server.uploads import Uploads


class ImgurV2Account:
    """The handlers of the account itself and of its images. They are the voice of all account calls."""

    def __init__(
        self, *, asking: AccountCallers, words: Words, uploads: Uploads, library: Library, shelves: Shelves
    ) -> None:
        self._asking = asking
        self._words = words
        self._uploads = uploads
        self._library = library
        self._shelves = shelves

    async def account(self, request: Request) -> Response:
        """GET, POST /2/account. There is no paying here, and images are listed for nobody but their owner."""
        async with self._asking.asked(request, "images:read") as asked:
            name = asked.account.name
        about = {"url": name, "is_pro": "false", "default_album_privacy": DEFAULT_PRIVACY, "public_images": "false"}
        return self._words.reply(request, "account", about)

    async def images(self, request: Request) -> Response:
        """GET /2/account/images: `count`, `page`, and `noalbum` for those in none of the account's albums."""
        async with self._asking.asked(request, "images:read") as asked:
            page, outside = asked.page(), "noalbum" in asked.form.texts
        found = await self._shelves.images(asked.account, page, outside_albums=outside)
        return self._words.reply(request, "images", await self._words.images(found, asked.account.id))

    async def upload(self, request: Request) -> Response:
        """POST, PUT /2/account/images."""
        async with self._asking.asked(request, "images:write", upload=True) as asked:
            accepted = await self._uploads.accept(asked.form.picture, _texts(asked.form), asked.caller)
        return self._words.reply(request, "images", self._words.uploaded(accepted.image))

    async def count(self, request: Request) -> Response:
        """GET /2/account/images_count."""
        async with self._asking.asked(request, "images:read") as asked:
            counted = await self._shelves.count_images(asked.account)
        return self._words.reply(request, "images_count", {"count": counted})

    async def image(self, request: Request) -> Response:
        """GET /2/account/images/HASH; POST and PUT change `title` and `caption`, DELETE removes."""
        async with self._asking.asked(request, "images:write" if may_write(request) else "images:read") as asked:
            image = await self._library.find(name_in_path(request))
            if image.account_id != asked.account.id:
                raise Forbidden("This image belongs to somebody else.")
            if asked.method == "delete":
                must_own(asked.caller, image)
                await self._library.remove(image, "removed by its owner", asked.caller)
                return self._words.success(request, "images")
            if asked.method in ("post", "put"):
                must_own(asked.caller, image)
                said = asked.said("title", "caption")
                texts = {{"caption": "description"}.get(field, field): text for field, text in said.items()}
                image = await self._library.edit(image, texts, asked.caller)
        (told,) = await self._words.images([image], asked.account.id)
        return self._words.reply(request, "images", told)

    async def preflight(self, request: Request) -> Response:  # noqa: ARG002 - handlers are alike
        """OPTIONS of anything: what scripts of other pages may send."""
        return Response(status_code=200, headers={**CORS, "access-control-max-age": "86400"})

    def speak(self, request: Request, error: HeliographError) -> Response:
        """A failure of any account call."""
        return self._words.speak(request, error)


class ImgurV2Signin:
    """The handler of `/2/signin`: name and password become a cookie for v2."""

    def __init__(
        self, *, callers: Callers, limits: Limits, reader: Reader, logins: Logins, sessions: Sessions, words: Words,
        links: Links,
    ) -> None:  # fmt: skip
        self._callers = callers
        self._limits = limits
        self._reader = reader
        self._logins = logins
        self._sessions = sessions
        self._words = words
        self._secure = urlsplit(links.public).scheme == "https"

    async def sign_in(self, request: Request) -> Response:
        """POST /2/signin: `username`, `password`. Programs take 400 and 403, and no other status, for a wrong one."""
        caller = await admitted(request, self._callers, self._limits)
        async with self._reader.read(request, ()) as form:
            name, password = form.texts.get("username", ""), form.texts.get("password", "")
        try:
            account = await self._logins.by_password(caller.address, name, password)
        except InvalidToken as refused:
            raise Forbidden(refused.message) from refused
        cookie = await self._sessions.begin(Caller(caller.address, account=account, scopes=EVERYTHING), "by /2/signin")
        response = self._words.success(request, "signin")
        seconds = int(self._sessions.lifetime.total_seconds())
        response.set_cookie(
            COOKIE, cookie, max_age=seconds, path="/2/", secure=self._secure, httponly=True, samesite="strict"
        )
        return response


def _texts(form: Form) -> Texts:
    return Texts(form.text("title"), form.text("caption"), None, form.text("name"))
