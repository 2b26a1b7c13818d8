"""Images that exist: found, described, listed, removed, and opened as the bytes that a link asks for.

Hides where bytes lie, which rendition stands for what, and that renditions are made once however many ask at once.
"""

import asyncio
import base64
import hashlib
import tempfile
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from heliograph.imaging.formats import BY_MEDIA_TYPE
from heliograph.imaging.recipe import LETTERS, WEB, Recipe
from heliograph.server import catalog
from heliograph.server.audit import done_by
from heliograph.server.errors import BadParameter, Forbidden, Gone, NotFound, naming_image_failures
from heliograph.server.model import Account, Caller, Image, ImageRef
from heliograph.server.ports import BlobStore, Database, StoredBlob, Transformer
from heliograph.server.texts import checked_texts

_REMEMBERED = 5.0
"""Seconds that a found image is remembered: how soon a removal is seen by other processes. Our own sees it at once."""

_MOST_REMEMBERED = 20_000

_MOST_WORDS = 10
_LONGEST_SEARCH = 200


@dataclass(frozen=True, slots=True)
class Variant:
    """The bytes behind one link. `etag` is quoted, as HTTP wants it; `size` in bytes; `name` that of the stored
    blob.
    """

    name: str
    media_type: str
    etag: str
    original: bool


@dataclass(frozen=True, slots=True)
class Search:
    """What to look for among one's images: words that must all occur, and from when until before when (aware)."""

    text: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A page of images, the cursor of the next one (None on the last), and how many fit on all pages."""

    images: list[Image]
    next: str | None
    total: int


class Library:
    """Everything that can be done with published images."""

    def __init__(
        self, *, database: Database, blobs: BlobStore, renditions: BlobStore, transformer: Transformer, folder: Path
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._renditions = renditions
        self._transformer = transformer
        self._folder = folder
        self._remembered: OrderedDict[str, tuple[float, Image | None]] = OrderedDict()
        self._being_made: dict[str, asyncio.Task[None]] = {}

    async def find(self, image_id: str) -> Image:
        """The image of that id. Raises NotFound, or Gone where it was removed."""
        known = self._remembered.get(image_id)
        if known is None or known[0] < time.monotonic():
            row = await self._database.fetch_one(catalog.image(image_id))
            known = (time.monotonic() + _REMEMBERED, catalog.to_image(row) if row is not None else None)
            self._remembered[image_id] = known
            if len(self._remembered) > _MOST_REMEMBERED:
                self._remembered.popitem(last=False)
        return _live(known[1])

    async def find_by_delete_hash(self, delete_hash: str) -> Image:
        """The image of that delete hash. Raises NotFound, or Gone where it was removed."""
        row = await self._database.fetch_one(catalog.image_by_delete_hash(delete_hash))
        return _live(catalog.to_image(row) if row is not None else None)

    async def edit(self, image: Image, texts: dict[str, str | None], by: Caller) -> Image:
        """Set some of title, description, alt and name. Returns the image as it is now. Raises BadParameter."""
        if texts:
            work = catalog.edit_image(image.id, checked_texts(texts))
            deed = done_by(by, "image.edit", image.id, ", ".join(sorted(texts)))
            await self._database.transaction(catalog.noted(work, deed))
            self._remembered.pop(image.id, None)
        return await self.find(image.id)

    async def remove(self, image: Image, reason: str, by: Caller) -> None:
        """Make the image a tombstone, at once and for ever. The bytes stay while other images show them."""
        work = catalog.bury_image(image.id, catalog.now(), reason)
        await self._database.transaction(catalog.noted(work, done_by(by, "image.remove", image.id, reason)))
        self._remembered.pop(image.id, None)

    async def claim(self, image: Image, account: Account, by: Caller) -> Image:
        """Give an image that nobody owns to the account; one that it owns already stays so.

        Its delete hash goes on working. Raises Forbidden where somebody else owns it.
        """
        work = catalog.claim_image(image.id, account.id)
        await self._database.transaction(catalog.noted(work, done_by(by, "image.claim", image.id)))
        self._remembered.pop(image.id, None)
        claimed = await self.find(image.id)
        if claimed.account_id != account.id:
            raise Forbidden("Somebody owns this image already.")
        return claimed

    async def owned_by(self, account: Account, search: Search, limit: int, cursor: str | None) -> Found:
        """A page of the account's images that fit, newest first. Raises BadParameter."""
        before = _read_cursor(cursor) if cursor else None
        wanted = catalog.Wanted(account.id, _words(search.text), search.since, search.until)
        rows = await self._database.fetch_all(catalog.owned_images(wanted, limit + 1, before))
        images = [catalog.to_image(row) for row in rows]
        counted = await self._database.fetch_one(catalog.count_images(wanted))
        next_page = _cursor(images[:limit]) if len(images) > limit else None
        return Found(images[:limit], next_page, counted[0] if counted is not None else 0)

    # The bytes behind a link

    async def variant(self, ref: ImageRef, rendition: str | None) -> Variant:
        """What a link's path (and `rendition`, "web" or a size letter, from its query) stands for.

        A rendition that is not there yet is made. Raises NotFound, Gone, BadParameter, CorruptImage, Busy.
        """
        image, letter = await self._referred(ref)
        recipe = _recipe(letter or rendition)
        if recipe is None or (recipe is WEB and BY_MEDIA_TYPE[image.blob.media_type].in_browsers):
            name = image.blob.sha256.hex()
            return Variant(name, image.blob.media_type, f'"{name}"', original=True)
        name = hashlib.sha256(image.blob.sha256 + str(recipe).encode()).hexdigest()
        if await self._renditions.stat(name) is None:
            await self._make_once(name, recipe, image)
        return Variant(name, recipe.media_type, f'"{name}"', original=False)

    async def open(self, variant: Variant, span: tuple[int, int] | None = None) -> StoredBlob:
        """The variant's bytes, or those of `span` (first, after last). Raises NotFound, StorageUnavailable."""
        return await (self._blobs if variant.original else self._renditions).get(variant.name, span)

    async def _referred(self, ref: ImageRef) -> tuple[Image, str | None]:
        *likelier, (last_id, last_letter) = ref.candidates
        for image_id, letter in likelier:
            try:
                return await self.find(image_id), letter
            except NotFound:
                continue
        return await self.find(last_id), last_letter

    async def _make_once(self, name: str, recipe: Recipe, image: Image) -> None:
        """Make a rendition; all who ask for the same one meanwhile wait for the same work."""
        making = self._being_made.get(name)
        if making is None:
            making = asyncio.create_task(self._make(name, recipe, image))
            self._being_made[name] = making
            making.add_done_callback(lambda done: (self._being_made.pop(name), done.cancelled() or done.exception()))
        await asyncio.shield(making)

    async def _make(self, name: str, recipe: Recipe, image: Image) -> None:
        original = await self._blobs.get(image.blob.sha256.hex())
        with tempfile.TemporaryDirectory(dir=self._folder, prefix="render-") as folder:
            source, target = original.path or Path(folder) / "source", Path(folder) / "target"
            if original.chunks is not None:
                await _save(original, source)
            with naming_image_failures():
                await self._transformer.render(recipe, source, target)
            await self._renditions.put(name, target)


async def _save(blob: StoredBlob, target: Path) -> None:
    assert blob.chunks is not None, "only a blob that is not on disk needs saving"
    with target.open("wb") as file:
        async for chunk in blob.chunks:
            await asyncio.to_thread(file.write, chunk)


def _recipe(asked: str | None) -> Recipe | None:
    if asked is None:
        return None
    recipe = WEB if asked == "web" else LETTERS.get(asked)
    if recipe is None:
        raise BadParameter("The size must be one of s, b, t, m, l, h or web.")
    return recipe


def _live(image: Image | None) -> Image:
    if image is None:
        raise NotFound
    if image.removed is not None:
        day = image.removed.strftime("%Y-%m-%d")
        raise Gone(f"This image was removed on {day}.", image.removed.timestamp(), image.removed_reason or "")
    return image


def _words(text: str) -> tuple[str, ...]:
    """The words of a search. Raises BadParameter where there are too many, or they hold what no text can."""
    words = tuple(text.split())
    if len(words) > _MOST_WORDS or len(text) > _LONGEST_SEARCH or "\0" in text:
        raise BadParameter(f"A search has at most {_MOST_WORDS} words and {_LONGEST_SEARCH} characters.")
    return words


def _cursor(images: Sequence[Image]) -> str:
    last = images[-1]
    return base64.urlsafe_b64encode(f"{last.created.timestamp():.3f} {last.id}".encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[datetime, str]:
    try:
        at, image_id = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().split(" ")
        return datetime.fromtimestamp(float(at), UTC), image_id
    except (ValueError, OverflowError) as problem:
        raise BadParameter("The cursor is not one that this server gave out.") from problem
