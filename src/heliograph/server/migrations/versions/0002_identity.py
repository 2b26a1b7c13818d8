"""Passwords and roles of accounts, secrets and old-style keys of applications, scopes of tokens, and the record of
deeds.
"""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_row_number = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Add what is new; every key that there was keeps all rights, and the first account administers."""
    _extend_accounts()
    _extend_applications()
    _extend_keys()
    op.create_table(
        "deeds",
        sa.Column("id", _row_number, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("account_id", sa.BigInteger),
        sa.Column("account", sa.String(64)),
        sa.Column("application", sa.String(256)),
        sa.Column("address", sa.String(64)),
        sa.Column("detail", sa.Text),
    )
    op.create_index("ix_deeds_at", "deeds", ["at"])


def _extend_accounts() -> None:
    op.add_column("accounts", sa.Column("email", sa.String(254)))
    op.add_column("accounts", sa.Column("password", sa.Text))
    op.add_column("accounts", sa.Column("role", sa.String(16), nullable=False, server_default="user"))
    op.execute("UPDATE accounts SET role = 'administrator' WHERE id = (SELECT min(id) FROM accounts)")


def _extend_applications() -> None:
    op.add_column("applications", sa.Column("key", sa.String(32), nullable=False, server_default=""))
    op.add_column("applications", sa.Column("secret", sa.LargeBinary(32)))
    op.add_column("applications", sa.Column("redirects", sa.Text, nullable=False, server_default=""))
    _fill("applications", "id", "key", 16)
    op.create_index("applications_key", "applications", ["key"], unique=True)
    op.create_index("ix_applications_account_id", "applications", ["account_id"])


def _extend_keys() -> None:
    op.add_column("keys", sa.Column("id", sa.String(16), nullable=False, server_default=""))
    op.add_column("keys", sa.Column("name", sa.String(100), nullable=False, server_default="first key"))
    everything = "account albums images:read images:write"
    op.add_column("keys", sa.Column("scopes", sa.Text, nullable=False, server_default=everything))
    op.add_column("keys", sa.Column("expires", sa.BigInteger))
    op.add_column("keys", sa.Column("used", sa.BigInteger))
    _fill("keys", "hash", "id", 5)
    op.create_index("keys_id", "keys", ["id"], unique=True)
    op.create_index("ix_keys_account_id", "keys", ["account_id"])


def _fill(table: str, told_by: str, column: str, length: int) -> None:
    """Give every row a random word of `length` bytes in hex."""
    rows = sa.table(table, sa.column(told_by), sa.column(column))
    connection = op.get_bind()
    for known in connection.execute(sa.select(rows.c[told_by])).scalars().all():
        filled = sa.update(rows).where(rows.c[told_by] == known)
        connection.execute(filled.values({column: secrets.token_hex(length)}))
