"""Images, each with the idempotency key that it was published with, for as long as it is there."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    LargeBinary,
    Row,
    Select,
    and_,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.exc import IntegrityError

from heliograph.server.catalog.companions import companions_size, drop_companions, insert_companions
from heliograph.server.catalog.quotas import give_room, take_room
from heliograph.server.catalog.tables import blobs, images, moment, run, shown_by_any, stamp
from heliograph.server.model import Blob, Companion, Image, Quota


class BlobBeingSwept(Exception):  # noqa: N818 - a state that is met, not an error
    """The bytes that were to be adopted are just being removed: put them again, then repeat."""


def image(image_id: str) -> Select[Any]:
    """The image of that id, tombstones too."""
    return shown_images().where(images.c.id == image_id)


def image_by_delete_hash(delete_hash: str) -> Select[Any]:
    """The image of that delete hash, tombstones too."""
    return shown_images().where(images.c.delete_hash == delete_hash)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of an account's live images: those with every word of `words` in title, description or alt, whatever the
    case, and made from `since` until before `until`.
    """

    account_id: int
    words: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None


def owned_images(wanted: Wanted, limit: int, before: tuple[datetime, str] | None) -> Select[Any]:
    """The wanted images, newest first, at most `limit`, those after the position `before` (time, id)."""
    found = shown_images().where(*_conditions(wanted))
    if before:
        at, image_id = before
        found = found.where(tuple_(images.c.created, images.c.id) < tuple_(stamp(at), image_id))
    return found.order_by(images.c.created.desc(), images.c.id.desc()).limit(limit)


def count_images(wanted: Wanted) -> Select[Any]:
    """How many images are wanted."""
    return select(func.count()).select_from(images).where(*_conditions(wanted))


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions = [images.c.account_id == wanted.account_id, images.c.removed.is_(None)]
    for word in wanted.words:
        texts = (images.c.title, images.c.description, images.c.alt)
        conditions.append(or_(*(func.lower(text).contains(word.lower(), autoescape=True) for text in texts)))
    if wanted.since is not None:
        conditions.append(images.c.created >= stamp(wanted.since))
    if wanted.until is not None:
        conditions.append(images.c.created < stamp(wanted.until))
    return conditions


def to_image(row: Row[Any]) -> Image:
    """The record of a row of `image`, `image_by_delete_hash` or `owned_images`."""
    found = row._mapping
    blob = Blob(found["blob"], found["size"], found["media_type"], found["width"], found["height"], found["frames"])
    return Image(
        id=found["id"],
        delete_hash=found["delete_hash"],
        blob=blob,
        account_id=found["account_id"],
        application_id=found["application_id"],
        created=moment(found["created"]),
        title=found["title"],
        description=found["description"],
        alt=found["alt"],
        name=found["name"],
        removed=moment(found["removed"]) if found["removed"] is not None else None,
        removed_reason=found["removed_reason"],
    )


def shown_images() -> Select[Any]:
    """All images, each with what is known of its blob: what `to_image` reads."""
    shown = (blobs.c.size, blobs.c.media_type, blobs.c.width, blobs.c.height, blobs.c.frames)
    return select(images, *shown).join(blobs, images.c.blob == blobs.c.sha256)


HALF = 8
"""Bytes of each half of a replay's content."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What an idempotency key (16 bytes) stands for: the content (16 bytes), and the hash of the bytes that arrived.

    by_content: the key is made of the content, so it goes over to this image from one that was removed or shows other
    bytes: from one of which neither half of the content is the same. That one is then known by its `outlived_key`.
    """

    key: bytes
    content: bytes
    received_sha256: bytes
    by_content: bool = False


def replay(key: bytes) -> Select[Any]:
    """The image that was published with the idempotency key (16 bytes), tombstones too."""
    return shown_images().where(images.c.replay_key == key)


def outlived_key(key: bytes, content: bytes) -> bytes:
    """What an image is known by once its key has gone over to another: by the latter half of its content, too."""
    return hashlib.sha256(key + content[HALF:]).digest()[:16]


def to_replay(row: Row[Any]) -> Replay:
    """What a row of `replay` says of the key; the same row gives `to_image` the image."""
    found = row._mapping
    return Replay(found["replay_key"], found["replay_content"], found["received"] or found["blob"])


def add_image(
    added: Image,
    replayed: Replay | None,
    then: Callable[[Connection], None] | None = None,
    quota: Quota = Quota(),  # noqa: B008 - a frozen record
    beside: Sequence[Companion] = (),
) -> Callable[[Connection], bool]:
    """Publish an image, its blob adopted or new, with what is kept `beside` it, and remember its idempotency key.

    The blobs' bytes must have been put after `added.created`. `then` is done in the same transaction: what it raises
    leaves nothing published. `quota` is that of an account that has none of its own. The work returns False, having
    published nothing, where the id, the delete hash or the idempotency key is taken. It raises BlobBeingSwept,
    QuotaExceeded, and InvalidToken where the account was disabled or deleted meanwhile.
    """

    def work(connection: Connection) -> bool:
        try:
            with connection.begin_nested():
                for blob in (added.blob, *map(_blob_of, beside)):
                    _adopt_blob(connection, blob, added.created)
                if replayed and replayed.by_content:
                    _take_over(connection, replayed)
                    _must_be_new(connection, replayed)
                connection.execute(insert(images), _image_row(added) | _replay_columns(added, replayed))
                insert_companions(connection, added.id, beside)
                if then:
                    then(connection)
                if added.account_id is not None:
                    size = added.blob.size + sum(each.size for each in beside)
                    take_room(connection, added.account_id, size, quota)
        except (IntegrityError, _OutlivedError):
            return False
        return True

    return work


class _OutlivedError(Exception):
    """It is published already, and its key went over to another image meanwhile."""


def _must_be_new(connection: Connection, replayed: Replay) -> None:
    """Raise where it is published under its outlived key. Asked last: whoever takes a key over has then done so."""
    outlived = images.c.replay_key == outlived_key(replayed.key, replayed.content)
    if connection.execute(select(images.c.id).where(outlived, images.c.removed.is_(None))).first():
        raise _OutlivedError


def _take_over(connection: Connection, replayed: Replay) -> None:
    """Free a key that is made of the content from an image that was removed, or is of other content."""
    halves = ((1, replayed.content[:HALF]), (HALF + 1, replayed.content[HALF:]))
    other = (func.substr(images.c.replay_content, at, HALF, type_=LargeBinary) != half for at, half in halves)
    holds, removed = images.c.replay_key == replayed.key, images.c.removed.is_not(None)
    _forget_key(connection, holds & removed)
    past = connection.execute(select(images.c.id, images.c.replay_content).where(holds, and_(*other))).first()
    if past is not None:
        outlived = outlived_key(replayed.key, past.replay_content)
        _forget_key(connection, (images.c.replay_key == outlived) & removed)
        connection.execute(update(images).where(images.c.id == past.id, holds).values(replay_key=outlived))


def _forget_key(connection: Connection, whose: ColumnElement[bool]) -> None:
    connection.execute(update(images).where(whose).values(replay_key=None, replay_content=None, received=None))


def _adopt_blob(connection: Connection, added: Blob, stored: datetime) -> None:
    """Point to the blob if it is there, else add it. The row stays locked until the transaction ends."""
    whole = blobs.c.swept.is_(None) | (blobs.c.swept < stamp(stored))
    adopted = connection.execute(
        update(blobs)
        .where(blobs.c.sha256 == added.sha256, blobs.c.sweeping.is_(False), whole)
        .values(unused=None, swept=None)
    )
    if adopted.rowcount:
        return
    try:
        with connection.begin_nested():
            connection.execute(insert(blobs), _blob_row(added, stored))
    except IntegrityError as taken:
        raise BlobBeingSwept from taken


def abandon_blob(lost: Image, beside: Sequence[Companion] = ()) -> Callable[[Connection], None]:
    """The bytes that were put for an image that was not published, and those `beside` it, are left to the sweep, unless
    another shows them.
    """

    def work(connection: Connection) -> None:
        for blob in (lost.blob, *map(_blob_of, beside)):
            _abandon(connection, blob, lost.created)

    return work


def _abandon(connection: Connection, lost: Blob, stored: datetime) -> None:
    known = connection.execute(select(blobs.c.sha256).where(blobs.c.sha256 == lost.sha256)).first()
    if known is None:
        connection.execute(insert(blobs), _blob_row(lost, stored) | {"unused": stamp(stored)})
        return
    # Bytes that were swept before are there again; where the sweep is due anyway, it comes.
    swept = (blobs.c.sha256 == lost.sha256) & blobs.c.unused.is_(None) & ~shown_by_any()
    connection.execute(update(blobs).where(swept).values(unused=stamp(stored), swept=None))


def edit_image(image_id: str, texts: dict[str, str | None]) -> Callable[[Connection], None]:
    """Set some of title, description, alt and name."""
    return lambda connection: run(connection, update(images).where(images.c.id == image_id).values(**texts))


def claim_image(image_id: str, account_id: int, quota: Quota = Quota()) -> Callable[[Connection], bool]:  # noqa: B008
    """Give a live image that nobody owns to an account. False where somebody owns it, or it was removed.

    `quota` is that of an account that has none of its own. The work raises QuotaExceeded.
    """

    def work(connection: Connection) -> bool:
        free = (images.c.id == image_id) & images.c.account_id.is_(None) & images.c.removed.is_(None)
        if not connection.execute(update(images).where(free).values(account_id=account_id)).rowcount:
            return False
        _, size = _owner_and_size(connection, image_id)
        take_room(connection, account_id, size, quota)
        return True

    return work


def bury_image(image_id: str, at: datetime, reason: str) -> Callable[[Connection], bool]:
    """Make an image a tombstone; what is kept beside it goes, and blobs that nobody else shows are marked unused. False
    where it already was one.
    """

    def work(connection: Connection) -> bool:
        removed = stamp(at)
        buried = connection.execute(
            update(images)
            .where(images.c.id == image_id, images.c.removed.is_(None))
            .values(removed=removed, removed_reason=reason)
        )
        if not buried.rowcount:
            return False
        shown = select(images.c.blob).where(images.c.id == image_id).scalar_subquery()
        connection.execute(update(blobs).where(blobs.c.sha256 == shown, ~shown_by_any()).values(unused=removed))
        account_id, size = _owner_and_size(connection, image_id)
        if account_id is not None:
            give_room(connection, account_id, size)
        drop_companions(connection, image_id)
        return True

    return work


def _owner_and_size(connection: Connection, image_id: str) -> tuple[int | None, int]:
    """Whose it is, and its bytes with those of what is kept beside it."""
    found = select(images.c.account_id, blobs.c.size).join(blobs, images.c.blob == blobs.c.sha256)
    owner, size = connection.execute(found.where(images.c.id == image_id)).one()
    return owner, size + companions_size(connection, image_id)


def _image_row(record: Image) -> dict[str, object]:
    return {
        "id": record.id,
        "delete_hash": record.delete_hash,
        "blob": record.blob.sha256,
        "account_id": record.account_id,
        "application_id": record.application_id,
        "created": stamp(record.created),
        "title": record.title,
        "description": record.description,
        "alt": record.alt,
        "name": record.name,
    }


def _blob_of(companion: Companion) -> Blob:
    """As a blob, which has no pixels."""
    return Blob(companion.sha256, companion.size, _MEDIA_TYPES[companion.kind], 0, 0, 0)


_MEDIA_TYPES = {"source": "text/plain", "vector": "image/svg+xml"}


def _blob_row(record: Blob, stored: datetime) -> dict[str, object]:
    return {
        "sha256": record.sha256,
        "size": record.size,
        "media_type": record.media_type,
        "width": record.width,
        "height": record.height,
        "frames": record.frames,
        "stored": stamp(stored),
        "sweeping": False,
    }


def _replay_columns(added: Image, replayed: Replay | None) -> dict[str, object]:
    if replayed is None:
        return {}
    altered = replayed.received_sha256 != added.blob.sha256
    return {
        "replay_key": replayed.key,
        "replay_content": replayed.content,
        "received": replayed.received_sha256 if altered else None,
    }
