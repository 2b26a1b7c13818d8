"""Albums, and the images that they hold in an order.

An album's rows in `album_images` stay when an image becomes a tombstone; whatever reads them leaves tombstones out.
Each work that changes an album begins with `_touch`: it locks the album's row until the transaction ends, so that
changes of one album happen one after another, and fails where the album is a tombstone.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    Row,
    ScalarSelect,
    Select,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)

from heliograph.server.catalog.images import shown_images
from heliograph.server.catalog.tables import images, metadata, moment, stamp
from heliograph.server.errors import BadParameter, Conflict, Gone
from heliograph.server.model import Album

MOST_IMAGES = 2000
"""The most images that an album holds."""

_STRANGE_COVER = "The cover must be the id of one of the album's images."

albums = Table(
    "albums",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("delete_hash", String(16), nullable=False, unique=True),
    Column("account_id", ForeignKey("accounts.id")),
    Column("created", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("privacy", String(16), nullable=False),
    Column("layout", String(16), nullable=False),
    Column("title", Text),
    Column("description", Text),
    # The cover that was chosen. It stays when its image leaves the album, and counts again when that comes back.
    Column("cover", ForeignKey("images.id")),
    Column("removed", BigInteger),
    Column("removed_reason", Text),
    # Where its owner has put it among the others, from 1; NULL where nowhere yet.
    Column("place", Integer),
)
Index("albums_owned", albums.c.account_id, albums.c.created.desc(), albums.c.id.desc())
Index("albums_privacy", albums.c.privacy)

album_images = Table(
    "album_images",
    metadata,
    Column("album_id", ForeignKey("albums.id"), primary_key=True),
    Column("image_id", ForeignKey("images.id"), primary_key=True),
    # Grows along the order; there are gaps where images have left.
    Column("position", Integer, nullable=False),
)
Index("album_images_in_order", album_images.c.album_id, album_images.c.position, unique=True)


def album(album_id: str) -> Select[Any]:
    """The album of that id, tombstones too."""
    return all_albums().where(albums.c.id == album_id)


def album_by_delete_hash(delete_hash: str) -> Select[Any]:
    """The album of that delete hash, tombstones too."""
    return all_albums().where(albums.c.delete_hash == delete_hash)


def owned_albums(account_id: int, limit: int, before: tuple[datetime, str] | None) -> Select[Any]:
    """The live albums of an account, newest first, at most `limit`, those after the position `before` (time, id)."""
    found = all_albums().where(albums.c.account_id == account_id, albums.c.removed.is_(None))
    if before:
        at, album_id = before
        found = found.where(tuple_(albums.c.created, albums.c.id) < tuple_(stamp(at), album_id))
    return found.order_by(albums.c.created.desc(), albums.c.id.desc()).limit(limit)


def images_of(album_id: str) -> Select[Any]:
    """The live images of an album, in order; `catalog.to_image` reads the rows."""
    return (
        shown_images()
        .join(album_images, album_images.c.image_id == images.c.id)
        .where(album_images.c.album_id == album_id, images.c.removed.is_(None))
        .order_by(album_images.c.position)
    )


def images_named(names: Iterable[str]) -> Select[Any]:
    """The images of those ids or delete hashes, in no order, tombstones too; `catalog.to_image` reads the rows."""
    return shown_images().where(_named(names))


def to_album(row: Row[Any]) -> Album:
    """The record of a row of `album`, `album_by_delete_hash` or `owned_albums`."""
    return Album(
        id=row.id,
        delete_hash=row.delete_hash,
        account_id=row.account_id,
        created=moment(row.created),
        privacy=row.privacy,
        layout=row.layout,
        title=row.title,
        description=row.description,
        version=row.version,
        size=row.size,
        cover=row.shown_cover,
        place=row.place or 0,
        removed=moment(row.removed) if row.removed is not None else None,
        removed_reason=row.removed_reason,
    )


def add_album(added: Album, image_ids: Sequence[str]) -> Callable[[Connection], None]:
    """Make an album that holds those images in that order. Raises BadParameter for too many, or another's cover."""

    def work(connection: Connection) -> None:
        if added.cover is not None and added.cover not in image_ids:
            raise BadParameter(_STRANGE_COVER)
        connection.execute(insert(albums), _album_row(added))
        _append(connection, added.id, image_ids)

    return work


def edit_album(album_id: str, changes: dict[str, str | None]) -> Callable[[Connection], None]:
    """Set some of title, description, privacy, layout and cover. Raises Gone, BadParameter for a cover from outside."""

    def work(connection: Connection) -> None:
        _touch(connection, album_id)
        if changes.get("cover") is not None:
            _check_cover(connection, album_id, str(changes["cover"]))
        connection.execute(update(albums).where(albums.c.id == album_id).values(**changes))

    return work


def set_images(album_id: str, image_ids: Sequence[str], version: int | None) -> Callable[[Connection], None]:
    """Hold those images, in that order, and no other.

    Raises Gone, BadParameter for too many images, and Conflict where a `version` is named and the album has another.
    """

    def work(connection: Connection) -> None:
        _touch(connection, album_id, version)
        connection.execute(delete(album_images).where(album_images.c.album_id == album_id))
        _append(connection, album_id, image_ids)

    return work


def add_images(album_id: str, image_ids: Sequence[str]) -> Callable[[Connection], None]:
    """Hold those images too, behind all others; those that are there stay where they are. Raises Gone, BadParameter."""

    def work(connection: Connection) -> None:
        _touch(connection, album_id)
        held = select(album_images.c.image_id).where(
            album_images.c.album_id == album_id, album_images.c.image_id.in_(image_ids)
        )
        there = {row.image_id for row in connection.execute(held)}
        _append(connection, album_id, [image_id for image_id in image_ids if image_id not in there])

    return work


def remove_images(album_id: str, names: Iterable[str]) -> Callable[[Connection], None]:
    """Let go of the images of those ids or delete hashes; those that are not there do not matter. Raises Gone."""

    def work(connection: Connection) -> None:
        _touch(connection, album_id)
        leaving = album_images.c.image_id.in_(select(images.c.id).where(_named(names)))
        connection.execute(delete(album_images).where(album_images.c.album_id == album_id, leaving))

    return work


def bury_album(album_id: str, at: datetime, reason: str) -> Callable[[Connection], bool]:
    """Make an album a tombstone, which holds no images. The images stay as they are. False where it already was one."""

    def work(connection: Connection) -> bool:
        buried = connection.execute(
            update(albums)
            .where(albums.c.id == album_id, albums.c.removed.is_(None))
            .values(removed=stamp(at), removed_reason=reason)
        )
        connection.execute(delete(album_images).where(album_images.c.album_id == album_id))
        return bool(buried.rowcount)

    return work


def all_albums() -> Select[Any]:
    """All albums, each with how many images it shows and which of them is its cover."""
    chosen = _of_shown(select(album_images.c.image_id)).where(album_images.c.image_id == albums.c.cover)
    first = _of_shown(select(album_images.c.image_id)).order_by(album_images.c.position).limit(1)
    return select(
        albums,
        _scalar(_of_shown(select(func.count()))).label("size"),
        func.coalesce(_scalar(chosen), _scalar(first)).label("shown_cover"),
    )


def _of_shown(wanted: Select[Any]) -> Select[Any]:
    """The same of the live images of the album that the statement around is about."""
    return wanted.select_from(album_images.join(images, album_images.c.image_id == images.c.id)).where(
        album_images.c.album_id == albums.c.id, images.c.removed.is_(None)
    )


def _scalar(wanted: Select[Any]) -> ScalarSelect[Any]:
    return wanted.correlate(albums).scalar_subquery()


def _named(names: Iterable[str]) -> Any:  # noqa: ANN401 - an SQL expression
    words = list(names)
    return or_(images.c.id.in_(words), images.c.delete_hash.in_(words))


def _touch(connection: Connection, album_id: str, version: int | None = None) -> None:
    """Lock the album until the transaction ends, and count the change. Raises Gone, or Conflict for another version."""
    wanted = update(albums).where(albums.c.id == album_id, albums.c.removed.is_(None))
    if version is not None:
        wanted = wanted.where(albums.c.version == version)
    if connection.execute(wanted.values(version=albums.c.version + 1)).rowcount:
        return
    found = connection.execute(select(albums.c.removed, albums.c.removed_reason).where(albums.c.id == album_id)).one()
    if found.removed is None:
        raise Conflict("The album was changed meanwhile: read it again, and set its images anew.")
    raise Gone("This album was removed.", found.removed / 1000, found.removed_reason or "")


def _append(connection: Connection, album_id: str, image_ids: Sequence[str]) -> None:
    """Put images behind those that the album holds. Raises BadParameter where it would hold too many."""
    if not image_ids:
        return
    live = (album_images.c.image_id == images.c.id) & images.c.removed.is_(None)
    held = (
        select(func.count(images.c.id), func.max(album_images.c.position))
        .select_from(album_images.outerjoin(images, live))
        .where(album_images.c.album_id == album_id)
    )
    count, last = connection.execute(held).one()
    if count + len(image_ids) > MOST_IMAGES:
        raise BadParameter(f"An album holds at most {MOST_IMAGES:,} images.")
    first = 0 if last is None else last + 1
    rows = [
        {"album_id": album_id, "image_id": image_id, "position": position}
        for position, image_id in enumerate(image_ids, first)
    ]
    connection.execute(insert(album_images), rows)


def _check_cover(connection: Connection, album_id: str, cover: str) -> None:
    held = select(album_images.c.image_id).where(album_images.c.album_id == album_id, album_images.c.image_id == cover)
    if connection.execute(held).first() is None:
        raise BadParameter(_STRANGE_COVER)


def _album_row(record: Album) -> dict[str, object]:
    return {
        "id": record.id,
        "delete_hash": record.delete_hash,
        "account_id": record.account_id,
        "created": stamp(record.created),
        "version": record.version,
        "privacy": record.privacy,
        "layout": record.layout,
        "title": record.title,
        "description": record.description,
        "cover": record.cover,
    }
