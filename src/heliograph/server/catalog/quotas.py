"""How much each account holds, changed only in the transaction that adds, claims or removes an image.

The sums stand in the accounts' rows, so that one statement both compares and adds: the database lets changes of one row
happen one after another.
"""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, literal, select, update

from heliograph.server.catalog.tables import accounts
from heliograph.server.errors import InvalidToken, QuotaExceeded
from heliograph.server.model import NO_QUOTA, Quota, Space


def space_of(account_id: int) -> Select[Any]:
    """What an account holds, and its own quota: used_bytes, used_images, quota_bytes, quota_images; and `enabled`."""
    columns = ("used_bytes", "used_images", "quota_bytes", "quota_images", "enabled")
    return select(*(accounts.c[name] for name in columns)).where(accounts.c.id == account_id)


def to_space(row: Row[Any], default: Quota) -> Space:
    """The record of a row of `space_of`; `default` is the quota of an account that has none of its own."""
    return Space(row.used_bytes, row.used_images, allowed(row.quota_bytes, row.quota_images, default))


def allowed(own_bytes: int | None, own_images: int | None, default: Quota) -> Quota:
    """The quota that holds: the account's own, where it has one, of bytes and of images apart."""
    return Quota(
        default.bytes if own_bytes is None else own_bytes if own_bytes != NO_QUOTA else None,
        default.images if own_images is None else own_images if own_images != NO_QUOTA else None,
    )


def must_fit(space: Space, size: int) -> None:
    """Raise QuotaExceeded where there is no room for one more image of `size` bytes."""
    if space.allowed.images is not None and space.images + 1 > space.allowed.images:
        raise QuotaExceeded(f"The account may hold {space.allowed.images:,} images, and does: remove some first.")
    if space.allowed.bytes is not None and space.bytes + size > space.allowed.bytes:
        raise QuotaExceeded(
            f"The account may hold {space.allowed.bytes:,} bytes, and {space.bytes:,} are taken: "
            "there is no room for this image."
        )


def take_room(connection: Connection, account_id: int, size: int, default: Quota) -> None:
    """Count one more image of `size` bytes. Raises QuotaExceeded, having counted nothing, and InvalidToken where the
    account was disabled or deleted meanwhile.

    `default` is the quota of an account that has none of its own.
    """
    taken = connection.execute(
        update(accounts)
        .where(
            accounts.c.id == account_id,
            accounts.c.enabled,
            _fits(accounts.c.used_bytes + size, accounts.c.quota_bytes, default.bytes),
            _fits(accounts.c.used_images + 1, accounts.c.quota_images, default.images),
        )
        .values(used_bytes=accounts.c.used_bytes + size, used_images=accounts.c.used_images + 1)
    )
    if taken.rowcount:
        return
    row = connection.execute(space_of(account_id)).one()
    if not row.enabled:
        raise InvalidToken
    must_fit(to_space(row, default), size)


def give_room(connection: Connection, account_id: int, size: int) -> None:
    """Count one image of `size` bytes less."""
    connection.execute(
        update(accounts)
        .where(accounts.c.id == account_id)
        .values(used_bytes=accounts.c.used_bytes - size, used_images=accounts.c.used_images - 1)
    )


def give_bytes(connection: Connection, account_id: int, size: int) -> None:
    """Count `size` bytes less, and as many images as before."""
    less = {"used_bytes": accounts.c.used_bytes - size}
    connection.execute(update(accounts).where(accounts.c.id == account_id).values(**less))


def _fits(then: ColumnElement[int], own: ColumnElement[int], default: int | None) -> ColumnElement[bool]:
    most = func.coalesce(own, literal(NO_QUOTA if default is None else default))
    return (most == NO_QUOTA) | (then <= most)
