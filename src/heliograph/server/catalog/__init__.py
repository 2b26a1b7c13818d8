"""Every SQL statement, written once for SQLite and PostgreSQL; rows become records here and nowhere else.

A function that reads returns a statement for `Database.fetch_*`; one that writes returns the work of one
`Database.transaction`. Times are whole milliseconds since 1970, UTC, in the tables, and aware datetimes in the records.
"""

from heliograph.server.catalog.identity import any_application, application, key_holder, register, to_application
from heliograph.server.catalog.images import (
    REPLAY_TIME,
    BlobBeingSwept,
    Replay,
    add_image,
    bury_image,
    edit_image,
    forget_replays,
    image,
    image_by_delete_hash,
    owned_images,
    replay,
    to_image,
    to_replay,
)
from heliograph.server.catalog.sweeping import finish_sweeping, start_sweeping
from heliograph.server.catalog.tables import metadata, now

__all__ = [
    "REPLAY_TIME",
    "BlobBeingSwept",
    "Replay",
    "add_image",
    "any_application",
    "application",
    "bury_image",
    "edit_image",
    "finish_sweeping",
    "forget_replays",
    "image",
    "image_by_delete_hash",
    "key_holder",
    "metadata",
    "now",
    "owned_images",
    "register",
    "replay",
    "start_sweeping",
    "to_application",
    "to_image",
    "to_replay",
]
