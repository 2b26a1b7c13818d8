"""People whom an OpenID Connect provider knows, and which account each logs in to.

A person is known by issuer and subject alone. Names and e-mail addresses are what a provider lets people type: to go by
them would give somebody's account away.
"""

import re
import secrets

from heliograph.server import catalog
from heliograph.server.audit import done_by
from heliograph.server.catalog import openid
from heliograph.server.errors import Conflict, NotFound
from heliograph.server.identity.accounts import Accounts
from heliograph.server.model import Account, Caller, Person
from heliograph.server.ports import Database

_LONGEST_NAME = 40
_TRIES = 5


class Persons:
    """Who logs in to which account."""

    def __init__(self, database: Database, accounts: Accounts) -> None:
        self._database = database
        self._accounts = accounts

    async def account_of(self, person: Person) -> Account | None:
        """The account that the person logs in to, enabled or not."""
        row = await self._database.fetch_one(openid.account_of_person(person))
        return catalog.to_account(row) if row is not None else None

    async def is_linked(self, account: Account, issuer: str) -> bool:
        """Whether somebody logs in to the account with that issuer."""
        return await self._database.fetch_one(openid.person_of(account.id, issuer)) is not None

    async def link(self, account: Account, person: Person, by: Caller) -> None:
        """Let the person log in to the account; may be repeated.

        Raises Conflict where the person has another account, or the account another person of that issuer.
        """
        deed = done_by(by, "account.link", account.name, f"to {person.subject} of {person.issuer}")
        await self._database.transaction(catalog.noted(openid.link_person(person, account.id), deed))

    async def unlink(self, account: Account, issuer: str, by: Caller) -> None:
        """Let nobody of that issuer log in to the account any more.

        Raises NotFound where nobody does, and Conflict where the account has no password.
        """
        deed = done_by(by, "account.unlink", account.name, f"from {issuer}")
        if not await self._database.transaction(catalog.noted(openid.unlink_person(account.id, issuer), deed)):
            raise NotFound("Your account is not linked.")

    async def add_account(self, person: Person, by: Caller) -> Account:
        """Make an account for the person, named like them as far as that name is free. It has no password.

        Raises Conflict where no free name was found.
        """
        for name in _names(person.name):
            values: dict[str, object] = {"name": name, "role": "user"}
            deed = done_by(by, "account.create", name, f"role user, for {person.subject} of {person.issuer}")
            try:
                await self._database.transaction(catalog.noted(openid.add_account_of_person(values, person), deed))
            except Conflict:
                # Either the name is taken, or the same person has come by another browser in this very moment.
                account = await self.account_of(person)
                if account is None:
                    continue
                return account
            return await self._accounts.find(name)
        raise Conflict("No free name was found for your account. Try again.")


def _names(called: str) -> list[str]:
    """Names of accounts for somebody who is called that elsewhere, the nearest first."""
    plain = re.sub(r"[^a-z0-9._-]+", "-", called.partition("@")[0].lower()).lstrip("._-")[:_LONGEST_NAME].rstrip("._-")
    numbered = [f"{plain or 'user'}-{secrets.token_hex(4)}" for _ in range(_TRIES)]
    return [plain, *numbered] if plain else numbered
