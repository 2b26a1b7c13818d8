"""Quotas of accounts, counted in their rows; limits of applications, and who disabled or registered them."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the columns; what each account holds is counted from the images that are there."""
    for used in ("used_bytes", "used_images"):
        op.add_column("accounts", sa.Column(used, sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("accounts", sa.Column("quota_bytes", sa.BigInteger))
    op.add_column("accounts", sa.Column("quota_images", sa.BigInteger))
    held = "FROM images JOIN blobs ON blobs.sha256 = images.blob WHERE account_id = accounts.id AND removed IS NULL"
    op.execute(
        f"UPDATE accounts SET used_images = (SELECT count(*) {held}),"  # noqa: S608 - our own words
        f" used_bytes = (SELECT coalesce(sum(blobs.size), 0) {held})"
    )
    for state in ("suspended", "by_anybody"):
        op.add_column("applications", sa.Column(state, sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("applications", sa.Column("limits", sa.Text))
