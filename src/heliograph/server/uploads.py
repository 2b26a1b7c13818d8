"""Images arriving: from received bytes or a URL to a published image with a signed receipt.

Hides the order that makes an acknowledgement true: decode wholly, clean, store the bytes durably, and only then add the
row. A crash between bytes and row leaves bytes that nobody points to, never a link without bytes.
"""

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from heliograph.imaging.formats import FORMATS, Inspection
from heliograph.server import catalog
from heliograph.server.audit import done_by
from heliograph.server.catalog import albums as catalog_albums
from heliograph.server.companions import Companions, Draft
from heliograph.server.errors import (
    BadParameter,
    Busy,
    Conflict,
    Gone,
    InvalidToken,
    NoImageSent,
    QuotaExceeded,
    StorageUnavailable,
    naming_image_failures,
)
from heliograph.server.incoming import Incoming, temporary
from heliograph.server.links import new_delete_hash, new_id
from heliograph.server.model import Album, Blob, Caller, Companion, Deed, Image, Kind, RemoteImage, Texts
from heliograph.server.ports import BlobStore, Database, Fetcher, Transformer
from heliograph.server.quotas import Quotas
from heliograph.server.receipts import Signer
from heliograph.server.texts import LONGEST_TEXT, checked_texts

_ATTEMPTS = 40

UNGUESSABLE = "secret-"
_SHORTEST_UNGUESSABLE = 39
"""How an idempotency key begins that nobody can guess, and its least length: 32 characters to be guessed."""

_HASH_LENGTH = 16
"""Bytes that are kept of a key's and of a content's SHA-256: who finds two alike among his own fools himself only."""

_HALF = catalog.HALF

Adding = Callable[[Image], Callable[..., bool]]
"""Makes the work of the transaction that publishes an image."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """An upload that was acknowledged, and what is kept beside it. `removed` names the private metadata that was taken
    out, where it is known.
    """

    image: Image
    receipt: str
    removed: tuple[str, ...] = ()
    replayed: bool = False
    beside: tuple[Companion, ...] = ()


@dataclass(slots=True)
class Counted:
    """Since the start: images published, and the bytes of their originals."""

    images: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class _Received:
    """The bytes of one upload as a file, and their hash (32 bytes)."""

    path: Path
    sha256: bytes


@dataclass(frozen=True, slots=True)
class _Repeat:
    """What an upload would be the repetition of: the stored form of its key, None without one, and its content.

    changing: the key is that of a URL, which may have gone over to another image since.
    """

    key: bytes | None
    content: bytes
    by_content: bool
    changing: bool = False

    def during(self, call: str) -> "_Repeat":
        """Of what a URL shows, as far as it is known before it is fetched: the call that this is a try of."""
        return replace(self, content=bytes(_HALF) + _short_hash(call.encode())[:_HALF], changing=True)

    def showing(self, sha256: bytes, call: str | None) -> "_Repeat":
        """Of what a URL shows by now. Half of the content says what that is, the other half in which call it was seen;
        either is enough to make it a repetition.
        """
        shown = _short_hash(self.content + sha256)
        seen = _short_hash(call.encode())[:_HALF] if call else shown[_HALF:]
        return replace(self, content=shown[:_HALF] + seen, changing=True)

    def is_of(self, content: bytes) -> bool:
        """Whether `content`, which is remembered of the key, is that of this upload."""
        alike = self.content[:_HALF] == content[:_HALF] or self.content[_HALF:] == content[_HALF:]
        return alike if self.by_content else self.content == content

    def of(self, received_sha256: bytes) -> catalog.Replay | None:
        """What is remembered of the upload; None without a key."""
        return catalog.Replay(self.key, self.content, received_sha256, self.by_content) if self.key else None


class Uploads:
    """Takes pictures in. `folder` holds files under way and must be on the blob store's disk where that is local."""

    def __init__(
        self,
        *,
        database: Database,
        blobs: BlobStore,
        transformer: Transformer,
        fetcher: Fetcher,
        signer: Signer,
        quotas: Quotas,
        companions: Companions,
        folder: Path,
        max_bytes: int,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._transformer = transformer
        self._fetcher = fetcher
        self._signer = signer
        self._quotas = quotas
        self._companions = companions
        self._folder = folder
        self._max_bytes = max_bytes
        self.counted = Counted()

    async def accept(
        self,
        picture: Incoming | RemoteImage | None,
        texts: Texts,
        caller: Caller,
        idempotency_key: str | None = None,
        album: Album | None = None,
        *,
        by_content: bool = False,
        call: str | None = None,
        beside: Mapping[Kind, str] | None = None,
    ) -> Accepted:
        """Publish `picture`, as the last of `album` where one is named, and keep the texts `beside` it, by their kind.
        With the idempotency key of an earlier upload of the same content, that one's answer again, for as long as its
        image is there.

        by_content: the key is made of the content and stands for no single upload. What was removed is published anew
        with it, and so is what a URL shows by now; else these are Gone, and the earlier answer. call: what all tries of
        one upload have in common, so that one whose answer was lost is not published twice by a URL that changes.

        Raises NoImageSent, UnsupportedFormat, CorruptImage, TooManyBytes, TooManyPixels, TooManyFrames, InvalidUrl,
        ForbiddenAddress, FetchFailed, BadParameter, Conflict, Gone (the album was removed meanwhile), QuotaExceeded,
        InvalidToken (the account was disabled meanwhile), Busy, StorageUnavailable.
        """
        if picture is None or (isinstance(picture, Incoming) and picture.size == 0):
            raise NoImageSent
        texts = _checked(texts)
        content = _fingerprint(picture, texts, album, beside or {}, by_content=by_content)
        repeat = _Repeat(_replay_key(idempotency_key, caller, by_content=by_content), content, by_content)
        fetched_anyway = by_content and isinstance(picture, RemoteImage)
        tried = repeat.during(call) if fetched_anyway and call else repeat
        if (call or not fetched_anyway) and (known := await self._replayed(tried)):
            return known
        drafts = await self._companions.drafted(beside or {})
        kept = tuple(draft.companion for draft in drafts)
        with temporary(self._folder, "fetched") as fetched, temporary(self._folder, "cleaned") as cleaned:
            received = await self._received(picture, fetched)
            if fetched_anyway:
                repeat = repeat.showing(received.sha256, call)
                if known := await self._replayed(repeat):
                    return known
            with naming_image_failures():
                inspection = await self._transformer.inspect(received.path, cleaned)
            size = inspection.size + sum(each.size for each in kept)
            if known := await self._replayed_for_want_of_room(caller, size, repeat):
                return known
            stored = cleaned if inspection.changed else received.path
            image = _described(inspection, texts, caller)
            adding = partial(
                catalog.add_image,
                replayed=repeat.of(received.sha256),
                then=_into(album, image, caller) if album else None,
                quota=self._quotas.default,
                beside=kept,
            )
            published = await self._publish(image, stored, drafts, adding, done_by(caller, "image.upload", image.id))
        if published is None:
            return await self._answer_of_the_first(repeat)
        receipt = self._signer.receipt(published, received.sha256)
        return Accepted(published, receipt, inspection.removed, beside=kept)

    async def _replayed_for_want_of_room(self, caller: Caller, size: int, repeat: _Repeat) -> Accepted | None:
        """None where the caller has room for `size` bytes; else the answer of this very upload, if it was that which
        took the last room. Raises QuotaExceeded.
        """
        try:
            if caller.account is not None:
                await self._quotas.must_have_room(caller.account, size)
        except QuotaExceeded:
            if known := await self._replayed(repeat):
                return known
            raise
        return None

    async def _received(self, picture: Incoming | RemoteImage, fetched: Path) -> _Received:
        if isinstance(picture, Incoming):
            return _Received(picture.as_file(), picture.sha256)
        _, sha256 = await self._fetcher.fetch(picture.url, self._max_bytes, fetched)
        return _Received(fetched, sha256)

    async def _publish(
        self, image: Image, stored: Path, drafts: Sequence[Draft], adding: Adding, deed: Deed
    ) -> Image | None:
        """Bytes first, then the row. None where the idempotency key was used meanwhile: the bytes are left to sweep."""
        kept = [draft.companion for draft in drafts]
        for attempt in range(_ATTEMPTS):
            image = replace(image, created=catalog.now())
            await self._blobs.put(image.blob.sha256.hex(), stored)
            await self._put(drafts)
            try:
                if await self._database.transaction(catalog.noted(adding(image), deed)):
                    self.counted.images += 1
                    self.counted.bytes += image.blob.size
                    return image
                await self._database.transaction(catalog.abandon_blob(image, kept))
                return None
            except catalog.BlobBeingSwept:
                await asyncio.sleep(0.05 * (attempt + 1))
            except (QuotaExceeded, InvalidToken, Gone, BadParameter):
                await self._database.transaction(catalog.abandon_blob(image, kept))
                raise
        raise Busy

    async def remembers(self, idempotency_key: str | None, caller: Caller) -> bool:
        """Whether something was published with the key by that caller. Raises BadParameter."""
        key = _replay_key(idempotency_key, caller)
        return key is not None and await self._database.fetch_one(catalog.replay(key)) is not None

    async def _put(self, drafts: Sequence[Draft]) -> None:
        """Store what is kept beside an image, through files, as a store takes them."""
        for draft in drafts:
            with temporary(self._folder, draft.companion.kind) as file:
                try:
                    await asyncio.to_thread(file.write_bytes, draft.content)
                except OSError as full:
                    raise StorageUnavailable from full
                await self._blobs.put(draft.companion.sha256.hex(), file)

    async def _answer_of_the_first(self, repeat: _Repeat) -> Accepted:
        """The answer of whoever used the same idempotency key a moment earlier."""
        known = await self._replayed(repeat)
        if not known:
            raise Busy
        return known

    async def _replayed(self, repeat: _Repeat) -> Accepted | None:
        """What was published of this upload, if anything. Raises Conflict, Gone."""
        known = repeat.key and await self._known_by(repeat, repeat.key)
        if not known and repeat.key and repeat.changing:
            known = await self._known_by(repeat, catalog.outlived_key(repeat.key, repeat.content))
        return known or None

    async def _known_by(self, repeat: _Repeat, key: bytes) -> Accepted | None:
        row = await self._database.fetch_one(catalog.replay(key))
        if not row:
            return None
        image, known = catalog.to_image(row), catalog.to_replay(row)
        if repeat.by_content and (image.removed is not None or not repeat.is_of(known.content)):
            return None
        if not repeat.is_of(known.content):
            raise Conflict
        if image.removed is not None:
            raise Gone("The image of this idempotency key was removed.", image.removed.timestamp())
        beside = await self._companions.of(image)
        return Accepted(image, self._signer.receipt(image, known.received_sha256), replayed=True, beside=beside)


def _described(inspection: Inspection, texts: Texts, caller: Caller) -> Image:
    blob = Blob(
        sha256=inspection.sha256,
        size=inspection.size,
        media_type=FORMATS[inspection.format].media_type,
        width=inspection.width,
        height=inspection.height,
        frames=inspection.frames,
    )
    return Image(
        id=new_id(),
        delete_hash=new_delete_hash(),
        blob=blob,
        account_id=caller.account.id if caller.account else None,
        application_id=caller.application.id if caller.application else None,
        created=catalog.now(),
        title=texts.title,
        description=texts.description,
        alt=texts.alt,
        name=texts.name,
    )


def _into(album: Album, image: Image, caller: Caller) -> Callable[..., None]:
    deed = done_by(caller, "album.add-images", album.id, image.id)
    return catalog.noted(catalog_albums.add_images(album.id, [image.id]), deed)


def _checked(texts: Texts) -> Texts:
    return Texts(**checked_texts({name: getattr(texts, name) for name in LONGEST_TEXT}))


def _replay_key(idempotency_key: str | None, caller: Caller, *, by_content: bool = False) -> bytes | None:
    """The key as it is stored: hashed together with who uses it, so that nobody replays another's answer.

    Who has no account is told apart by address: the answer holds a delete hash, and some programs make a guessable key.
    A key that says of itself that it is secret needs no such care, and outlives the address. One that is made of the
    content can be made by all who have the picture, and an address has many people behind it: it must be secret.
    """
    if idempotency_key is None:
        return None
    if not 8 <= len(idempotency_key) <= 255 or not idempotency_key.isascii() or not idempotency_key.isprintable():
        raise BadParameter("The Idempotency-Key must have 8 to 255 printable ASCII characters.")
    secret = idempotency_key.startswith(UNGUESSABLE) and len(idempotency_key) >= _SHORTEST_UNGUESSABLE
    if by_content and not secret and caller.account is None:
        raise BadParameter(
            f"Without an account, an Idempotency-Key made of the content must begin with '{UNGUESSABLE}' and have "
            f"{_SHORTEST_UNGUESSABLE} characters or more: a hash of the content with a secret of your own."
        )
    nobody = "" if secret else caller.address
    who = f"{caller.account.id if caller.account else nobody}\n{caller.key or ''}\n{idempotency_key}"
    return _short_hash(who.encode())


def _fingerprint(
    picture: Incoming | RemoteImage, texts: Texts, album: Album | None, beside: Mapping[Kind, str], *, by_content: bool
) -> bytes:
    """What makes two uploads the same content: the bytes (or the address), the texts, the album, what is beside it.

    A source is left aside where the key is made of the content: the program that made it knows what of its source makes
    it another one, and what is no more than a note of the day, such as the versions of all that was imported.
    """
    content = picture.sha256 if isinstance(picture, Incoming) else b"url:" + picture.url.encode()
    kept = sorted((kind, text) for kind, text in beside.items() if not (by_content and kind == "source"))
    more = (repr(kept) if kept else "").encode("utf-8", "replace")
    named = album.id.encode() if album else b""
    return _short_hash(content + repr(texts).encode() + named + more)


def _short_hash(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()[:_HASH_LENGTH]
