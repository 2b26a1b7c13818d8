"""OAuth 2: what accounts allow applications, codes and refresh tokens for it, and devices that wait to be let in."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_row_number = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables of grants, and let a key belong to one; every key that there was belongs to none."""
    op.create_table(
        "grants",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("account_id", _row_number, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("application_id", _row_number, sa.ForeignKey("applications.id"), nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("rotates", sa.Boolean, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_grants_account_id", "grants", ["account_id"])
    _make_secrets()
    # Of another table, but NULL in every row: nothing is rewritten.
    op.add_column("keys", sa.Column("grant_id", sa.String(16), sa.ForeignKey("grants.id")), inline_references=True)
    op.create_index("ix_keys_grant_id", "keys", ["grant_id"])


def _make_secrets() -> None:
    op.create_table(
        "grant_codes",
        sa.Column("hash", sa.LargeBinary(32), primary_key=True),
        sa.Column("grant_id", sa.String(16), sa.ForeignKey("grants.id"), nullable=False),
        sa.Column("pin", sa.Boolean, nullable=False),
        sa.Column("redirect", sa.Text),
        sa.Column("challenge", sa.String(43)),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.Column("used", sa.Boolean, nullable=False),
    )
    op.create_index("ix_grant_codes_grant_id", "grant_codes", ["grant_id"])
    op.create_index("ix_grant_codes_expires", "grant_codes", ["expires"])
    op.create_table(
        "refresh_tokens",
        sa.Column("hash", sa.LargeBinary(32), primary_key=True),
        sa.Column("grant_id", sa.String(16), sa.ForeignKey("grants.id"), nullable=False),
        sa.Column("expires", sa.BigInteger),
        sa.Column("used", sa.Boolean, nullable=False),
    )
    op.create_index("ix_refresh_tokens_grant_id", "refresh_tokens", ["grant_id"])
    op.create_index("ix_refresh_tokens_expires", "refresh_tokens", ["expires"])
    op.create_table(
        "device_requests",
        sa.Column("hash", sa.LargeBinary(32), primary_key=True),
        sa.Column("user_code", sa.LargeBinary(32), nullable=False, unique=True),
        sa.Column("application_id", _row_number, sa.ForeignKey("applications.id"), nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.Column("pause", sa.Integer, nullable=False),
        sa.Column("asked", sa.BigInteger),
        sa.Column("denied", sa.Boolean, nullable=False),
        sa.Column("grant_id", sa.String(16), sa.ForeignKey("grants.id")),
    )
    op.create_index("ix_device_requests_expires", "device_requests", ["expires"])
    op.create_index("ix_device_requests_grant_id", "device_requests", ["grant_id"])
