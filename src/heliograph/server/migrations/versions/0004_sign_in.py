"""When the logins of an account end."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Logins of every account are good until it ends them."""
    op.add_column("accounts", sa.Column("sessions_after", sa.BigInteger, nullable=False, server_default="0"))
