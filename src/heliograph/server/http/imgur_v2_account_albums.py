"""Imgur API v2's albums of an account: `/2/account/albums` and below it, and their order. Evidence: wire page imgur-v2,
section 4. Failures are spoken by `imgur_v2_account`.

Lists of ids are written `(a,b,c)`, or as one bare id. What blank fields say is nothing: programs send every field of an
edit, those blank that should stay.
"""

from starlette.requests import Request
from starlette.responses import Response

from heliograph.server.albums import Albums
from heliograph.server.errors import Forbidden, NotFound
from heliograph.server.http.imgur_v2_callers import AccountCallers, Asked
from heliograph.server.http.imgur_v2_words import Words, name_in_path, spelt
from heliograph.server.links import Links
from heliograph.server.model import Album
from heliograph.server.shelves import Shelves

_ABOUT = ("title", "description", "cover", "privacy", "layout")


class ImgurV2AccountAlbums:
    """The handlers of the account's albums."""

    def __init__(self, *, asking: AccountCallers, words: Words, albums: Albums, shelves: Shelves, links: Links) -> None:
        self._asking = asking
        self._words = words
        self._albums = albums
        self._shelves = shelves
        self._links = links

    async def albums(self, request: Request) -> Response:
        """GET /2/account/albums: `count`, `page`. Programs wait for a 404 with these words where there are none."""
        async with self._asking.asked(request, "albums") as asked:
            found = await self._shelves.albums(asked.account, asked.page())
        if not found:
            raise NotFound("No albums found")
        return self._words.reply(request, "albums", [self._model(album) for album in found])

    async def create(self, request: Request) -> Response:
        """POST /2/account/albums: `title`, `description`, `privacy`, `layout`, and `images` as in an edit."""
        async with self._asking.asked(request, "albums") as asked:
            album = await self._albums.create(asked.said(*_ABOUT), asked.names("images"), asked.caller)
        return self._words.reply(request, "albums", self._model(album))

    async def album(self, request: Request) -> Response:
        """GET /2/account/albums/ID tells its images (`count`, `page`); POST and PUT change it, DELETE removes it."""
        async with self._asking.asked(request, "albums") as asked:
            album = await self._mine(request, asked)
            if asked.method == "delete":
                await self._albums.remove(album, "removed by its owner", asked.caller)
                return self._words.success(request, "albums")
            if asked.method in ("post", "put"):
                return self._words.reply(request, "albums", self._model(await self._edited(album, asked)))
            page = asked.page()
            images = (await self._albums.images(album))[page.skip : page.skip + page.size]
        return self._words.reply(request, "albums", await self._words.images(images, asked.account.id))

    async def count(self, request: Request) -> Response:
        """GET /2/account/albums_count."""
        async with self._asking.asked(request, "albums") as asked:
            counted = await self._shelves.count_albums(asked.account)
        return self._words.reply(request, "albums_count", {"count": counted})

    async def order(self, request: Request) -> Response:
        """GET /2/account/albums_order tells the ids in order; POST and PUT put those of `ids` first."""
        async with self._asking.asked(request, "albums") as asked:
            if asked.method in ("post", "put"):
                await self._shelves.place(asked.account, asked.names("ids"))
                return self._words.success(request, "albums_order")
            found = await self._shelves.albums(asked.account, asked.page())
        return self._words.reply(request, "albums_order", [album.id for album in found])

    async def images_order(self, request: Request) -> Response:
        """GET /2/account/albums_order/ID tells the images in order; POST and PUT put those of `hashes` first."""
        async with self._asking.asked(request, "albums") as asked:
            album = await self._mine(request, asked)
            present = [image.id for image in await self._albums.images(album)]
            if asked.method in ("post", "put"):
                named = asked.names("hashes")
                if not set(named) <= set(present):
                    raise NotFound("The album holds no image of one of these hashes.")
                wanted = list(dict.fromkeys([*named, *present]))
                await self._albums.set_images(album, wanted, asked.caller, album.version)
                return self._words.success(request, "albums_order")
        return self._words.reply(request, "albums_order", present)

    async def _mine(self, request: Request, asked: Asked) -> Album:
        """The album that the path names. Raises NotFound, Gone, Forbidden for another's."""
        album = await self._albums.find(name_in_path(request), asked.caller)
        if album.account_id != asked.account.id:
            raise Forbidden("This album belongs to somebody else.")
        return album

    async def _edited(self, album: Album, asked: Asked) -> Album:
        """The album after the call: first its texts, which may be refused; the cover when its image is there."""
        album = await self._albums.edit(album, asked.said("title", "description", "privacy", "layout"), asked.caller)
        if images := asked.names("images"):
            album = await self._albums.set_images(album, images, asked.caller)
        if added := asked.names("add_images"):
            album = await self._albums.add_images(album, added, asked.caller)
        if removed := asked.names("del_images"):
            album = await self._albums.remove_images(album, removed, asked.caller)
        return await self._albums.edit(album, asked.said("cover"), asked.caller)

    def _model(self, album: Album) -> dict[str, object]:
        """The fields that pyiur reads; `order` is 0 for an album that was put nowhere yet."""
        link = self._links.album(album.id)
        return {
            "id": album.id,
            "title": album.title or "",
            "description": album.description or "",
            "privacy": album.privacy,
            "cover": album.cover or "",
            "order": album.place,
            "layout": album.layout,
            "datetime": spelt(album.created),
            "link": link,
            "anonymous_link": link,
        }
