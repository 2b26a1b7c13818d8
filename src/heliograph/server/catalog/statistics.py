"""What was asked for and how often: totals for each image, and one row for each image and day of the last weeks.

A day is a whole number: days since 1970, UTC. The days serve the site's statistics and are forgotten when no period
reaches them any more; the totals stay.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Integer,
    Row,
    Select,
    Table,
    cast,
    delete,
    func,
    select,
    text,
)

from heliograph.server.catalog.albums import album_images, albums
from heliograph.server.catalog.images import shown_images
from heliograph.server.catalog.tables import blobs, images, metadata, run, stamp
from heliograph.server.model import Served

totals = Table(
    "image_totals",
    metadata,
    Column("image_id", ForeignKey("images.id"), primary_key=True),
    Column("views", BigInteger, nullable=False),
    Column("bandwidth", BigInteger, nullable=False),
)

days = Table(
    "image_days",
    metadata,
    Column("day", Integer, primary_key=True),
    Column("image_id", ForeignKey("images.id"), primary_key=True),
    Column("views", BigInteger, nullable=False),
    Column("bandwidth", BigInteger, nullable=False),
)

_KNOWN_AT_ONCE = 500

# SQLAlchemy spells this for each database apart, in dialects that cost a tenth of a second to import; both read this.
_ADD_TO_TOTALS = text(
    "INSERT INTO image_totals (image_id, views, bandwidth) VALUES (:image_id, :views, :bandwidth) "
    "ON CONFLICT (image_id) DO UPDATE SET views = image_totals.views + excluded.views, "
    "bandwidth = image_totals.bandwidth + excluded.bandwidth"
)
_ADD_TO_DAYS = text(
    "INSERT INTO image_days (day, image_id, views, bandwidth) VALUES (:day, :image_id, :views, :bandwidth) "
    "ON CONFLICT (day, image_id) DO UPDATE SET views = image_days.views + excluded.views, "
    "bandwidth = image_days.bandwidth + excluded.bandwidth"
)


def add_served(day: int, served: Mapping[str, Served]) -> Callable[[Connection], None]:
    """Add what was served of images (by id) on that day."""
    # In order, so that two servers that count the same images wait for each other and never both.
    rows = [
        {"day": day, "image_id": image_id, "views": each.views, "bandwidth": each.bandwidth}
        for image_id, each in sorted(served.items())
    ]

    def work(connection: Connection) -> None:
        connection.execute(_ADD_TO_TOTALS, [{name: row[name] for name in row if name != "day"} for row in rows])
        connection.execute(_ADD_TO_DAYS, rows)

    return work


def served_of(image_ids: Iterable[str]) -> Select[Any]:
    """Id, views and bandwidth of those of the images that were ever asked for."""
    return select(totals).where(totals.c.image_id.in_(list(image_ids)))


def served_of_albums(album_ids: Iterable[str]) -> Select[Any]:
    """Id and views of those of the albums whose live images were ever asked for, as `album_id` and `views`."""
    return (
        select(album_images.c.album_id, _sum(totals.c.views, "views"))
        .join(totals, totals.c.image_id == album_images.c.image_id)
        .join(images, images.c.id == album_images.c.image_id)
        .where(album_images.c.album_id.in_(list(album_ids)), images.c.removed.is_(None))
        .group_by(album_images.c.album_id)
    )


def forget_days(before: int) -> Callable[[Connection], None]:
    """Drop the rows of the days before that day."""
    return lambda connection: run(connection, delete(days).where(days.c.day < before))


def served_since(day: int) -> Select[Any]:
    """Views and bandwidth of all images together since that day, as `views` and `bandwidth`."""
    return select(_sum(days.c.views, "views"), _sum(days.c.bandwidth, "bandwidth")).where(days.c.day >= day)


def uploaded_since(at: datetime) -> Select[Any]:
    """How many images were uploaded since then, also those removed meanwhile, and the bytes of their originals."""
    return (
        select(func.count().label("images"), _sum(blobs.c.size, "bytes"))
        .select_from(images.join(blobs, images.c.blob == blobs.c.sha256))
        .where(images.c.created >= stamp(at))
    )


def listed_by_views(day: int | None, limit: int, offset: int) -> Select[Any]:
    """The images that may be listed, most viewed first, counting from that day, or ever; `catalog.to_image` reads the
    rows. From a day on, only those that were viewed.
    """
    if day is None:
        counted = select(totals.c.image_id, totals.c.views).subquery()
    else:
        of_days = select(days.c.image_id, func.sum(days.c.views).label("views"))
        counted = of_days.where(days.c.day >= day).group_by(days.c.image_id).subquery()
    found = _listed().join(counted, counted.c.image_id == images.c.id, isouter=day is None)
    views = func.coalesce(counted.c.views, 0)
    return found.order_by(views.desc(), images.c.created.desc(), images.c.id.desc()).limit(limit).offset(offset)


def listed_by_time(since: datetime | None, limit: int, offset: int) -> Select[Any]:
    """The images that may be listed, newest first, made since then, or ever; `catalog.to_image` reads the rows."""
    found = _listed()
    if since is not None:
        found = found.where(images.c.created >= stamp(since))
    return found.order_by(images.c.created.desc(), images.c.id.desc()).limit(limit).offset(offset)


def to_served(rows: Sequence[Row[Any]]) -> dict[str, Served]:
    """The records of rows of `served_of`, by image id."""
    return {row.image_id: Served(row.views, row.bandwidth) for row in rows}


def batches(image_ids: Sequence[str]) -> list[Sequence[str]]:
    """The ids in parts that one statement can name."""
    return [image_ids[at : at + _KNOWN_AT_ONCE] for at in range(0, len(image_ids), _KNOWN_AT_ONCE)]


def _listed() -> Select[Any]:
    """The live images of live public albums: all others have links that are secrets of those who have them."""
    held = select(album_images.c.image_id).join(albums).where(albums.c.privacy == "public", albums.c.removed.is_(None))
    return shown_images().where(images.c.removed.is_(None), images.c.id.in_(held))


def _sum(column: Column[int], name: str) -> Any:  # noqa: ANN401 - an SQL expression
    """The sum, which is a number on PostgreSQL too, where the sum of BIGINT is a decimal."""
    return cast(func.coalesce(func.sum(column), 0), BigInteger).label(name)
