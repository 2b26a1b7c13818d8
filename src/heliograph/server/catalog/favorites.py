"""Which images and albums an account likes."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, ForeignKey, Select, Table, delete, insert, select

from heliograph.server.catalog.tables import metadata, run, stamp
from heliograph.server.model import Album, Image

favorite_images = Table(
    "favorite_images",
    metadata,
    Column("account_id", ForeignKey("accounts.id"), primary_key=True),
    Column("image_id", ForeignKey("images.id"), primary_key=True),
    Column("created", BigInteger, nullable=False),
)

favorite_albums = Table(
    "favorite_albums",
    metadata,
    Column("account_id", ForeignKey("accounts.id"), primary_key=True),
    Column("album_id", ForeignKey("albums.id"), primary_key=True),
    Column("created", BigInteger, nullable=False),
)


def liked(account_id: int, kind: type[Image] | type[Album], ids: Iterable[str]) -> Select[Any]:
    """Those of the images, or albums, that the account likes, as `id`."""
    table, thing = _of(kind)
    return select(thing.label("id")).where(table.c.account_id == account_id, thing.in_(list(ids)))


def like(account_id: int, thing: Image | Album, at: datetime) -> Callable[[Connection], None]:
    """Like it; may be repeated."""
    table, column = _of(type(thing))

    def work(connection: Connection) -> None:
        there = select(column).where(table.c.account_id == account_id, column == thing.id)
        if connection.execute(there).first() is None:
            row = {"account_id": account_id, column.name: thing.id, "created": stamp(at)}
            connection.execute(insert(table), row)

    return work


def dislike(account_id: int, thing: Image | Album) -> Callable[[Connection], None]:
    """Like it no longer; may be repeated."""
    table, column = _of(type(thing))
    gone = delete(table).where(table.c.account_id == account_id, column == thing.id)
    return lambda connection: run(connection, gone)


def toggle(account_id: int, thing: Image | Album, at: datetime) -> Callable[[Connection], bool]:
    """Like it, or no longer where the account liked it. Returns whether it likes it now."""
    table, column = _of(type(thing))
    mine = (table.c.account_id == account_id) & (column == thing.id)

    def work(connection: Connection) -> bool:
        if connection.execute(delete(table).where(mine)).rowcount:
            return False
        like(account_id, thing, at)(connection)
        return True

    return work


def forget_account(account_id: int) -> Callable[[Connection], None]:
    """Drop all that an account likes."""

    def work(connection: Connection) -> None:
        for table in (favorite_images, favorite_albums):
            connection.execute(delete(table).where(table.c.account_id == account_id))

    return work


def _of(kind: type[Image] | type[Album]) -> tuple[Table, Column[str]]:
    """The table of what is liked of that kind, and its column of ids."""
    if kind is Image:
        return favorite_images, favorite_images.c.image_id
    return favorite_albums, favorite_albums.c.album_id
