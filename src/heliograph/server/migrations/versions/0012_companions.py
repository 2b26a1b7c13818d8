"""What is kept beside an image: its source, its SVG."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Make the table. No image of before has any."""
    op.create_table(
        "companions",
        sa.Column("image_id", sa.String(16), sa.ForeignKey("images.id"), primary_key=True),
        sa.Column("kind", sa.String(8), primary_key=True),
        sa.Column("blob", sa.LargeBinary(32), sa.ForeignKey("blobs.sha256"), nullable=False),
    )
    op.create_index("companions_blob", "companions", ["blob"])
