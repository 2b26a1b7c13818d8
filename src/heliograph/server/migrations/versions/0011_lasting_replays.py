"""Idempotency keys are kept with their images, for as long as those are there, in place of a day."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_OF_THE_IMAGE = "FROM replays WHERE replays.image_id = images.id"


def upgrade() -> None:
    """Add the columns, and bring the keys of the last day over to them."""
    op.add_column("images", sa.Column("replay_key", sa.LargeBinary(16)))
    op.add_column("images", sa.Column("replay_content", sa.LargeBinary(16)))
    op.add_column("images", sa.Column("received", sa.LargeBinary(32)))
    op.execute(
        f"UPDATE images SET replay_key = (SELECT substr(key, 1, 16) {_OF_THE_IMAGE}), "  # noqa: S608 - our own words
        f"replay_content = (SELECT substr(fingerprint, 1, 16) {_OF_THE_IMAGE}), "
        f"received = (SELECT nullif(received_sha256, images.blob) {_OF_THE_IMAGE}) "
        "WHERE id IN (SELECT image_id FROM replays)"
    )
    known = sa.text("replay_key IS NOT NULL")
    op.create_index(
        "images_replay_key", "images", ["replay_key"], unique=True, sqlite_where=known, postgresql_where=known
    )
    op.drop_table("replays")
