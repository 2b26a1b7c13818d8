"""The native API, version 1: uploads in every shape, one's own images, receipts. Failures are problem details (RFC
9457).

What it says is typed here; `openapi` describes the same types to the world.
"""

from collections.abc import Awaitable, Iterable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from heliograph.server.albums import Albums
from heliograph.server.callers import Callers, account_of, may_remove, must_have, must_own, owns
from heliograph.server.companions import LONGEST, Companions
from heliograph.server.errors import BadParameter, HeliographError, NotFound
from heliograph.server.favorites import Favorites
from heliograph.server.http.allowances import admitted_as, count, rate_limit_fields
from heliograph.server.http.bodies import Form, Reader
from heliograph.server.http.fields import small_body
from heliograph.server.http.replies import failure_headers, json_reply, rfc3339
from heliograph.server.http.visitors import Visitors
from heliograph.server.library import Library, Search
from heliograph.server.limits import Limits
from heliograph.server.links import DELETE_HASH_LENGTH, Links
from heliograph.server.model import KINDS, Caller, Companion, Image, Kind, Texts
from heliograph.server.receipts import Signer
from heliograph.server.statistics import Statistics
from heliograph.server.texts import LONGEST_TEXT
from heliograph.server.uploads import Accepted, Uploads

PICTURE_FIELDS = ("image", "file", "url")
_LARGEST_PAGE = 100

T = TypeVar("T")

STATUS: dict[str, int] = {
    "NoImageSent": 400,
    "UnsupportedFormat": 415,
    "CorruptImage": 422,
    "TooManyBytes": 413,
    "TooManyPixels": 422,
    "TooManyFrames": 422,
    "InvalidUrl": 400,
    "ForbiddenAddress": 403,
    "FetchFailed": 422,
    "LocalPathSent": 400,
    "NoKeySent": 401,
    "UnknownKey": 401,
    "NoTokenSent": 401,
    "InvalidToken": 401,
    "GrantRefused": 400,
    "InvalidFkey": 403,
    "Forbidden": 403,
    "NotFound": 404,
    "MethodNotAllowed": 405,
    "Gone": 410,
    "BadParameter": 400,
    "Conflict": 409,
    "UploadLimitReached": 429,
    "TooManyAttempts": 429,
    "QuotaExceeded": 403,
    "Busy": 503,
    "StorageUnavailable": 503,
    "Internal": 500,
}
"""Each failure of the catalogue -> its HTTP status in this dialect."""


class Thumbnails(msgspec.Struct):
    """Links of the six letter sizes, each a JPEG: s and b are squares of 90 and 160 pixels, the others fit a box."""

    s: str
    b: str
    t: str
    m: str
    l: str  # noqa: E741 - the letter of the foreign links
    h: str


class ImageAnswer(msgspec.Struct, omit_defaults=True):
    """An image. Delete link and hash are for its owner and uploader, the removed metadata for its uploader only.

    Receipt, use and what is kept beside it are told where one image is asked for, `favorite` to whoever has an account.
    """

    id: str
    page: str
    link: str
    thumbnails: Thumbnails
    title: str | None
    description: str | None
    alt: str | None
    name: str | None
    width: Annotated[int, msgspec.Meta(description="Pixels, as displayed.")]
    height: Annotated[int, msgspec.Meta(description="Pixels, as displayed.")]
    media_type: str
    size: Annotated[int, msgspec.Meta(description="Bytes of the original as stored and served.")]
    animated: bool
    sha256: Annotated[str, msgspec.Meta(description="Hex; of the original as stored and served.")]
    created: Annotated[str, msgspec.Meta(description="RFC 3339, UTC.")]
    receipt: Annotated[
        str | msgspec.UnsetType,
        msgspec.Meta(description="Compact JWS, EdDSA; keys at /.well-known/heliograph-keys.json."),
    ] = msgspec.UNSET
    delete_link: str | msgspec.UnsetType = msgspec.UNSET
    delete_hash: str | msgspec.UnsetType = msgspec.UNSET
    views: Annotated[int | msgspec.UnsetType, msgspec.Meta(description="How often it was looked at, in any size.")] = (
        msgspec.UNSET
    )
    bandwidth: Annotated[int | msgspec.UnsetType, msgspec.Meta(description="Bytes that this took.")] = msgspec.UNSET
    favorite: Annotated[bool | msgspec.UnsetType, msgspec.Meta(description="Whether you have marked it.")] = (
        msgspec.UNSET
    )
    vector_link: Annotated[str | msgspec.UnsetType, msgspec.Meta(description="The same picture as SVG, if kept.")] = (
        msgspec.UNSET
    )
    source_link: Annotated[
        str | msgspec.UnsetType, msgspec.Meta(description="The source that made it, if it was sent, as text.")
    ] = msgspec.UNSET
    removed_metadata: Annotated[
        list[str] | msgspec.UnsetType, msgspec.Meta(description="Private metadata that was taken out on arrival.")
    ] = msgspec.UNSET


class ImagePage(msgspec.Struct):
    """A page of images, newest first. `next` is the cursor of the page after, null on the last; `total` counts the
    images that fit, on all pages.
    """

    images: list[ImageAnswer]
    next: str | None
    total: int


class Edit(msgspec.Struct, forbid_unknown_fields=True):
    """What of an image may change; what is left out stays, null empties."""

    title: str | msgspec.UnsetType | None = msgspec.UNSET
    description: str | msgspec.UnsetType | None = msgspec.UNSET
    alt: str | msgspec.UnsetType | None = msgspec.UNSET
    name: str | msgspec.UnsetType | None = msgspec.UNSET


class Problem(msgspec.Struct):
    """A failure, RFC 9457. `name` is the failure's name in Heliograph's catalogue."""

    type: str
    title: str
    status: int
    detail: str
    name: str
    request_id: str


class Native:
    """The handlers of `/api/v1`."""

    def __init__(
        self,
        *,
        callers: Callers,
        visitors: Visitors,
        limits: Limits,
        reader: Reader,
        uploads: Uploads,
        library: Library,
        albums: Albums,
        statistics: Statistics,
        favorites: Favorites,
        companions: Companions,
        links: Links,
        signer: Signer,
    ) -> None:
        self._callers = callers
        self._visitors = visitors
        self._limits = limits
        self._reader = reader
        self._uploads = uploads
        self._library = library
        self._albums = albums
        self._statistics = statistics
        self._favorites = favorites
        self._companions = companions
        self._links = links
        self._signer = signer

    async def upload(self, request: Request) -> Response:
        """POST /api/v1/images."""
        caller, key = await self.caller(request, upload=True), request.headers.get("idempotency-key")
        if not await self._uploads.remembers(key, caller):  # an earlier answer is given whether there is room or not
            await self._callers.must_have_room(caller)
        by_content = request.headers.get("idempotency-by", "").strip().lower() == "content"
        call = request.headers.get("idempotency-call")
        async with self._reader.read(request, PICTURE_FIELDS, long=LONGEST) as form:
            named = form.text("album")
            album = await self._albums.find_to_change(named, caller) if named else None
            beside: dict[Kind, str] = {kind: text for kind in KINDS if (text := form.text(kind))}
            accepted = await self._uploads.accept(
                form.picture, _texts(form), caller, key, album, by_content=by_content, call=call, beside=beside
            )
        answer = self.for_owner(accepted.image)
        self._tell_of(accepted.beside, answer)
        answer.receipt = accepted.receipt
        if not accepted.replayed:
            answer.removed_metadata = list(accepted.removed)
        headers = {"location": f"{self._links.public}/api/v1/images/{accepted.image.id}"}
        return json_reply(answer, 201, headers | _replay_header(accepted))

    async def find(self, request: Request) -> Response:
        """GET /api/v1/images/{id}."""
        image, caller, delete_hash = await self.image(request, None)
        mine = owns(caller, image, delete_hash)
        answer = self.for_owner(image) if mine else self.for_anybody(image)
        answer.receipt = self._signer.receipt(image)
        self._tell_of(await self._companions.of(image), answer)
        served = await self._statistics.of(image.id)
        answer.views, answer.bandwidth = served.views, served.bandwidth
        if caller.account:
            answer.favorite = image.id in await self._favorites.among(caller.account, [image])
        return json_reply(answer)

    async def edit(self, request: Request) -> Response:
        """PATCH /api/v1/images/{id}."""
        image, caller, delete_hash = await self.image(request)
        must_own(caller, image, delete_hash)
        wanted = await read_json(request, Edit)
        texts = {name: getattr(wanted, name) for name in LONGEST_TEXT}
        edited = await self._library.edit(
            image, {name: text for name, text in texts.items() if text is not msgspec.UNSET}, caller
        )
        return json_reply(self.for_owner(edited))

    async def remove(self, request: Request) -> Response:
        """DELETE /api/v1/images/{id}."""
        image, caller, delete_hash = await self.image(request)
        await self._library.remove(image, may_remove(caller, image, delete_hash), caller)
        return Response(status_code=204)

    async def list(self, request: Request) -> Response:
        """GET /api/v1/images."""
        caller = await self.caller(request)
        account = account_of(caller, "images:read")
        search = Search(request.query_params.get("q", ""), _moment(request, "since"), _moment(request, "until"))
        found = await self._library.owned_by(account, search, *page_asked(request))
        page = ImagePage([self._for(caller, image) for image in found.images], found.next, found.total)
        return json_reply(page)

    async def claim(self, request: Request) -> Response:
        """POST /api/v1/images/{id}/claim."""
        image, caller, delete_hash = await self.image(request)
        account = account_of(caller, "images:write")
        must_own(caller, image, delete_hash)
        claimed = await self._library.claim(image, account, caller)
        return json_reply(self.for_owner(claimed))

    async def keys(self, request: Request) -> Response:  # noqa: ARG002 - handlers are alike
        """GET /.well-known/heliograph-keys.json."""
        return json_reply(self._signer.key_set(), headers={"cache-control": "public, max-age=3600"})

    def speak(self, request: Request, error: HeliographError) -> Response:
        """A failure as problem details."""
        status = STATUS[error.name]
        headers = failure_headers(error)
        if status == HTTPStatus.UNAUTHORIZED:
            headers["www-authenticate"] = 'Bearer realm="heliograph"'
        problem = Problem(
            type=f"{self._links.public}/docs/problems#{error.name}",
            title=HTTPStatus(status).phrase,
            status=status,
            detail=error.message,
            name=error.name,
            request_id=request.scope["state"]["request_id"],
        )
        return json_reply(problem, status, headers, "application/problem+json")

    def headers_of_all(self, request: Request) -> dict[str, str]:
        """What limits leave, on every answer."""
        return rate_limit_fields(request)

    async def caller(self, request: Request, *, upload: bool = False, scope: str = "images:write") -> Caller:
        """Who calls, by the header `Authorization`: Bearer with a token, or Client-ID; counted as `admitted` says.

        Our own page uploads for who is logged in, by the cookie and the form's key in `X-Fkey`.
        """
        header = request.headers.get("authorization")
        if header is None and upload and (member := await self._visitors.by_header(request)):
            await count(request, self._limits, member, upload=True)
            return member
        scheme, _, credential = (header or "").strip().partition(" ")
        key, token = None, None
        if scheme.lower() == "client-id" and credential.strip():
            key = credential.strip()
        elif header is not None:  # what is not understood is refused: its sender does not mean to be anonymous
            token = credential.strip() if scheme.lower() == "bearer" else ""
        identified = self._callers.identify(request.scope["state"]["address"], key=key, token=token)
        return await admitted_as(
            request, identified, self._callers, self._limits, upload=upload, scope=scope, replays=upload
        )

    async def caller_as(self, request: Request, identified: Awaitable[Caller]) -> Caller:
        """Who calls, by credentials that `caller` does not read; counted as one request."""
        return await admitted_as(request, identified, self._callers, self._limits)

    async def image(self, request: Request, scope: str | None = "images:write") -> tuple[Image, Caller, str | None]:
        """The image that the path names by id or by delete hash, who asks, and the delete hash that was shown.

        A token that lacks the scope is Forbidden before the image is looked for.
        """
        caller = await self.caller(request)
        if scope:
            must_have(caller, scope)
        named = request.path_params["id"]
        if len(named) == DELETE_HASH_LENGTH:
            return await self._library.find_by_delete_hash(named), caller, named
        if not named.isalnum():
            raise NotFound
        return await self._library.find(named), caller, request.query_params.get("delete_hash")

    def for_anybody(self, image: Image) -> ImageAnswer:
        """The image as everybody may see it."""
        blob = image.blob
        return ImageAnswer(
            id=image.id,
            page=self._links.page(image.id),
            link=self._links.direct(image.id, blob.media_type),
            thumbnails=Thumbnails(**self._links.thumbnails(image.id)),
            title=image.title,
            description=image.description,
            alt=image.alt,
            name=image.name,
            width=blob.width,
            height=blob.height,
            media_type=blob.media_type,
            size=blob.size,
            animated=blob.animated,
            sha256=blob.sha256.hex(),
            created=rfc3339(image.created),
        )

    def _tell_of(self, beside: Iterable[Companion], answer: ImageAnswer) -> None:
        """Say where that is which is kept beside the image."""
        for each in beside:
            if each.kind == "source":
                answer.source_link = self._links.source(answer.id)
            else:
                answer.vector_link = self._links.vector(answer.id)

    def _for(self, caller: Caller, image: Image) -> ImageAnswer:
        return self.for_owner(image) if owns(caller, image) else self.for_anybody(image)

    def for_owner(self, image: Image) -> ImageAnswer:
        """The image with what lets its owner remove it."""
        answer = self.for_anybody(image)
        answer.delete_hash = image.delete_hash
        answer.delete_link = self._links.delete_page(image.delete_hash)
        return answer


def _texts(form: Form) -> Texts:
    return Texts(form.text("title"), form.text("description"), form.text("alt"), form.text("name"))


def page_asked(request: Request) -> tuple[int, str | None]:
    """How many entries of a listing the query wants on a page, and the cursor where it begins. Raises BadParameter."""
    asked = request.query_params.get("limit", "50")
    if not asked.isdecimal() or len(asked) > 3 or not 1 <= int(asked) <= _LARGEST_PAGE:
        raise BadParameter(f"The limit must be a whole number from 1 to {_LARGEST_PAGE}.")
    return int(asked), request.query_params.get("cursor")


def _moment(request: Request, name: str) -> datetime | None:
    """The date, or date and time, of a parameter of the query; UTC where it does not say. Raises BadParameter."""
    text = request.query_params.get(name)
    if not text:
        return None
    try:
        read = datetime.fromisoformat(text)
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as problem:
        raise BadParameter(f"The parameter {name} must be a date such as 2030-01-31, or RFC 3339.") from problem


async def read_json(request: Request, kind: type[T], empty: bytes = b"") -> T:
    """The JSON body as a `kind`; no body is read as `empty`. Raises BadParameter."""
    try:
        return msgspec.json.decode(await small_body(request) or empty, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise BadParameter(f"The JSON body is not usable: {problem}.") from problem


def _replay_header(accepted: Accepted) -> dict[str, str]:
    return {"idempotency-replayed": "true"} if accepted.replayed else {}
