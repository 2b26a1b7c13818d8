"""Cursors of listings: where a page ended, as a word that clients hand back unread."""

import base64
from datetime import UTC, datetime

from heliograph.server.errors import BadParameter


def written(created: datetime, name: str) -> str:
    """The cursor of a page whose last entry was made at `created` and has the id `name`."""
    return base64.urlsafe_b64encode(f"{created.timestamp():.3f} {name}".encode()).decode().rstrip("=")


def read(cursor: str) -> tuple[datetime, str]:
    """The time and the id of the entry that a page ended with. Raises BadParameter for what is no cursor of ours."""
    try:
        at, name = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().split(" ")
        return datetime.fromtimestamp(float(at), UTC), name
    except (ValueError, OverflowError) as problem:
        raise BadParameter("The cursor is not one that this server gave out.") from problem
