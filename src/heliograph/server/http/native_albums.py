"""The native API's albums: the handlers of `/api/v1/albums`. Their failures are spoken by `native`.

Images are named by id or delete hash wherever a list of them is sent.
"""

from typing import Annotated

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from heliograph.server.albums import DEFAULT_LAYOUT, DEFAULT_PRIVACY, Albums
from heliograph.server.callers import account_of, must_have, owns
from heliograph.server.errors import BadParameter
from heliograph.server.http.native import ImageAnswer, Native, page_asked, read_json
from heliograph.server.http.replies import json_reply, rfc3339
from heliograph.server.links import DELETE_HASH_LENGTH, Links
from heliograph.server.model import Album, Caller, Layout, Privacy

_IMAGES = msgspec.Meta(description="Ids or delete hashes of images: your own by id, others by delete hash.")
_COVER = msgspec.Meta(description="The id of one of the album's images; the first one stands for it where none is.")
_PRIVACY = msgspec.Meta(
    description="public: it may be listed. hidden: whoever has the link sees it. secret: only who may change it."
)


class NewAlbum(msgspec.Struct, forbid_unknown_fields=True):
    """An album to be made. All may be left out, and so may the whole body."""

    images: Annotated[list[str], _IMAGES] = msgspec.field(default_factory=list)
    title: str | None = None
    description: str | None = None
    privacy: Annotated[Privacy, _PRIVACY] = DEFAULT_PRIVACY
    layout: Layout = DEFAULT_LAYOUT
    cover: Annotated[str | None, _COVER] = None


class AlbumEdit(msgspec.Struct, forbid_unknown_fields=True):
    """What of an album may change; what is left out stays, null empties."""

    title: str | msgspec.UnsetType | None = msgspec.UNSET
    description: str | msgspec.UnsetType | None = msgspec.UNSET
    privacy: Annotated[Privacy | msgspec.UnsetType, _PRIVACY] = msgspec.UNSET
    layout: Layout | msgspec.UnsetType = msgspec.UNSET
    cover: Annotated[str | msgspec.UnsetType | None, _COVER] = msgspec.UNSET


class AlbumOrder(msgspec.Struct, forbid_unknown_fields=True):
    """All images of an album, in order."""

    images: Annotated[list[str], _IMAGES]
    version: Annotated[
        int | None,
        msgspec.Meta(description="The version that the order was made from: a Conflict where the album has another."),
    ] = None


class MoreImages(msgspec.Struct, forbid_unknown_fields=True):
    """Images to put behind those that an album holds."""

    images: Annotated[list[str], _IMAGES]


class AlbumAnswer(msgspec.Struct, omit_defaults=True):
    """An album. The delete hash is for its owner and maker.

    Listings, and the answers to changes, leave the images out.
    """

    id: str
    page: str
    title: str | None
    description: str | None
    privacy: Privacy
    layout: Layout
    cover: Annotated[
        str | None,
        msgspec.Meta(description="The id of the image that stands for the album; null where it shows no image."),
    ]
    images_count: int
    version: Annotated[int, msgspec.Meta(description="Counts the album's changes.")]
    created: Annotated[str, msgspec.Meta(description="RFC 3339, UTC.")]
    images: Annotated[list[ImageAnswer] | msgspec.UnsetType, msgspec.Meta(description="In the album's order.")] = (
        msgspec.UNSET
    )
    delete_hash: str | msgspec.UnsetType = msgspec.UNSET


class AlbumPage(msgspec.Struct):
    """A page of albums, newest first. `next` is the cursor of the page after, null on the last."""

    albums: list[AlbumAnswer]
    next: str | None


class NativeAlbums:
    """The handlers of `/api/v1/albums`."""

    def __init__(self, *, native: Native, albums: Albums, links: Links) -> None:
        self._native = native
        self._albums = albums
        self._links = links

    async def create(self, request: Request) -> Response:
        """POST /api/v1/albums. It counts as an upload."""
        caller = await self._native.caller(request, upload=True, scope="albums")
        wanted = await read_json(request, NewAlbum, empty=b"{}")
        about = {name: getattr(wanted, name) for name in AlbumEdit.__struct_fields__}
        album = await self._albums.create(about, wanted.images, caller)
        headers = {"location": f"{self._links.public}/api/v1/albums/{album.id}"}
        return json_reply(self._answer(album, mine=True), 201, headers)

    async def list(self, request: Request) -> Response:
        """GET /api/v1/albums."""
        account = account_of(await self._native.caller(request), "albums")
        albums, cursor = await self._albums.owned_by(account, *page_asked(request))
        return json_reply(AlbumPage([self._answer(album, mine=True) for album in albums], cursor))

    async def find(self, request: Request) -> Response:
        """GET /api/v1/albums/{id}."""
        caller = await self._native.caller(request)
        named, delete_hash = _named(request)
        album = await self._albums.find(named, caller, delete_hash)
        answer = self._answer(album, mine=owns(caller, album, delete_hash))
        answer.images = [
            self._native.for_owner(image) if owns(caller, image) else self._native.for_anybody(image)
            for image in await self._albums.images(album)
        ]
        return json_reply(answer)

    async def edit(self, request: Request) -> Response:
        """PATCH /api/v1/albums/{id}."""
        album, caller = await self._to_change(request)
        wanted = await read_json(request, AlbumEdit)
        given = {name: getattr(wanted, name) for name in AlbumEdit.__struct_fields__}
        changes = {name: change for name, change in given.items() if change is not msgspec.UNSET}
        return json_reply(self._answer(await self._albums.edit(album, changes, caller), mine=True))

    async def set_images(self, request: Request) -> Response:
        """PUT /api/v1/albums/{id}/images."""
        album, caller = await self._to_change(request)
        wanted = await read_json(request, AlbumOrder)
        changed = await self._albums.set_images(album, wanted.images, caller, wanted.version)
        return json_reply(self._answer(changed, mine=True))

    async def add_images(self, request: Request) -> Response:
        """POST /api/v1/albums/{id}/images."""
        album, caller = await self._to_change(request)
        wanted = await read_json(request, MoreImages)
        return json_reply(self._answer(await self._albums.add_images(album, wanted.images, caller), mine=True))

    async def remove_images(self, request: Request) -> Response:
        """DELETE /api/v1/albums/{id}/images. The query names them: many programs and proxies drop a DELETE's body."""
        album, caller = await self._to_change(request)
        names = [name for part in request.query_params.getlist("images") for name in part.split(",") if name]
        if not names:
            raise BadParameter("Name the images to take out of the album: ?images=ID,ID.")
        return json_reply(self._answer(await self._albums.remove_images(album, names, caller), mine=True))

    async def remove(self, request: Request) -> Response:
        """DELETE /api/v1/albums/{id}."""
        album, caller = await self._to_change(request)
        await self._albums.remove(album, "removed by its owner", caller)
        return Response(status_code=204)

    async def _to_change(self, request: Request) -> tuple[Album, Caller]:
        caller = await self._native.caller(request)
        must_have(caller, "albums")
        named, delete_hash = _named(request)
        return await self._albums.find_to_change(named, caller, delete_hash), caller

    def _answer(self, album: Album, *, mine: bool) -> AlbumAnswer:
        return AlbumAnswer(
            id=album.id,
            page=self._links.album(album.id),
            title=album.title,
            description=album.description,
            privacy=album.privacy,
            layout=album.layout,
            cover=album.cover,
            images_count=album.size,
            version=album.version,
            created=rfc3339(album.created),
            delete_hash=album.delete_hash if mine else msgspec.UNSET,
        )


def _named(request: Request) -> tuple[str, str | None]:
    """The id or delete hash in the path, and the delete hash that was shown, there or in the query."""
    named: str = request.path_params["id"]
    return named, named if len(named) == DELETE_HASH_LENGTH else request.query_params.get("delete_hash")
