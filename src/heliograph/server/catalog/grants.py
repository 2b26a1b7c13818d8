"""OAuth 2 grants: their codes, refresh tokens and access tokens (table `keys`).

A grant that is taken back is gone with all that was given for it; that it was there stays in the deeds alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    Select,
    Table,
    delete,
    exists,
    func,
    insert,
    select,
    update,
)

from heliograph.server.catalog.ending import end_grants
from heliograph.server.catalog.identity import prefixed, to_account, to_application
from heliograph.server.catalog.tables import (
    accounts,
    applications,
    device_requests,
    grant_codes,
    grants,
    keys,
    moment,
    now,
    refresh_tokens,
    stamp,
)
from heliograph.server.model import Grant, Token

MOST_ACCESS_TOKENS = 20
"""Access tokens that one grant has at once; the oldest give way. Imgur's clients refresh a token for life."""


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code, or a pin. redirect: the address that the program named. used: whether it gave tokens."""

    grant: Grant
    pin: bool
    redirect: str | None
    challenge: str | None
    expires: datetime
    used: bool = False


@dataclass(frozen=True, slots=True)
class Refresh:
    """A refresh token. expires: None for never. used: whether another one was given for it."""

    grant: Grant
    expires: datetime | None
    used: bool


@dataclass(frozen=True, slots=True)
class Tokens:
    """What is given for a grant: an access token, and a refresh token where there is not one that stays."""

    access: Token
    access_hash: bytes
    refresh_hash: bytes | None
    refresh_expires: datetime | None


Adding = Callable[[Connection], None]
"""The work that adds a grant."""

Collecting = Callable[[Grant, Tokens], Callable[[Connection], bool]]
"""Makes the work that gives tokens for a grant; it returns False where it did not."""

# Grants


def add_grant(
    grant: Grant, *, code: tuple[bytes, Code] | None = None, tokens: Tokens | None = None
) -> Callable[[Connection], None]:
    """Add a grant with a code (its SHA-256 and its record), or at once with tokens."""

    def work(connection: Connection) -> None:
        connection.execute(insert(grants).values(**_grant_row(grant)))
        if code is not None:
            connection.execute(insert(grant_codes).values(**_code_row(*code)))
        if tokens is not None:
            add_tokens(connection, grant, tokens)

    return work


def grants_of(account_id: int) -> Select[Any]:
    """The grants of an account that a program holds tokens or codes of, newest first."""
    last = select(func.max(keys.c.used)).where(keys.c.grant_id == grants.c.id).scalar_subquery()
    found = _grants().add_columns(last.label("grant_used")).where(grants.c.account_id == account_id)
    return found.where(_held()).order_by(grants.c.created.desc(), grants.c.id)


def grant_of(grant_id: str) -> Select[Any]:
    """The grant of that id."""
    return _grants().where(grants.c.id == grant_id)


def grant_behind(secret_hash: bytes) -> Select[Any]:
    """The grant of a refresh token or an access token."""
    of_refresh = select(refresh_tokens.c.grant_id).where(refresh_tokens.c.hash == secret_hash)
    of_access = select(keys.c.grant_id).where(keys.c.hash == secret_hash)
    return _grants().where(grants.c.id.in_(of_refresh.union_all(of_access)))


def to_grant(row: Row[Any]) -> Grant:
    """The record of a row of any statement here that finds grants."""
    used = row._mapping.get("grant_used")
    return Grant(
        id=row.grant_id,
        account=to_account(row, "account_"),
        application=to_application(row, "application_"),
        scopes=frozenset(row.grant_scopes.split()),
        rotates=row.grant_rotates,
        created=moment(row.grant_created),
        used=moment(used) if used is not None else None,
    )


def revoke_grant(grant_id: str) -> Callable[[Connection], bool]:
    """End a grant. The work returns False where there is no such grant."""
    return lambda connection: end_grants(connection, grants.c.id == grant_id)


def revoke_grant_of(account_id: int, grant_id: str) -> Callable[[Connection], bool]:
    """End a grant of the account. The work returns False where it has no such grant."""
    mine = (grants.c.account_id == account_id) & (grants.c.id == grant_id)
    return lambda connection: end_grants(connection, mine)


# Codes and pins


def code_of(code_hash: bytes) -> Select[Any]:
    """The code of that SHA-256, and its grant."""
    return _grants(grant_codes, "code_").where(grant_codes.c.hash == code_hash)


def to_code(row: Row[Any]) -> Code:
    """The record of a row of `code_of`."""
    expires = moment(row.code_expires)
    return Code(to_grant(row), row.code_pin, row.code_redirect, row.code_challenge, expires, row.code_used)


def use_code(code_hash: bytes, grant: Grant, tokens: Tokens) -> Callable[[Connection], bool]:
    """Give tokens for a code. The work returns False where it was used before, or its grant has ended."""
    unused = (grant_codes.c.hash == code_hash) & grant_codes.c.used.is_(False)
    return _exchange(update(grant_codes).where(unused).values(used=True), grant, tokens)


# Refresh tokens


def refresh_of(token_hash: bytes) -> Select[Any]:
    """The refresh token of that SHA-256, and its grant."""
    return _grants(refresh_tokens, "refresh_").where(refresh_tokens.c.hash == token_hash)


def to_refresh(row: Row[Any]) -> Refresh:
    """The record of a row of `refresh_of`."""
    expires = moment(row.refresh_expires) if row.refresh_expires is not None else None
    return Refresh(to_grant(row), expires, row.refresh_used)


def use_refresh(token_hash: bytes, grant: Grant, tokens: Tokens) -> Callable[[Connection], bool]:
    """Give tokens for a refresh token: one that rotates is used up by it.

    The work returns False where it was used before, or its grant has ended.
    """
    unused = (refresh_tokens.c.hash == token_hash) & refresh_tokens.c.used.is_(False)
    return _exchange(update(refresh_tokens).where(unused).values(used=grant.rotates), grant, tokens)


def forget_expired() -> Callable[[Connection], None]:
    """Drop codes, tokens and devices' requests that are over, and grants that nothing is left of."""

    def work(connection: Connection) -> None:
        over = stamp(now())
        for table in (grant_codes, device_requests, refresh_tokens):
            connection.execute(delete(table).where(table.c.expires < over))
        connection.execute(delete(keys).where(keys.c.grant_id.is_not(None), keys.c.expires < over))
        waiting = exists().where(device_requests.c.grant_id == grants.c.id)
        end_grants(connection, ~(_held() | waiting))

    return work


def _grants(table: Table | None = None, prefix: str = "") -> Select[Any]:
    """Grants with account and application, of a table that belongs to them where one is named."""
    joined = grants.join(accounts, grants.c.account_id == accounts.c.id)
    joined = joined.join(applications, grants.c.application_id == applications.c.id)
    columns = [*prefixed(grants, "grant_"), *prefixed(accounts, "account_"), *prefixed(applications, "application_")]
    if table is not None:
        joined = joined.join(table, table.c.grant_id == grants.c.id)
        columns += prefixed(table, prefix)
    return select(*columns).select_from(joined)


def _held() -> Any:  # noqa: ANN401 - an SQL expression
    """Whether a code or a token is left of the grant of the statement around it."""
    held = [exists().where(table.c.grant_id == grants.c.id) for table in (grant_codes, refresh_tokens, keys)]
    return held[0] | held[1] | held[2]


def _exchange(use_up: Any, grant: Grant, tokens: Tokens) -> Callable[[Connection], bool]:  # noqa: ANN401 - an update
    def work(connection: Connection) -> bool:
        if not connection.execute(use_up).rowcount:
            return False
        add_tokens(connection, grant, tokens)
        return True

    return work


def add_tokens(connection: Connection, grant: Grant, tokens: Tokens) -> None:
    """Add the tokens of a grant, for the work of a transaction."""
    access = tokens.access
    row = {
        "hash": tokens.access_hash,
        "id": access.id,
        "name": access.name,
        "scopes": " ".join(sorted(access.scopes)),
        "account_id": access.account_id,
        "application_id": grant.application.id,
        "created": stamp(access.created),
        "expires": stamp(access.expires) if access.expires else None,
        "grant_id": grant.id,
    }
    connection.execute(insert(keys).values(**row))
    of_grant = select(keys.c.hash).where(keys.c.grant_id == grant.id).order_by(keys.c.created.desc())
    oldest = connection.execute(of_grant.offset(MOST_ACCESS_TOKENS)).scalars().all()
    connection.execute(delete(keys).where(keys.c.hash.in_(oldest)))
    if tokens.refresh_hash is not None:
        expires = stamp(tokens.refresh_expires) if tokens.refresh_expires else None
        refresh = {"hash": tokens.refresh_hash, "grant_id": grant.id, "expires": expires, "used": False}
        connection.execute(insert(refresh_tokens).values(**refresh))


def _grant_row(grant: Grant) -> dict[str, object]:
    return {
        "id": grant.id,
        "account_id": grant.account.id,
        "application_id": grant.application.id,
        "scopes": " ".join(sorted(grant.scopes)),
        "rotates": grant.rotates,
        "created": stamp(grant.created),
    }


def _code_row(code_hash: bytes, code: Code) -> dict[str, object]:
    return {
        "hash": code_hash,
        "grant_id": code.grant.id,
        "pin": code.pin,
        "redirect": code.redirect,
        "challenge": code.challenge,
        "expires": stamp(code.expires),
        "used": code.used,
    }
