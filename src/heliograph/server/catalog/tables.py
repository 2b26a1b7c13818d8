"""The tables, as the newest migration leaves them, and how times are written in them."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    exists,
)

metadata = MetaData()

# SQLite numbers rows by itself only for a column declared exactly INTEGER.
_row_number = BigInteger().with_variant(Integer, "sqlite")

accounts = Table(
    "accounts",
    metadata,
    Column("id", _row_number, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("email", String(254)),
    Column("password", Text),
    Column("role", String(16), nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("created", BigInteger, nullable=False),
    # Logins from before then are over.
    Column("sessions_after", BigInteger, nullable=False, server_default="0"),
    # The live images that it owns, and the bytes of their originals and of what is kept beside
    # them: always what counting them would give.
    Column("used_bytes", BigInteger, nullable=False, default=0),
    Column("used_images", BigInteger, nullable=False, default=0),
    # A quota of its own: nothing where that of the settings holds, -1 for none.
    Column("quota_bytes", BigInteger),
    Column("quota_images", BigInteger),
)

applications = Table(
    "applications",
    metadata,
    Column("id", _row_number, primary_key=True),
    Column("client_id", String(64), nullable=False, unique=True),
    # What the dialects without client ids carry: public too, and as long as they want it.
    Column("key", String(32), nullable=False),
    Column("secret", LargeBinary(32)),
    # The same secret, to be read again by the server alone: OAuth 1.0a signs with it.
    Column("sealed_secret", LargeBinary),
    Column("name", String(100), nullable=False),
    Column("account_id", ForeignKey("accounts.id"), index=True),
    # Redirect addresses, one a line.
    Column("redirects", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("created", BigInteger, nullable=False),
    # Disabled by the operator, which its owner cannot undo; `enabled` is false then.
    Column("suspended", Boolean, nullable=False, default=False),
    # Registered by somebody without an account.
    Column("by_anybody", Boolean, nullable=False, default=False),
    # Rules of its own, in place of the general ones by application.
    Column("limits", Text),
)

Index("applications_key", applications.c.key, unique=True)

keys = Table(
    "keys",
    metadata,
    Column("hash", LargeBinary(32), primary_key=True),
    Column("id", String(16), nullable=False),
    Column("name", String(100), nullable=False),
    # The words of the scopes, blanks between them.
    Column("scopes", Text, nullable=False),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("application_id", ForeignKey("applications.id")),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger),
    Column("used", BigInteger),
    Column("revoked", BigInteger),
    # Of an OAuth access token: what it was given for. It ends with that.
    Column("grant_id", ForeignKey("grants.id"), index=True),
)
Index("keys_id", keys.c.id, unique=True)

grants = Table(
    "grants",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("application_id", ForeignKey("applications.id"), nullable=False),
    Column("scopes", Text, nullable=False),
    Column("rotates", Boolean, nullable=False),
    Column("created", BigInteger, nullable=False),
)

# Authorization codes and pins, as hashes.
grant_codes = Table(
    "grant_codes",
    metadata,
    Column("hash", LargeBinary(32), primary_key=True),
    Column("grant_id", ForeignKey("grants.id"), nullable=False, index=True),
    Column("pin", Boolean, nullable=False),
    # The redirect address that the program named, if any, and what its verifier must fit (RFC 7636).
    Column("redirect", Text),
    Column("challenge", String(43)),
    Column("expires", BigInteger, nullable=False, index=True),
    Column("used", Boolean, nullable=False),
)

# As hashes. Those that were used stay until they expire, so that a second use is known for what it is.
refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("hash", LargeBinary(32), primary_key=True),
    Column("grant_id", ForeignKey("grants.id"), nullable=False, index=True),
    Column("expires", BigInteger, index=True),
    Column("used", Boolean, nullable=False),
    # When, for as long as it may be used once more: until the one that it gave is used, or it did come again.
    Column("used_at", BigInteger),
)

# Devices that wait for somebody to let them in (RFC 8628): device code and user code, both as hashes.
device_requests = Table(
    "device_requests",
    metadata,
    Column("hash", LargeBinary(32), primary_key=True),
    Column("user_code", LargeBinary(32), nullable=False, unique=True),
    Column("application_id", ForeignKey("applications.id"), nullable=False),
    Column("scopes", Text, nullable=False),
    Column("expires", BigInteger, nullable=False, index=True),
    # Seconds that the device has to wait between two questions, and when it last asked.
    Column("pause", Integer, nullable=False),
    Column("asked", BigInteger),
    Column("denied", Boolean, nullable=False),
    Column("grant_id", ForeignKey("grants.id"), index=True),
)

deeds = Table(
    "deeds",
    metadata,
    Column("id", _row_number, primary_key=True),
    Column("at", BigInteger, nullable=False, index=True),
    Column("action", String(32), nullable=False),
    Column("subject", String(64), nullable=False),
    # Account and application as they were then: the record outlives both.
    Column("account_id", BigInteger),
    Column("account", String(64)),
    Column("application", String(256)),
    Column("address", String(64)),
    Column("detail", Text),
)

blobs = Table(
    "blobs",
    metadata,
    Column("sha256", LargeBinary(32), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("media_type", String(32), nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("frames", Integer, nullable=False),
    Column("stored", BigInteger, nullable=False),
    # unused: since when no image shows the blob, or keeps it beside. sweeping: its bytes are being
    # removed; nobody may adopt it now.
    Column("unused", BigInteger),
    Column("sweeping", Boolean, nullable=False),
    # When its bytes were last removed: who put them before that has to put them again.
    Column("swept", BigInteger),
)
# In the database this index, `images_owned` and `images_replay_key` leave out the rows without a value. To say so
# here would import PostgreSQL's dialect at every start.
Index("blobs_unused", blobs.c.unused)

images = Table(
    "images",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("delete_hash", String(16), nullable=False, unique=True),
    Column("blob", LargeBinary(32), ForeignKey("blobs.sha256"), index=True),
    Column("account_id", ForeignKey("accounts.id")),
    Column("application_id", ForeignKey("applications.id")),
    Column("created", BigInteger, nullable=False),
    Column("title", Text),
    Column("description", Text),
    Column("alt", Text),
    Column("name", Text),
    Column("removed", BigInteger),
    Column("removed_reason", Text),
    # The idempotency key that it was published with, if any, and for which content: the first half of SHA-256 each.
    Column("replay_key", LargeBinary(16)),
    Column("replay_content", LargeBinary(16)),
    # The hash of the bytes that came with that key, where they are not those of the blob.
    Column("received", LargeBinary(32)),
)
Index("images_owned", images.c.account_id, images.c.created.desc(), images.c.id.desc())
Index("images_created", images.c.created)
Index("images_replay_key", images.c.replay_key, unique=True)

# What is kept beside an image, each a blob. The rows go when the image does.
companions = Table(
    "companions",
    metadata,
    Column("image_id", ForeignKey("images.id"), primary_key=True),
    Column("kind", String(8), primary_key=True),
    Column("blob", LargeBinary(32), ForeignKey("blobs.sha256"), nullable=False),
)
Index("companions_blob", companions.c.blob)


def now() -> datetime:
    """The present, in UTC, to the millisecond that the tables keep."""
    return moment(stamp(datetime.now(UTC)))


def run(connection: Connection, statement: Any) -> None:  # noqa: ANN401 - any statement
    """Execute a statement whose result nobody wants."""
    connection.execute(statement)


def stamp(at: datetime) -> int:
    """Milliseconds since 1970, as the tables keep times."""
    return round(at.timestamp() * 1000)


def moment(stamp: int) -> datetime:
    """The time that a stamp means, in UTC."""
    return datetime.fromtimestamp(stamp / 1000, UTC)


def shown_by_any() -> Any:  # noqa: ANN401 - an SQL expression
    """Whether any live image shows the blob of the statement around it, or keeps it beside."""
    shown = exists().where(images.c.blob == blobs.c.sha256, images.c.removed.is_(None))
    return shown | exists().where(companions.c.blob == blobs.c.sha256)
