"""What is kept beside an image, each as a blob of its own: at most one of a kind, for as long as the image lives."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, insert, select, update

from heliograph.server.catalog.quotas import give_bytes
from heliograph.server.catalog.tables import blobs, companions, images, now, shown_by_any, stamp
from heliograph.server.model import Companion


def companions_of(image_id: str) -> Select[Any]:
    """What is kept beside an image."""
    found = select(companions.c.kind, companions.c.blob, blobs.c.size)
    return found.join(blobs, companions.c.blob == blobs.c.sha256).where(companions.c.image_id == image_id)


def to_companion(row: Row[Any]) -> Companion:
    """The record of a row of `companions_of`."""
    return Companion(row.kind, row.blob, row.size)


def insert_companions(connection: Connection, image_id: str, added: Sequence[Companion]) -> None:
    """Add rows for blobs that were adopted."""
    if added:
        rows = [{"image_id": image_id, "kind": each.kind, "blob": each.sha256} for each in added]
        connection.execute(insert(companions), rows)


def companions_size(connection: Connection, image_id: str) -> int:
    """The bytes of all that is kept beside an image."""
    found = select(func.coalesce(func.sum(blobs.c.size), 0)).join(companions, companions.c.blob == blobs.c.sha256)
    return int(connection.execute(found.where(companions.c.image_id == image_id)).scalar_one())


def drop_companions(connection: Connection, image_id: str, kind: str | None = None) -> None:
    """Forget what is kept beside an image, or that of one kind; blobs that nothing shows any more are marked unused."""
    which = companions.c.image_id == image_id
    if kind is not None:
        which &= companions.c.kind == kind
    hashes = list(connection.execute(select(companions.c.blob).where(which)).scalars())
    if hashes:
        connection.execute(delete(companions).where(which))
        unused = blobs.c.sha256.in_(hashes) & ~shown_by_any()
        connection.execute(update(blobs).where(unused).values(unused=stamp(now())))


def remove_companion(image_id: str, kind: str) -> Callable[[Connection], bool]:
    """Forget what of a kind is kept beside a live image, and give its owner the room back. False where nothing is."""

    def work(connection: Connection) -> bool:
        before = companions_size(connection, image_id)
        drop_companions(connection, image_id, kind)
        gone = before - companions_size(connection, image_id)
        owner = connection.execute(select(images.c.account_id).where(images.c.id == image_id)).scalar_one()
        if gone and owner is not None:
            give_bytes(connection, owner, gone)
        return bool(gone)

    return work
