"""Every SQL statement, written once for SQLite and PostgreSQL; rows become records here (those of albums in
`catalog_albums`) and nowhere else.

A function that reads returns a statement for `Database.fetch_*`; a class that writes is the work of one
`Database.transaction`. Times are whole milliseconds since 1970, UTC, in the tables, and aware datetimes in the records.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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
    Row,
    Select,
    String,
    Table,
    Text,
    delete,
    exists,
    func,
    insert,
    select,
    tuple_,
    update,
)
from sqlalchemy.exc import IntegrityError

from heliograph.server.model import Application, Blob, Image
from heliograph.server.stamps import stamp as _stamp
from heliograph.server.stamps import time_of as _time

metadata = MetaData()

# SQLite numbers rows by itself only for a column declared exactly INTEGER.
_row_number = BigInteger().with_variant(Integer, "sqlite")

accounts = Table(
    "accounts",
    metadata,
    Column("id", _row_number, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("enabled", Boolean, nullable=False),
    Column("created", BigInteger, nullable=False),
)

applications = Table(
    "applications",
    metadata,
    Column("id", _row_number, primary_key=True),
    Column("client_id", String(64), nullable=False, unique=True),
    Column("name", String(100), nullable=False),
    Column("account_id", ForeignKey("accounts.id")),
    Column("enabled", Boolean, nullable=False),
    Column("created", BigInteger, nullable=False),
)

keys = Table(
    "keys",
    metadata,
    Column("hash", LargeBinary(32), primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("application_id", ForeignKey("applications.id")),
    Column("created", BigInteger, nullable=False),
    Column("revoked", BigInteger),
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
    # unused: since when no image shows the blob. sweeping: its bytes are being removed; nobody may adopt it now.
    Column("unused", BigInteger),
    Column("sweeping", Boolean, nullable=False),
    # When its bytes were last removed: who put them before that has to put them again.
    Column("swept", BigInteger),
)
# In the database this index and `images_owned` leave out the rows without a value (revision 0001). To say so here would
# import PostgreSQL's dialect at every start.
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
)
Index("images_owned", images.c.account_id, images.c.created.desc(), images.c.id.desc())

replays = Table(
    "replays",
    metadata,
    Column("key", LargeBinary(32), primary_key=True),
    Column("fingerprint", LargeBinary(32), nullable=False),
    Column("received_sha256", LargeBinary(32), nullable=False),
    Column("image_id", ForeignKey("images.id"), nullable=False),
    Column("created", BigInteger, nullable=False, index=True),
)


class BlobBeingSwept(Exception):  # noqa: N818 - a state that is met, not an error
    """The bytes that were to be adopted are just being removed: put them again, then repeat."""


def now() -> datetime:
    """The present, in UTC, to the millisecond that the tables keep."""
    return _time(_stamp(datetime.now(UTC)))


# Images


def image(image_id: str) -> Select[Any]:
    """The image of that id, tombstones too."""
    return shown_images().where(images.c.id == image_id)


def image_by_delete_hash(delete_hash: str) -> Select[Any]:
    """The image of that delete hash, tombstones too."""
    return shown_images().where(images.c.delete_hash == delete_hash)


def owned_images(account_id: int, limit: int, before: tuple[datetime, str] | None) -> Select[Any]:
    """The live images of an account, newest first, at most `limit`, those after the position `before` (time, id)."""
    found = shown_images().where(images.c.account_id == account_id, images.c.removed.is_(None))
    if before:
        at, image_id = before
        found = found.where(tuple_(images.c.created, images.c.id) < tuple_(_stamp(at), image_id))
    return found.order_by(images.c.created.desc(), images.c.id.desc()).limit(limit)


def to_image(row: Row[Any]) -> Image:
    """The record of a row of `image`, `image_by_delete_hash` or `owned_images`."""
    found = row._mapping
    blob = Blob(found["blob"], found["size"], found["media_type"], found["width"], found["height"], found["frames"])
    return Image(
        id=found["id"],
        delete_hash=found["delete_hash"],
        blob=blob,
        account_id=found["account_id"],
        application_id=found["application_id"],
        created=_time(found["created"]),
        title=found["title"],
        description=found["description"],
        alt=found["alt"],
        name=found["name"],
        removed=_time(found["removed"]) if found["removed"] is not None else None,
        removed_reason=found["removed_reason"],
    )


def shown_images() -> Select[Any]:
    """All images, each with what is known of its blob: what `to_image` reads."""
    shown = (blobs.c.size, blobs.c.media_type, blobs.c.width, blobs.c.height, blobs.c.frames)
    return select(images, *shown).join(blobs, images.c.blob == blobs.c.sha256)


@dataclass(frozen=True, slots=True)
class Replay:
    """What an idempotency key has answered: with which image, for which content."""

    key: bytes
    fingerprint: bytes
    received_sha256: bytes
    image_id: str


def replay(key: bytes, since: datetime) -> Select[Any]:
    """What was answered to the idempotency key (32 bytes) since then."""
    return select(replays).where(replays.c.key == key, replays.c.created >= _stamp(since))


def to_replay(row: Row[Any]) -> Replay:
    """The record of a row of `replay`."""
    return Replay(row.key, row.fingerprint, row.received_sha256, row.image_id)


def add_image(
    added: Image, replayed: Replay | None, then: Callable[[Connection], None] | None = None
) -> Callable[[Connection], bool]:
    """Publish an image, its blob adopted or new, and remember its idempotency key.

    The blob's bytes must have been put after `added.created`. `then` is done in the same transaction: what it raises
    leaves nothing published. The work returns False, having published nothing, where the id, the delete hash or the
    idempotency key is taken. It raises BlobBeingSwept.
    """

    def work(connection: Connection) -> bool:
        try:
            with connection.begin_nested():
                _adopt_blob(connection, added)
                connection.execute(insert(images), _image_row(added))
                if then:
                    then(connection)
                if replayed:
                    connection.execute(
                        delete(replays).where(replays.c.key == replayed.key, replays.c.created < _expiry())
                    )
                    connection.execute(insert(replays), _replay_row(replayed, added.created))
        except IntegrityError:
            return False
        return True

    return work


def _adopt_blob(connection: Connection, added: Image) -> None:
    """Point to the blob if it is there, else add it. The row stays locked until the transaction ends."""
    whole = blobs.c.swept.is_(None) | (blobs.c.swept < _stamp(added.created))
    adopted = connection.execute(
        update(blobs)
        .where(blobs.c.sha256 == added.blob.sha256, blobs.c.sweeping.is_(False), whole)
        .values(unused=None, swept=None)
    )
    if adopted.rowcount:
        return
    try:
        with connection.begin_nested():
            connection.execute(insert(blobs), _blob_row(added.blob, added.created))
    except IntegrityError as taken:
        raise BlobBeingSwept from taken


def abandon_blob(lost: Image) -> Callable[[Connection], None]:
    """The bytes that were put for an image that was not published are left to the sweep, unless another shows them."""

    def work(connection: Connection) -> None:
        known = connection.execute(select(blobs.c.sha256).where(blobs.c.sha256 == lost.blob.sha256)).first()
        if known is None:
            row = _blob_row(lost.blob, lost.created) | {"unused": _stamp(lost.created)}
            connection.execute(insert(blobs), row)

    return work


def edit_image(image_id: str, texts: dict[str, str | None]) -> Callable[[Connection], None]:
    """Set some of title, description, alt and name."""
    return lambda connection: _run(connection, update(images).where(images.c.id == image_id).values(**texts))


def bury_image(image_id: str, at: datetime, reason: str) -> Callable[[Connection], bool]:
    """Make an image a tombstone; its blob is marked unused if nobody else shows it. False where it already was one."""

    def work(connection: Connection) -> bool:
        stamp = _stamp(at)
        buried = connection.execute(
            update(images)
            .where(images.c.id == image_id, images.c.removed.is_(None))
            .values(removed=stamp, removed_reason=reason)
        )
        if not buried.rowcount:
            return False
        shown = select(images.c.blob).where(images.c.id == image_id).scalar_subquery()
        connection.execute(update(blobs).where(blobs.c.sha256 == shown, ~_shown_by_any()).values(unused=stamp))
        return True

    return work


def _shown_by_any() -> Any:  # noqa: ANN401 - an SQL expression
    return exists().where(images.c.blob == blobs.c.sha256, images.c.removed.is_(None))


# Sweeping


def start_sweeping(before: datetime, most: int) -> Callable[[Connection], list[bytes]]:
    """Claim at most `most` blobs unused since before then, whose bytes may now be removed; returns their hashes.

    Blobs claimed earlier and not finished (a crash) are among them.
    """

    def work(connection: Connection) -> list[bytes]:
        due = select(blobs.c.sha256).where(blobs.c.unused < _stamp(before), ~_shown_by_any()).limit(most)
        found = [row.sha256 for row in connection.execute(due)]
        connection.execute(update(blobs).where(blobs.c.sha256.in_(found)).values(sweeping=True))
        return found

    return work


def finish_sweeping(sha256: bytes) -> Callable[[Connection], None]:
    """The blob's bytes are gone: tombstones keep its description, a new upload brings the bytes anew."""
    done = {"sweeping": False, "unused": None, "swept": _stamp(now())}
    return lambda connection: _run(
        connection, update(blobs).where(blobs.c.sha256 == sha256, blobs.c.sweeping).values(**done)
    )


def forget_replays() -> Callable[[Connection], None]:
    """Drop idempotency keys that are over their time."""
    return lambda connection: _run(connection, delete(replays).where(replays.c.created < _expiry()))


REPLAY_TIME = timedelta(hours=24)
"""How long an idempotency key is remembered."""


def _expiry() -> int:
    return _stamp(now() - REPLAY_TIME)


# Applications, accounts, keys


def application(client_id: str) -> Select[Any]:
    """The application of that public client id."""
    return select(applications).where(applications.c.client_id == client_id)


def to_application(row: Row[Any]) -> Application:
    """The record of a row of `application`."""
    return Application(row.id, row.client_id, row.name, row.account_id, row.enabled)


def key_holder(key_hash: bytes) -> Select[Any]:
    """Account and application that a key (its SHA-256) acts for; none where it is revoked."""
    return (
        select(
            accounts.c.id.label("account_id"),
            accounts.c.name.label("account_name"),
            accounts.c.enabled.label("account_enabled"),
            *applications.c,
        )
        .select_from(
            keys.join(accounts, keys.c.account_id == accounts.c.id).outerjoin(
                applications, keys.c.application_id == applications.c.id
            )
        )
        .where(keys.c.hash == key_hash, keys.c.revoked.is_(None))
    )


def any_application() -> Select[Any]:
    """Whether there is an application at all."""
    return select(func.count()).select_from(applications)


def register(account_name: str, application_name: str, client_id: str, key_hash: bytes) -> Callable[[Connection], None]:
    """Add an account, an application of its, and a key that acts for both."""

    def work(connection: Connection) -> None:
        at = _stamp(now())
        account = insert(accounts).values(name=account_name, enabled=True, created=at)
        account_id = connection.execute(account.returning(accounts.c.id)).scalar_one()
        application = insert(applications).values(
            client_id=client_id, name=application_name, account_id=account_id, enabled=True, created=at
        )
        application_id = connection.execute(application.returning(applications.c.id)).scalar_one()
        connection.execute(
            insert(keys).values(hash=key_hash, account_id=account_id, application_id=application_id, created=at)
        )

    return work


# Rows of records


def _image_row(record: Image) -> dict[str, object]:
    return {
        "id": record.id,
        "delete_hash": record.delete_hash,
        "blob": record.blob.sha256,
        "account_id": record.account_id,
        "application_id": record.application_id,
        "created": _stamp(record.created),
        "title": record.title,
        "description": record.description,
        "alt": record.alt,
        "name": record.name,
    }


def _blob_row(record: Blob, stored: datetime) -> dict[str, object]:
    return {
        "sha256": record.sha256,
        "size": record.size,
        "media_type": record.media_type,
        "width": record.width,
        "height": record.height,
        "frames": record.frames,
        "stored": _stamp(stored),
        "sweeping": False,
    }


def _replay_row(record: Replay, created: datetime) -> dict[str, object]:
    return {
        "key": record.key,
        "fingerprint": record.fingerprint,
        "received_sha256": record.received_sha256,
        "image_id": record.image_id,
        "created": _stamp(created),
    }


def _run(connection: Connection, statement: Any) -> None:  # noqa: ANN401 - any statement
    connection.execute(statement)
