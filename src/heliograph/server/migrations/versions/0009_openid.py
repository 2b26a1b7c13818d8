"""Who logs in to an account with an OpenID Connect provider."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_row_number = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the table. Accounts that are there have a password or tokens, and are linked by their owners."""
    op.create_table(
        "identities",
        sa.Column("issuer", sa.String(255), primary_key=True),
        sa.Column("subject", sa.String(255), primary_key=True),
        sa.Column("account_id", _row_number, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("account_id", "issuer"),
    )
