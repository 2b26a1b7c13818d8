"""Images that exist: found, described, listed, removed, and opened as the bytes that a link asks for.

Hides where bytes lie, which rendition stands for what, and that renditions are made once however many ask at once.
"""

import asyncio
import hashlib
import logging
import re
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from heliograph.imaging import vectors
from heliograph.imaging.formats import BY_MEDIA_TYPE
from heliograph.imaging.recipe import LETTERS, WEB, Recipe
from heliograph.server import catalog, cursors
from heliograph.server.audit import done_by
from heliograph.server.errors import (
    BadParameter,
    CorruptImage,
    Forbidden,
    Gone,
    HeliographError,
    NotFound,
    StorageUnavailable,
    TooManyFrames,
    TooManyPixels,
    naming_image_failures,
)
from heliograph.server.model import Account, Caller, Image, ImageRef
from heliograph.server.ports import BlobStore, Database, StoredBlob, Transformer
from heliograph.server.quotas import Quotas
from heliograph.server.recent import Recent
from heliograph.server.texts import checked_texts

_REMEMBERED_SECONDS = 5.0
"""How soon a removal is seen by other processes. Our own sees it at once."""

_REMEMBERED_BYTES = 16 * 1024 * 1024
_FAILED_SECONDS = 60.0
"""How long nobody tries again to render what could not be rendered."""

_LOST = "The picture's bytes cannot be read just now. The operator has been told."
_ID = re.compile(r"[A-Za-z0-9]{5,10}")
_DELETE_HASH = re.compile(r"[A-Za-z0-9]{10,15}")

log = logging.getLogger("heliograph")

_MOST_WORDS = 10
_LONGEST_SEARCH = 200


@dataclass(frozen=True, slots=True)
class Variant:
    """The bytes behind one link of an image. `etag` is quoted, as HTTP wants it; `name` is that of the stored blob."""

    image_id: str
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
        self,
        *,
        database: Database,
        blobs: BlobStore,
        renditions: BlobStore,
        transformer: Transformer,
        quotas: Quotas,
        folder: Path,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._renditions = renditions
        self._transformer = transformer
        self._quotas = quotas
        self._folder = folder
        self._remembered: Recent[Image | None] = Recent(_REMEMBERED_BYTES, _REMEMBERED_SECONDS)
        self._removals = 0
        self._failed: Recent[HeliographError] = Recent(10_000, _FAILED_SECONDS)
        self._being_made: dict[str, asyncio.Task[None]] = {}

    async def find(self, image_id: str) -> Image:
        """The image of that id. Raises NotFound, or Gone where it was removed."""
        if not _ID.fullmatch(image_id):
            raise NotFound
        if image_id not in self._remembered:
            removals = self._removals
            row = await self._database.fetch_one(catalog.image(image_id))
            image = catalog.to_image(row) if row is not None else None
            if removals != self._removals:  # it may be this image that was removed or edited meanwhile
                return _live(image)
            self._remembered.put(image_id, image, _weight(image))
        return _live(self._remembered[image_id])

    async def find_by_delete_hash(self, delete_hash: str) -> Image:
        """The image of that delete hash. Raises NotFound, or Gone where it was removed."""
        if not _DELETE_HASH.fullmatch(delete_hash):
            raise NotFound
        row = await self._database.fetch_one(catalog.image_by_delete_hash(delete_hash))
        return _live(catalog.to_image(row) if row is not None else None)

    async def edit(self, image: Image, texts: dict[str, str | None], by: Caller) -> Image:
        """Set some of title, description, alt and name. Returns the image as it is now. Raises BadParameter."""
        if texts:
            work = catalog.edit_image(image.id, checked_texts(texts))
            deed = done_by(by, "image.edit", image.id, ", ".join(sorted(texts)))
            await self._database.transaction(catalog.noted(work, deed))
            self._forget(image.id)
        return await self.find(image.id)

    async def remove(self, image: Image, reason: str, by: Caller) -> None:
        """Make the image a tombstone, at once and for ever. The bytes stay while other images show them."""
        work = catalog.bury_image(image.id, catalog.now(), reason)
        await self._database.transaction(catalog.noted(work, done_by(by, "image.remove", image.id, reason)))
        self._forget(image.id)

    async def claim(self, image: Image, account: Account, by: Caller) -> Image:
        """Give an image that nobody owns to the account; one that it owns already stays so.

        Its delete hash goes on working. Raises Forbidden where somebody else owns it, and QuotaExceeded.
        """
        work = catalog.claim_image(image.id, account.id, self._quotas.default)
        await self._database.transaction(catalog.noted(work, done_by(by, "image.claim", image.id)))
        self._forget(image.id)
        claimed = await self.find(image.id)
        if claimed.account_id != account.id:
            raise Forbidden("Somebody owns this image already.")
        return claimed

    async def owned_by(self, account: Account, search: Search, limit: int, cursor: str | None) -> Found:
        """A page of the account's images that fit, newest first. Raises BadParameter."""
        before = cursors.read(cursor) if cursor else None
        wanted = catalog.Wanted(account.id, _words(search.text), search.since, search.until)
        rows = await self._database.fetch_all(catalog.owned_images(wanted, limit + 1, before))
        images = [catalog.to_image(row) for row in rows]
        counted = await self._database.fetch_one(catalog.count_images(wanted))
        last = images[limit - 1] if len(images) > limit else None
        next_page = cursors.written(last.created, last.id) if last else None
        return Found(images[:limit], next_page, counted[0] if counted is not None else 0)

    # The bytes behind a link

    async def variant(self, ref: ImageRef, rendition: str | None) -> Variant:
        """What a link's path (and `rendition`, "web" or a size letter, from its query) stands for.

        A rendition that is not there yet is made. Raises NotFound, Gone, BadParameter, CorruptImage, Busy.
        """
        image, letter = await self.referred(ref)
        recipe = _recipe(letter or rendition)
        if recipe is None and ref.extension.lower() == "svg" and (vector := await self._vector(image)):
            return vector
        if recipe is None or (recipe is WEB and BY_MEDIA_TYPE[image.blob.media_type].in_browsers):
            name = image.blob.sha256.hex()
            return Variant(image.id, name, image.blob.media_type, f'"{name}"', original=True)
        name = rendition_name(image.blob.sha256, recipe)
        if not await self._renditions.stat(name):  # none, or an empty one: a power cut can leave that of a cache
            await self._make_once(name, recipe, image)
        return Variant(image.id, name, recipe.media_type, f'"{name}"', original=False)

    async def _vector(self, image: Image) -> Variant | None:
        """The SVG that is kept beside the image, if any."""
        for row in await self._database.fetch_all(catalog.companions_of(image.id)):
            companion = catalog.to_companion(row)
            if companion.kind == "vector":
                name = companion.sha256.hex()
                return Variant(image.id, name, vectors.MEDIA_TYPE, f'"{name}"', original=True)
        return None

    async def referred(self, ref: ImageRef) -> tuple[Image, str | None]:
        """The image that a link's path names, and the letter of its size. Raises NotFound, Gone."""
        *likelier, (last_id, last_letter) = ref.candidates
        for image_id, letter in likelier:
            try:
                return await self.find(image_id), letter
            except NotFound:
                continue
        return await self.find(last_id), last_letter

    async def open(self, variant: Variant, span: tuple[int, int] | None = None) -> StoredBlob:
        """The variant's bytes, or those of `span` (first, after last).

        Raises StorageUnavailable, also where the bytes are lost.
        """
        store = self._blobs if variant.original else self._renditions
        try:
            return await store.get(variant.name, span)
        except NotFound as lost:
            log.error("the bytes %s of a live image are not in the store", variant.name)
            raise StorageUnavailable(_LOST) from lost

    def _forget(self, image_id: str) -> None:
        self._removals += 1
        self._remembered.forget(image_id)

    async def _make_once(self, name: str, recipe: Recipe, image: Image) -> None:
        """Make a rendition; all who ask for the same one meanwhile wait for the same work."""
        if name in self._failed:
            raise type(self._failed[name])(self._failed[name].message)
        making = self._being_made.get(name)
        if making is None:
            making = asyncio.create_task(self._make(name, recipe, image))
            self._being_made[name] = making
            making.add_done_callback(lambda done: (self._being_made.pop(name), done.cancelled() or done.exception()))
        await asyncio.shield(making)

    async def _make(self, name: str, recipe: Recipe, image: Image) -> None:
        original = await self.open(Variant(image.id, image.blob.sha256.hex(), image.blob.media_type, "", original=True))
        with tempfile.TemporaryDirectory(dir=self._folder, prefix="render-") as folder:
            source, target = original.path or Path(folder) / "source", Path(folder) / "target"
            if original.chunks is not None:
                await _save(original, source)
            try:
                with naming_image_failures():
                    await self._transformer.render(recipe, source, target)
            except (CorruptImage, TooManyPixels, TooManyFrames) as failure:
                self._failed.put(name, failure)
                raise
            await self._renditions.put(name, target)


def rendition_name(sha256: bytes, recipe: Recipe) -> str:
    """The name that the rendition of an original (its hash, 32 bytes) has in the rendition store."""
    return hashlib.sha256(sha256 + str(recipe).encode()).hexdigest()


def _weight(image: Image | None) -> int:
    """About how many bytes of memory a remembered image takes."""
    texts = (image.title, image.description, image.alt, image.name) if image else ()
    return 1000 + sum(4 * len(text) for text in texts if text)


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
