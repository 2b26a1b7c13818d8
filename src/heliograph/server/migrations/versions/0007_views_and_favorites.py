"""How often images are looked at, what accounts like, and how the gallery and the site's statistics find images."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_row_number = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables of views and favourites, and two indexes."""
    op.create_table(
        "image_totals",
        sa.Column("image_id", sa.String(16), sa.ForeignKey("images.id"), primary_key=True),
        sa.Column("views", sa.BigInteger, nullable=False),
        sa.Column("bandwidth", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "image_days",
        sa.Column("day", sa.Integer, primary_key=True),
        sa.Column("image_id", sa.String(16), sa.ForeignKey("images.id"), primary_key=True),
        sa.Column("views", sa.BigInteger, nullable=False),
        sa.Column("bandwidth", sa.BigInteger, nullable=False),
    )
    for thing in ("image", "album"):
        op.create_table(
            f"favorite_{thing}s",
            sa.Column("account_id", _row_number, sa.ForeignKey("accounts.id"), primary_key=True),
            sa.Column(f"{thing}_id", sa.String(16), sa.ForeignKey(f"{thing}s.id"), primary_key=True),
            sa.Column("created", sa.BigInteger, nullable=False),
        )
    op.create_index("images_created", "images", ["created"])
    op.create_index("albums_privacy", "albums", ["privacy"])
