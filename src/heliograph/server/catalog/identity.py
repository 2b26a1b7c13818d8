"""Accounts, applications and tokens (table `keys`)."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from heliograph.server.catalog.albums import albums
from heliograph.server.catalog.ending import end_grants
from heliograph.server.catalog.favorites import forget_account
from heliograph.server.catalog.images import bury_image
from heliograph.server.catalog.oauth1 import forget_signed_by
from heliograph.server.catalog.openid import forget_persons_of
from heliograph.server.catalog.tables import accounts, applications, grants, images, keys, moment, now, run, stamp
from heliograph.server.errors import Conflict
from heliograph.server.model import Account, Application, Token

# Applications


def application(known_by: str) -> Select[Any]:
    """The application of that client id or old-style key."""
    return select(applications).where(or_(applications.c.client_id == known_by, applications.c.key == known_by))


def applications_of(account_id: int | None) -> Select[Any]:
    """The applications of an account, or all; oldest first."""
    found = select(applications).order_by(applications.c.id)
    return found if account_id is None else found.where(applications.c.account_id == account_id)


def any_application() -> Select[Any]:
    """Whether there is an application at all."""
    return select(func.count()).select_from(applications)


def to_application(row: Row[Any], prefix: str = "") -> Application:
    """The record of a row of `application` and `applications_of`; of `key_holder` with the prefix."""
    found = {name.removeprefix(prefix): value for name, value in row._mapping.items() if name.startswith(prefix)}
    return Application(
        id=found["id"],
        client_id=found["client_id"],
        name=found["name"],
        account_id=found["account_id"],
        enabled=found["enabled"],
        key=found["key"],
        redirects=tuple(found["redirects"].splitlines()),
        has_secret=found["secret"] is not None,
        created=moment(found["created"]),
        suspended=found["suspended"],
        by_anybody=found["by_anybody"],
        limits=found["limits"],
    )


def add_application(values: dict[str, object]) -> Callable[[Connection], None]:
    """Add an application of these columns; it is enabled."""
    return lambda connection: run(connection, insert(applications).values(enabled=True, created=stamp(now()), **values))


def add_own_application(client_id: str, key: str, name: str) -> Callable[[Connection], None]:
    """Add the application that Heliograph's own program is, where it is not there yet: nobody's, and public."""

    def work(connection: Connection) -> None:
        if connection.execute(application(client_id)).first() is None:
            added: dict[str, object] = {"client_id": client_id, "key": key, "name": name, "redirects": ""}
            with suppress(IntegrityError), connection.begin_nested():  # another server may be as quick
                add_application(added)(connection)

    return work


def change_application(application_id: int, values: dict[str, object]) -> Callable[[Connection], None]:
    """Set some columns of an application."""
    return lambda connection: run(
        connection, update(applications).where(applications.c.id == application_id).values(**values)
    )


# Accounts


def account(name: str) -> Select[Any]:
    """The account of that name."""
    return select(accounts).where(accounts.c.name == name)


def account_by_id(account_id: int) -> Select[Any]:
    """The account of that number."""
    return select(accounts).where(accounts.c.id == account_id)


def logins_end_at(account_id: int, at: datetime) -> Callable[[Connection], None]:
    """End every login of the account from before then."""
    return change_account(account_id, {"sessions_after": stamp(at)})


def to_account_and_end(row: Row[Any]) -> tuple[Account, datetime]:
    """The record of a row of `account_by_id`, and since when its logins are good."""
    return to_account(row), moment(row.sessions_after)


def all_accounts() -> Select[Any]:
    """Every account by name."""
    return select(accounts).where(accounts.c.name.not_like("#%")).order_by(accounts.c.name)


def to_account(row: Row[Any], prefix: str = "") -> Account:
    """The record of a row of `account` and `all_accounts`; of `key_holder` with the prefix."""
    found = {name.removeprefix(prefix): value for name, value in row._mapping.items() if name.startswith(prefix)}
    return Account(
        id=found["id"],
        name=found["name"],
        enabled=found["enabled"],
        role=found["role"],
        email=found["email"],
        created=moment(found["created"]),
        own_bytes=found["quota_bytes"],
        own_images=found["quota_images"],
    )


def add_account(values: dict[str, object]) -> Callable[[Connection], None]:
    """Add an account of these columns; it is enabled. The work raises Conflict where the name is taken."""

    def work(connection: Connection) -> None:
        try:
            with connection.begin_nested():
                connection.execute(insert(accounts).values(enabled=True, created=stamp(now()), **values))
        except IntegrityError as taken:
            raise Conflict("There is an account of that name already.") from taken

    return work


def change_account(account_id: int, values: dict[str, object]) -> Callable[[Connection], None]:
    """Set some columns of an account."""
    return lambda connection: run(connection, update(accounts).where(accounts.c.id == account_id).values(**values))


def delete_account(account_id: int, bury_images: str | None) -> Callable[[Connection], None]:
    """Delete an account and its tokens, disable its applications; its images and albums are nobody's from then on.

    Where `bury_images` is a reason, they become tombstones as well. Of the account its number stays, in a row that no
    name leads to: SQLite would give the number of the newest account to the next one, and what goes by it.
    """

    def work(connection: Connection) -> None:
        mine = images.c.account_id == account_id
        if bury_images is not None:
            for image_id in connection.execute(select(images.c.id).where(mine)).scalars().all():
                bury_image(image_id, now(), bury_images)(connection)
        connection.execute(update(images).where(mine).values(account_id=None))
        connection.execute(update(albums).where(albums.c.account_id == account_id).values(account_id=None))
        end_grants(connection, grants.c.account_id == account_id)
        connection.execute(delete(keys).where(keys.c.account_id == account_id))
        forget_signed_by(connection, account_id)
        forget_account(account_id)(connection)
        forget_persons_of(connection, account_id)
        left = update(applications).where(applications.c.account_id == account_id)
        connection.execute(left.values(account_id=None, enabled=False))
        nobody: dict[str, object] = {"name": f"#{account_id}", "email": None, "password": None, "role": "user"}
        nothing = {"used_bytes": 0, "used_images": 0, "quota_bytes": None, "quota_images": None}
        emptied = update(accounts).where(accounts.c.id == account_id)
        connection.execute(emptied.values(enabled=False, **nobody, **nothing))

    return work


# Tokens


def key_holder(token_hash: bytes) -> Select[Any]:
    """Account, application and token behind the secret of that SHA-256; none where it is revoked.

    The columns begin with `account_`, `application_` and `token_`.
    """
    joined = keys.join(accounts, keys.c.account_id == accounts.c.id)
    columns = (*prefixed(accounts, "account_"), *prefixed(applications, "application_"), *prefixed(keys, "token_"))
    return (
        select(*columns)
        .select_from(joined.outerjoin(applications, keys.c.application_id == applications.c.id))
        .where(keys.c.hash == token_hash, keys.c.revoked.is_(None))
    )


def tokens_of(account_id: int) -> Select[Any]:
    """The personal tokens of an account that are not revoked, oldest first."""
    mine = (keys.c.account_id == account_id) & keys.c.revoked.is_(None) & keys.c.grant_id.is_(None)
    return select(keys).where(mine).order_by(keys.c.created)


def to_token(row: Row[Any], prefix: str = "") -> Token:
    """The record of a row of `tokens_of`; of `key_holder` with the prefix."""
    found = {name.removeprefix(prefix): value for name, value in row._mapping.items() if name.startswith(prefix)}
    return Token(
        id=found["id"],
        account_id=found["account_id"],
        name=found["name"],
        scopes=frozenset(found["scopes"].split()),
        created=moment(found["created"]),
        expires=_optional(found["expires"]),
        used=_optional(found["used"]),
    )


def add_token(token: Token, token_hash: bytes) -> Callable[[Connection], None]:
    """Add a token whose secret has that SHA-256."""
    row = {
        "hash": token_hash,
        "id": token.id,
        "name": token.name,
        "scopes": " ".join(sorted(token.scopes)),
        "account_id": token.account_id,
        "created": stamp(token.created),
        "expires": stamp(token.expires) if token.expires else None,
    }
    return lambda connection: run(connection, insert(keys).values(**row))


def revoke_token(account_id: int, token_id: str) -> Callable[[Connection], bool]:
    """End a personal token of the account at once. The work returns False where it has no such token."""

    def work(connection: Connection) -> bool:
        mine = (keys.c.account_id == account_id) & keys.c.grant_id.is_(None)
        this = mine & (keys.c.id == token_id) & keys.c.revoked.is_(None)
        return bool(connection.execute(update(keys).where(this).values(revoked=stamp(now()))).rowcount)

    return work


def note_use(token_id: str, at: datetime) -> Callable[[Connection], None]:
    """Write down that a token was used."""
    return lambda connection: run(connection, update(keys).where(keys.c.id == token_id).values(used=stamp(at)))


# The first of each


@dataclass(frozen=True, slots=True)
class First:
    """What a new server begins with: an administrator's name, an application, and a token that acts for both."""

    account: str
    application: dict[str, object]
    token: dict[str, object]


def register(first: First) -> Callable[[Connection], None]:
    """Add them. An account of that name that is there already is taken, and stays as it is."""

    def work(connection: Connection) -> None:
        created = stamp(now())
        account_id = connection.execute(select(accounts.c.id).where(accounts.c.name == first.account)).scalar()
        if account_id is None:
            account = insert(accounts).values(name=first.account, role="administrator", enabled=True, created=created)
            account_id = connection.execute(account.returning(accounts.c.id)).scalar_one()
        owned = {"account_id": account_id, "created": created}
        added = insert(applications).values(redirects="", enabled=True, **owned, **first.application)
        application_id = connection.execute(added.returning(applications.c.id)).scalar_one()
        connection.execute(insert(keys).values(application_id=application_id, **owned, **first.token))

    return work


def prefixed(table: Table, prefix: str) -> list[Any]:
    """The table's columns under names that begin with the prefix."""
    return [column.label(prefix + column.name) for column in table.c]


def _optional(stamp: int | None) -> datetime | None:
    return moment(stamp) if stamp is not None else None
