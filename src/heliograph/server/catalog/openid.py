"""Who logs in to which account with an OpenID Connect provider (table `identities`)."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Select,
    String,
    Table,
    UniqueConstraint,
    delete,
    insert,
    select,
)
from sqlalchemy.exc import IntegrityError

from heliograph.server.catalog.tables import accounts, metadata, now, stamp
from heliograph.server.errors import Conflict
from heliograph.server.model import Person

identities = Table(
    "identities",
    metadata,
    Column("issuer", String(255), primary_key=True),
    # At most 255 ASCII characters, case-sensitive (OpenID Connect Core 1.0, section 2).
    Column("subject", String(255), primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("created", BigInteger, nullable=False),
    UniqueConstraint("account_id", "issuer"),
)


def account_of_person(person: Person) -> Select[Any]:
    """The account that the person logs in to."""
    return select(accounts).join(identities, identities.c.account_id == accounts.c.id).where(_is(person))


def person_of(account_id: int, issuer: str) -> Select[Any]:
    """Who logs in to the account with that issuer, as `subject`."""
    return select(identities.c.subject).where(identities.c.account_id == account_id, identities.c.issuer == issuer)


def link_person(person: Person, account_id: int) -> Callable[[Connection], bool]:
    """Let the person log in to the account. False where that is so already.

    The work raises Conflict where the person has another account, or the account another person of that issuer.
    """

    def work(connection: Connection) -> bool:
        found = connection.execute(select(identities.c.account_id).where(_is(person))).scalar()
        if found == account_id:
            return False
        if found is not None:
            raise Conflict("That login belongs to another account of this server.")
        _insert(connection, person, account_id)
        return True

    return work


def add_account_of_person(values: dict[str, object], person: Person) -> Callable[[Connection], None]:
    """Add an account of these columns, to which the person logs in; it is enabled.

    The work raises Conflict where the name is taken, or the person has an account by now.
    """

    def work(connection: Connection) -> None:
        try:
            with connection.begin_nested():
                connection.execute(insert(accounts).values(enabled=True, created=stamp(now()), **values))
        except IntegrityError as taken:
            raise Conflict("There is an account of that name already.") from taken
        made = connection.execute(select(accounts.c.id).where(accounts.c.name == values["name"])).scalar_one()
        _insert(connection, person, made)

    return work


def unlink_person(account_id: int, issuer: str) -> Callable[[Connection], bool]:
    """Let nobody of that issuer log in to the account any more. False where nobody does.

    The work raises Conflict where the account has no password: nobody could log in to it any more.
    """

    def work(connection: Connection) -> bool:
        mine = (identities.c.account_id == account_id) & (identities.c.issuer == issuer)
        if not connection.execute(delete(identities).where(mine)).rowcount:
            return False
        password = select(accounts.c.password).where(accounts.c.id == account_id)
        if connection.execute(password).scalar() is None:
            raise Conflict("Set a password first: without one you could not log in any more.")
        return True

    return work


def forget_persons_of(connection: Connection, account_id: int) -> None:
    """Drop everybody who logs in to the account: it is about to be deleted."""
    connection.execute(delete(identities).where(identities.c.account_id == account_id))


def _insert(connection: Connection, person: Person, account_id: int) -> None:
    row = {"issuer": person.issuer, "subject": person.subject, "account_id": account_id, "created": stamp(now())}
    try:
        with connection.begin_nested():
            connection.execute(insert(identities).values(**row))
    except IntegrityError as taken:
        raise Conflict(
            "Somebody else logs in to this account with that provider already. Unlink them first."
        ) from taken


def _is(person: Person) -> Any:  # noqa: ANN401 - an SQL expression
    return (identities.c.issuer == person.issuer) & (identities.c.subject == person.subject)
