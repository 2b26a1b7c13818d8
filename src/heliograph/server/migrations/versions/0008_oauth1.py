"""OAuth 1.0a: sealed secrets of applications, tokens on their way and given, and the nonces of signed requests."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_row_number = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Add the column and make the tables. Applications that have a secret already must rotate it for OAuth 1.0a."""
    op.add_column("applications", sa.Column("sealed_secret", sa.LargeBinary))
    op.add_column("albums", sa.Column("place", sa.Integer))
    op.create_table(
        "oauth1_requests",
        sa.Column("token", sa.String(32), primary_key=True),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.Column("application_id", _row_number, sa.ForeignKey("applications.id"), nullable=False),
        sa.Column("callback", sa.Text),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("account_id", _row_number, sa.ForeignKey("accounts.id")),
        sa.Column("verifier", sa.LargeBinary(32)),
        sa.Column("tries", sa.Integer, nullable=False),
    )
    op.create_index("ix_oauth1_requests_created", "oauth1_requests", ["created"])
    op.create_index("ix_oauth1_requests_account_id", "oauth1_requests", ["account_id"])
    op.create_table(
        "oauth1_tokens",
        sa.Column("token", sa.String(32), primary_key=True),
        sa.Column("id", sa.String(16), nullable=False, unique=True),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.Column("application_id", _row_number, sa.ForeignKey("applications.id"), nullable=False),
        sa.Column("account_id", _row_number, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("used", sa.BigInteger),
        sa.Column("revoked", sa.BigInteger),
    )
    op.create_index("ix_oauth1_tokens_account_id", "oauth1_tokens", ["account_id"])
    op.create_table(
        "oauth1_nonces",
        sa.Column("hash", sa.LargeBinary(32), primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_oauth1_nonces_at", "oauth1_nonces", ["at"])
