"""Albums, and which images they hold in which order."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_row_number = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables of albums."""
    op.create_table(
        "albums",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("delete_hash", sa.String(16), nullable=False, unique=True),
        sa.Column("account_id", _row_number, sa.ForeignKey("accounts.id")),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("privacy", sa.String(16), nullable=False),
        sa.Column("layout", sa.String(16), nullable=False),
        sa.Column("title", sa.Text),
        sa.Column("description", sa.Text),
        sa.Column("cover", sa.String(16), sa.ForeignKey("images.id")),
        sa.Column("removed", sa.BigInteger),
        sa.Column("removed_reason", sa.Text),
    )
    owned = sa.text("account_id IS NOT NULL")
    columns: list[str | sa.TextClause] = ["account_id", sa.text("created DESC"), sa.text("id DESC")]
    op.create_index("albums_owned", "albums", columns, sqlite_where=owned, postgresql_where=owned)
    op.create_table(
        "album_images",
        sa.Column("album_id", sa.String(16), sa.ForeignKey("albums.id"), primary_key=True),
        sa.Column("image_id", sa.String(16), sa.ForeignKey("images.id"), primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
    )
    op.create_index("album_images_in_order", "album_images", ["album_id", "position"], unique=True)
