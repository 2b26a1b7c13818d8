"""What Imgur API v3 calls an image and an album: found by name, and written with exactly the fields of the wire page
(imgur-v3, sections 5 and 6). A strict client rejects any other.

A name is an id or a delete hash, told apart by length. Whose something is, is told to nobody else.
"""

from collections.abc import Sequence
from typing import Any

from heliograph.server.albums import Albums
from heliograph.server.callers import owns
from heliograph.server.errors import Gone, NotFound
from heliograph.server.favorites import Favorites
from heliograph.server.library import Library
from heliograph.server.links import DELETE_HASH_LENGTH, Links
from heliograph.server.model import Account, Album, Caller, Image, Served
from heliograph.server.statistics import Statistics


class ImgurV3Models:
    """Images and albums as v3 knows them."""

    def __init__(
        self, *, library: Library, albums: Albums, statistics: Statistics, favorites: Favorites, links: Links
    ) -> None:
        self._library = library
        self._albums = albums
        self._statistics = statistics
        self._favorites = favorites
        self._links = links

    async def image_named(self, name: str) -> Image:
        """The image of that id or delete hash. Raises NotFound, in Imgur's words, also where it was removed."""
        try:
            if len(name) == DELETE_HASH_LENGTH and name.isascii() and name.isalnum():
                return await self._library.find_by_delete_hash(name)
            return await self._library.find(name)
        except (NotFound, Gone) as missing:
            raise unknown_image(name) from missing

    async def album_named(self, name: str, caller: Caller, *, to_change: bool = False) -> Album:
        """The album of that id or delete hash, for whom it is meant, or for who may change it.

        Raises NotFound, in Imgur's words, and Forbidden.
        """
        find = self._albums.find_to_change if to_change else self._albums.find
        try:
            return await find(name, caller)
        except (NotFound, Gone) as missing:
            raise NotFound(f"Unable to find an album with the id, {name}") from missing

    async def image(self, image: Image, caller: Caller, name: str | None = None) -> dict[str, Any]:
        """The model of one image, with its delete hash for its owner and for who named it by that."""
        return (await self.images([image], caller, name))[0]

    async def images(self, images: Sequence[Image], caller: Caller, name: str | None = None) -> list[dict[str, Any]]:
        """The models of several."""
        served = await self._statistics.of_many([image.id for image in images])
        liked = await self._favorites.among(caller.account, images)
        models = []
        for image in images:
            model = self._image(image, served[image.id], _owner(caller, image), favorite=image.id in liked)
            if owns(caller, image, name):
                model |= {"deletehash": image.delete_hash, "name": image.name or ""}
            models.append(model | self._links_of(image))
        return models

    async def album(self, album: Album, caller: Caller, name: str | None = None) -> dict[str, Any]:
        """The model of one album with its images."""
        model = (await self.albums([album], caller, name))[0]
        images = await self.images(await self._albums.images(album), caller)
        last = {field: model.pop(field) for field in ("in_gallery", "is_ad", "include_album_ads")}
        return model | {"images": images} | last

    async def albums(self, albums: Sequence[Album], caller: Caller, name: str | None = None) -> list[dict[str, Any]]:
        """The models of several, without their images. An album's views are those of the images that it shows."""
        covers = await self._albums.covers(albums)
        views = await self._statistics.of_albums([album.id for album in albums])
        liked = await self._favorites.among(caller.account, albums)
        models = []
        for album in albums:
            model = self._album(album, _owner(caller, album), covers.get(album.id), views[album.id])
            model["favorite"] = album.id in liked
            if owns(caller, album, name):
                model["deletehash"] = album.delete_hash
            counted = {"images_count": album.size, "in_gallery": False, "is_ad": False, "include_album_ads": False}
            models.append(model | counted)
        return models

    def _image(self, image: Image, served: Served, owner: Account | None, *, favorite: bool) -> dict[str, Any]:
        blob = image.blob
        return {
            "id": image.id,
            "title": image.title,
            "description": image.description,
            "datetime": int(image.created.timestamp()),
            "type": blob.media_type,
            "animated": blob.animated,
            "width": blob.width,
            "height": blob.height,
            "size": blob.size,
            "views": served.views,
            "bandwidth": served.bandwidth,
            "vote": None,
            "favorite": favorite,
            "nsfw": None,
            "section": None,
            "account_url": owner.name if owner else None,
            "account_id": owner.id if owner else None,
            "is_ad": False,
            "in_most_viral": False,
            "has_sound": False,
            "tags": [],
            "ad_type": 0,
            "ad_url": "",
            "edited": "0",
            "in_gallery": False,
        }

    def _links_of(self, image: Image) -> dict[str, str]:
        """The file; of an animation also the page that shows it. There is no mp4 of it, so none is named."""
        links = {"link": self._links.direct(image.id, image.blob.media_type)}
        return links | ({"gifv": self._links.gifv(image.id)} if image.blob.animated else {})

    def _album(self, album: Album, owner: Account | None, cover: Image | None, views: int) -> dict[str, Any]:
        return {
            "id": album.id,
            "title": album.title,
            "description": album.description,
            "datetime": int(album.created.timestamp()),
            "cover": cover.id if cover else None,
            "cover_width": cover.blob.width if cover else None,
            "cover_height": cover.blob.height if cover else None,
            "account_url": owner.name if owner else None,
            "account_id": owner.id if owner else None,
            "privacy": album.privacy,
            "layout": album.layout,
            "views": views,
            "link": self._links.album(album.id),
            "favorite": False,
            "nsfw": None,
            "section": None,
            "order": album.place,
        }


def unknown_image(name: str) -> NotFound:
    """The failure that says in Imgur's words that there is no such image."""
    return NotFound(f"Unable to find an image with the id, {name}")


def _owner(caller: Caller, thing: Image | Album) -> Account | None:
    """The caller's account, where the thing is its own."""
    return caller.account if caller.account and caller.account.id == thing.account_id else None
