"""Accounts, applications, keys, blobs, images, and the answers that idempotency keys replay."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_row_number = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "accounts",
        sa.Column("id", _row_number, primary_key=True),
        sa.Column("name", sa.String(64), nullable=False, unique=True),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "applications",
        sa.Column("id", _row_number, primary_key=True),
        sa.Column("client_id", sa.String(64), nullable=False, unique=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("account_id", _row_number, sa.ForeignKey("accounts.id")),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "keys",
        sa.Column("hash", sa.LargeBinary(32), primary_key=True),
        sa.Column("account_id", _row_number, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("application_id", _row_number, sa.ForeignKey("applications.id")),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("revoked", sa.BigInteger),
    )
    _make_blobs()
    _make_images()
    op.create_table(
        "replays",
        sa.Column("key", sa.LargeBinary(32), primary_key=True),
        sa.Column("fingerprint", sa.LargeBinary(32), nullable=False),
        sa.Column("received_sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("image_id", sa.String(16), sa.ForeignKey("images.id"), nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_replays_created", "replays", ["created"])


def _make_blobs() -> None:
    op.create_table(
        "blobs",
        sa.Column("sha256", sa.LargeBinary(32), primary_key=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("media_type", sa.String(32), nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("frames", sa.Integer, nullable=False),
        sa.Column("stored", sa.BigInteger, nullable=False),
        sa.Column("unused", sa.BigInteger),
        sa.Column("sweeping", sa.Boolean, nullable=False),
        sa.Column("swept", sa.BigInteger),
    )
    unused = sa.text("unused IS NOT NULL")
    op.create_index("blobs_unused", "blobs", ["unused"], sqlite_where=unused, postgresql_where=unused)


def _make_images() -> None:
    op.create_table(
        "images",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("delete_hash", sa.String(16), nullable=False, unique=True),
        sa.Column("blob", sa.LargeBinary(32), sa.ForeignKey("blobs.sha256")),
        sa.Column("account_id", _row_number, sa.ForeignKey("accounts.id")),
        sa.Column("application_id", _row_number, sa.ForeignKey("applications.id")),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("title", sa.Text),
        sa.Column("description", sa.Text),
        sa.Column("alt", sa.Text),
        sa.Column("name", sa.Text),
        sa.Column("removed", sa.BigInteger),
        sa.Column("removed_reason", sa.Text),
    )
    op.create_index("ix_images_blob", "images", ["blob"])
    owned = sa.text("account_id IS NOT NULL")
    columns: list[str | sa.TextClause] = ["account_id", sa.text("created DESC"), sa.text("id DESC")]
    op.create_index("images_owned", "images", columns, sqlite_where=owned, postgresql_where=owned)
