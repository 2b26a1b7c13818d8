"""An account's images and albums by numbered pages, and albums in the order that their owner has put them in."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Select, exists, func, select, update

from heliograph.server.catalog.albums import album_images, albums, all_albums
from heliograph.server.catalog.images import shown_images
from heliograph.server.catalog.tables import images
from heliograph.server.errors import NotFound


def numbered_images(account_id: int, limit: int, skip: int, *, outside_albums: bool) -> Select[Any]:
    """The live images of an account, newest first, after the first `skip`; perhaps only those in none of its albums."""
    found = shown_images().where(images.c.account_id == account_id, images.c.removed.is_(None))
    if outside_albums:
        held = album_images.join(albums, album_images.c.album_id == albums.c.id)
        mine = (album_images.c.image_id == images.c.id) & (albums.c.account_id == account_id)
        found = found.where(~exists().select_from(held).where(mine))
    return found.order_by(images.c.created.desc(), images.c.id.desc()).limit(limit).offset(skip)


def numbered_albums(account_id: int, limit: int, skip: int) -> Select[Any]:
    """The live albums of an account in their order, after the first `skip`; `to_album` reads the rows."""
    found = all_albums().where(albums.c.account_id == account_id, albums.c.removed.is_(None))
    return found.order_by(*_order()).limit(limit).offset(skip)


def count_albums(account_id: int) -> Select[Any]:
    """How many live albums an account has."""
    mine = (albums.c.account_id == account_id) & albums.c.removed.is_(None)
    return select(func.count()).select_from(albums).where(mine)


def place_albums(account_id: int, album_ids: Sequence[str]) -> Callable[[Connection], None]:
    """Put those albums of the account first, in that order; the others keep theirs behind them. Raises NotFound."""

    def work(connection: Connection) -> None:
        mine = select(albums.c.id).where(albums.c.account_id == account_id, albums.c.removed.is_(None))
        present = connection.execute(mine.order_by(*_order())).scalars().all()
        if not set(album_ids) <= set(present):
            raise NotFound("You have no album of one of these ids.")
        wanted = dict.fromkeys([*album_ids, *present])
        for place, album_id in enumerate(wanted, 1):
            connection.execute(update(albums).where(albums.c.id == album_id).values(place=place))

    return work


def _order() -> tuple[Any, ...]:
    """Those without a place, the newest first, before those that have one."""
    return albums.c.place.is_not(None), albums.c.place, albums.c.created.desc(), albums.c.id.desc()
