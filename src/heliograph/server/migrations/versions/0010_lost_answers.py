"""When a refresh token was used, while it may come once more because the answer to that was lost."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the column. Tokens that were used before have come to their programs, or to nobody who asks any more."""
    op.add_column("refresh_tokens", sa.Column("used_at", sa.BigInteger))
