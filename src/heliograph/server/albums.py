"""Albums: made, found, edited, filled, ordered, removed; whatever the dialect.

Hides who may see and change an album, and which images somebody may put into one: those of their own account, those
whose delete hash they know, and those that are in it already. A name of an image is its id or its delete hash, told
apart by length; so is a name of an album.
"""

from collections.abc import Callable, Sequence
from typing import Any, cast

from heliograph.server import catalog, cursors
from heliograph.server.audit import done_by
from heliograph.server.callers import must_own, owns
from heliograph.server.catalog import albums as catalog_albums
from heliograph.server.errors import BadParameter, Forbidden, Gone, NotFound
from heliograph.server.links import ALBUM_ID_LENGTH, DELETE_HASH_LENGTH, new_album_id, new_delete_hash
from heliograph.server.model import LAYOUTS, PRIVACIES, Account, Album, Caller, Image, Layout, Privacy
from heliograph.server.ports import Database
from heliograph.server.texts import checked_texts

DEFAULT_PRIVACY: Privacy = "hidden"
DEFAULT_LAYOUT: Layout = "blog"

_MOST_LISTED = 100


class Albums:
    """Everything that can be done with albums."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    async def create(self, changes: dict[str, str | None], names: Sequence[str], caller: Caller) -> Album:
        """A new album of the images `names`, owned by the caller's account or by nobody but its delete hash.

        `changes` are some of title, description, privacy, layout and cover (the id of one of the images). Raises
        BadParameter, NotFound, Gone, Forbidden.
        """
        wanted = _checked(changes)
        image_ids = await self._admitted(names, caller, ())
        made = Album(
            id=new_album_id(),
            delete_hash=new_delete_hash(),
            account_id=caller.account.id if caller.account else None,
            created=catalog.now(),
            privacy=cast("Privacy", wanted.get("privacy", DEFAULT_PRIVACY)),
            layout=cast("Layout", wanted.get("layout", DEFAULT_LAYOUT)),
            title=wanted.get("title"),
            description=wanted.get("description"),
            cover=wanted.get("cover"),
        )
        await self._do(catalog_albums.add_album(made, image_ids), caller, "create", made, _listed(image_ids))
        return await self._now(made)

    async def find(self, name: str, caller: Caller, delete_hash: str | None = None) -> Album:
        """The album of that id or delete hash, for whom it is meant.

        Raises NotFound, also for strangers to a secret album, and Gone where it was removed.
        """
        found, shown = await self._found(name, delete_hash)
        if found.privacy == "secret" and not owns(caller, found, shown):
            raise NotFound
        return _live(found)

    async def find_to_change(self, name: str, caller: Caller, delete_hash: str | None = None) -> Album:
        """The album of that id or delete hash, for who may change it. Raises NotFound, Gone, Forbidden."""
        found = await self.find(name, caller, delete_hash)
        must_own(caller, found, name if name == found.delete_hash else delete_hash)
        return found

    async def images(self, album: Album) -> list[Image]:
        """The album's images in order, without those that were removed."""
        rows = await self._database.fetch_all(catalog_albums.images_of(album.id))
        return [catalog.to_image(row) for row in rows]

    async def covers(self, albums: Sequence[Album]) -> dict[str, Image]:
        """The images that stand for the albums, by the album's id; an album that shows none has none."""
        wanted = {album.cover for album in albums if album.cover}
        rows = await self._database.fetch_all(catalog_albums.images_named(wanted)) if wanted else ()
        found = {image.id: image for image in map(catalog.to_image, rows)}
        return {album.id: found[album.cover] for album in albums if album.cover in found}

    async def owned_by(self, account: Account, limit: int, cursor: str | None) -> tuple[list[Album], str | None]:
        """A page of the account's albums, newest first, and the cursor of the next page. Raises BadParameter."""
        before = cursors.read(cursor) if cursor else None
        rows = await self._database.fetch_all(catalog_albums.owned_albums(account.id, limit + 1, before))
        found = [catalog_albums.to_album(row) for row in rows]
        last = found[limit - 1] if len(found) > limit else None
        return found[:limit], cursors.written(last.created, last.id) if last else None

    # Changes of an album that `find_to_change` gave. All return it as it is now, and raise Gone and BadParameter.

    async def edit(self, album: Album, changes: dict[str, str | None], by: Caller) -> Album:
        """Set some of title, description, privacy, layout and cover; None empties title, description and cover."""
        if changes:
            work = catalog_albums.edit_album(album.id, _checked(changes))
            await self._do(work, by, "edit", album, ", ".join(sorted(changes)))
        return await self._now(album)

    async def set_images(self, album: Album, names: Sequence[str], caller: Caller, version: int | None = None) -> Album:
        """Hold the images `names` in that order and no other; a name that comes again counts where it came first.

        Raises NotFound, Forbidden, and Conflict where the album's version is no longer `version`.
        """
        image_ids = await self._admitted(names, caller, await self.images(album))
        work = catalog_albums.set_images(album.id, image_ids, version)
        await self._do(work, caller, "set-images", album, _listed(image_ids))
        return await self._now(album)

    async def add_images(self, album: Album, names: Sequence[str], caller: Caller) -> Album:
        """Put the images `names` behind the others; those that it holds stay in place. Raises NotFound, Forbidden."""
        image_ids = await self._admitted(names, caller, await self.images(album))
        await self._do(catalog_albums.add_images(album.id, image_ids), caller, "add-images", album, _listed(image_ids))
        return await self._now(album)

    async def remove_images(self, album: Album, names: Sequence[str], by: Caller) -> Album:
        """Let go of the images `names`, which stay as they are elsewhere; strange names do not matter."""
        wanted = _checked_names(names)
        rows = await self._database.fetch_all(catalog_albums.images_named(wanted)) if wanted else ()
        leaving = [catalog.to_image(row).id for row in rows]
        await self._do(catalog_albums.remove_images(album.id, leaving), by, "remove-images", album, _listed(leaving))
        return await self._now(album)

    async def remove(self, album: Album, reason: str, by: Caller) -> None:
        """Make the album a tombstone, at once and for ever. Its images stay."""
        await self._do(catalog_albums.bury_album(album.id, catalog.now(), reason), by, "remove", album, reason)

    async def _do(
        self, work: Callable[..., Any], by: Caller, verb: str, album: Album, detail: str | None = None
    ) -> None:
        """Do a deed and note it, both or neither."""
        deed = done_by(by, f"album.{verb}", album.id, detail)
        await self._database.transaction(catalog.noted(work, deed))

    async def _found(self, name: str, delete_hash: str | None) -> tuple[Album, str | None]:
        """The album, tombstones too, and the delete hash that was shown. Raises NotFound."""
        by_hash = len(name) == DELETE_HASH_LENGTH
        if not (by_hash or len(name) == ALBUM_ID_LENGTH) or not _is_word(name):
            raise NotFound
        statement = catalog_albums.album_by_delete_hash(name) if by_hash else catalog_albums.album(name)
        row = await self._database.fetch_one(statement)
        if row is None:
            raise NotFound
        return catalog_albums.to_album(row), name if by_hash else delete_hash

    async def _now(self, album: Album) -> Album:
        row = await self._database.fetch_one(catalog_albums.album(album.id))
        assert row is not None, "albums are never deleted"
        return _live(catalog_albums.to_album(row))

    async def _admitted(self, names: Sequence[str], caller: Caller, held: Sequence[Image]) -> list[str]:
        """The ids of the images `names`, in order, each once, after a look at whether the caller may show them."""
        wanted = _checked_names(names)
        rows = await self._database.fetch_all(catalog_albums.images_named(wanted)) if wanted else ()
        by_name: dict[str, Image] = {}
        for image in map(catalog.to_image, rows):
            by_name |= {image.id: image, image.delete_hash: image}
        there = {image.id for image in held}
        return list(dict.fromkeys(_admit(name, by_name.get(name), caller, there) for name in wanted))


def _listed(image_ids: Sequence[str]) -> str | None:
    """What the audit says of a list of images: their ids, never delete hashes; of a long one the first."""
    if len(image_ids) <= _MOST_LISTED:
        return " ".join(image_ids) or None
    return f"{' '.join(image_ids[:_MOST_LISTED])} and {len(image_ids) - _MOST_LISTED} more"


def _admit(name: str, image: Image | None, caller: Caller, there: set[str]) -> str:
    """The id of the image that was named. Raises NotFound, Gone, Forbidden."""
    if image is None:
        raise NotFound(f"There is no image {name}.")
    if image.removed is not None:
        raise Gone(f"The image {image.id} was removed.", image.removed.timestamp(), image.removed_reason or "")
    if image.id not in there and not owns(caller, image, name):
        raise Forbidden(f"The image {image.id} is not yours. Name it by its delete hash to show that you may use it.")
    return image.id


def _checked_names(names: Sequence[str]) -> list[str]:
    """Names that can be looked up, each once. Raises BadParameter."""
    wanted = list(dict.fromkeys(names))
    if len(wanted) > catalog_albums.MOST_IMAGES:
        raise BadParameter(f"An album holds at most {catalog_albums.MOST_IMAGES:,} images.")
    for name in wanted:
        if not _is_word(name):
            raise BadParameter("An image is named by its id or its delete hash: letters and digits.")
    return wanted


def _is_word(name: str) -> bool:
    return name.isascii() and name.isalnum() and len(name) <= DELETE_HASH_LENGTH


def _checked(changes: dict[str, str | None]) -> dict[str, str | None]:
    """The changes with texts as `texts` wants them. Raises BadParameter."""
    for name, words in (("privacy", PRIVACIES), ("layout", LAYOUTS)):
        if name in changes and changes[name] not in words:
            raise BadParameter(f"The {name} must be one of {', '.join(words)}.")
    if changes.get("cover") is not None and not _is_word(str(changes["cover"])):
        raise BadParameter("The cover must be the id of one of the album's images.")
    return changes | checked_texts({name: changes[name] for name in ("title", "description") if name in changes})


def _live(album: Album) -> Album:
    if album.removed is not None:
        day = album.removed.strftime("%Y-%m-%d")
        raise Gone(f"This album was removed on {day}.", album.removed.timestamp(), album.removed_reason or "")
    return album
