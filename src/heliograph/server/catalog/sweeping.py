"""Blobs that no image shows any more: claimed, and forgotten when their bytes are gone."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, select, update

from heliograph.server.catalog.tables import blobs, now, run, shown_by_any, stamp


def start_sweeping(before: datetime, most: int) -> Callable[[Connection], list[bytes]]:
    """Claim at most `most` blobs unused since before then, whose bytes may now be removed; returns their hashes.

    Blobs claimed earlier and not finished (a crash) are among them.
    """

    def work(connection: Connection) -> list[bytes]:
        due = select(blobs.c.sha256).where(blobs.c.unused < stamp(before), ~shown_by_any()).limit(most)
        found = [row.sha256 for row in connection.execute(due)]
        connection.execute(update(blobs).where(blobs.c.sha256.in_(found)).values(sweeping=True))
        return found

    return work


def finish_sweeping(sha256: bytes) -> Callable[[Connection], None]:
    """The blob's bytes are gone: tombstones keep its description, a new upload brings the bytes anew."""
    done = {"sweeping": False, "unused": None, "swept": stamp(now())}
    return lambda connection: run(
        connection, update(blobs).where(blobs.c.sha256 == sha256, blobs.c.sweeping).values(**done)
    )
