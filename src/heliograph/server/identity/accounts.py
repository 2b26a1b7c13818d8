"""Accounts: made, changed, disabled, deleted, and known by their password."""

import re
from collections.abc import Mapping
from typing import Any

from heliograph.server import catalog
from heliograph.server.audit import done_by
from heliograph.server.catalog.tables import stamp
from heliograph.server.errors import BadParameter, NotFound
from heliograph.server.identity.holders import Identity
from heliograph.server.identity.passwords import Passwords
from heliograph.server.model import NO_QUOTA, ROLES, Account, Caller
from heliograph.server.ports import Database

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}\Z")
_EMAIL = re.compile(r"[^\s@]{1,64}@[^\s@]{1,189}\Z")
_QUOTA_WORDS = {None: "default", NO_QUOTA: "none"}


class Accounts:
    """Every account."""

    def __init__(self, database: Database, identity: Identity, passwords: Passwords | None = None) -> None:
        self._database = database
        self._identity = identity
        self._passwords = passwords or Passwords()

    async def listed(self) -> list[Account]:
        """The accounts by name."""
        return [catalog.to_account(row) for row in await self._database.fetch_all(catalog.all_accounts())]

    async def find(self, name: str) -> Account:
        """The account of that name. Raises NotFound."""
        row = await self._row(name)
        if row is None:
            raise NotFound(f"There is no account {name[:64]!r}.")
        return catalog.to_account(row)

    async def add(
        self, name: str, by: Caller, *, password: str | None = None, role: str = "user", email: str | None = None
    ) -> Account:
        """Make an account; without a password it can only be used by tokens. Raises BadParameter, Conflict."""
        if not _NAME.match(name):
            raise BadParameter("The name must have 1 to 64 of a-z, 0-9, '.', '_' and '-', the first a letter or digit.")
        values: dict[str, object] = {
            "name": name,
            "email": _checked_email(email),
            "role": _checked_role(role),
            "password": await self._passwords.hashed(password) if password is not None else None,
        }
        deed = done_by(by, "account.create", name, f"role {role}")
        await self._database.transaction(catalog.noted(catalog.add_account(values), deed))
        return await self.find(name)

    async def enable(self, account: Account, enabled: bool, by: Caller) -> None:
        """Let the account be used, or not: its tokens stop working, its images stay."""
        await self._write(account, {"enabled": enabled}, by, "enable" if enabled else "disable")

    async def set_password(self, account: Account, password: str, by: Caller) -> None:
        """Set another password; logins end, tokens stay. Raises BadParameter."""
        values = {"password": await self._passwords.hashed(password), "sessions_after": stamp(catalog.now())}
        await self._write(account, values, by, "password")

    async def set_email(self, account: Account, email: str | None, by: Caller) -> None:
        """Set another e-mail address, or none. Raises BadParameter."""
        await self._write(account, {"email": _checked_email(email)}, by, "email")

    async def has_password(self, account: Account) -> bool:
        """Whether somebody can log in with a password."""
        row = await self._row(account.name)
        return row is not None and row.password is not None

    async def set_quota(self, account: Account, by: Caller, quota: Mapping[str, int | None]) -> None:
        """Set quotas of the account's own: `bytes` and `images`, each a number, NO_QUOTA, or None for the settings'.

        What it holds already stays, also where that is more. Raises BadParameter.
        """
        for most in quota.values():
            if most is not None and not NO_QUOTA <= most < 2**63:
                raise BadParameter("A quota must be a whole number below 2 to the power of 63, or none.")
        said = ", ".join(f"{what}: {_QUOTA_WORDS.get(most, most)}" for what, most in quota.items())
        values: dict[str, object] = {f"quota_{what}": most for what, most in quota.items()}
        await self._write(account, values, by, "quota", said)

    async def delete(self, account: Account, by: Caller, *, remove_images: bool = False) -> None:
        """Delete the account and its tokens and disable its applications, for ever.

        Its images stay, owned by nobody and held by their delete hashes, unless they are to be removed.
        """
        reason = "removed with its owner's account" if remove_images else None
        deed = done_by(by, "account.delete", account.name, "images removed" if remove_images else "images kept")
        await self._database.transaction(catalog.noted(catalog.delete_account(account.id, reason), deed))
        self._identity.forget()

    async def by_password(self, name: str, password: str) -> Account | None:
        """The enabled account of that name and password, else None: after the same work, whatever was wrong."""
        row = await self._row(name)
        fits = await self._passwords.fits(password, row.password if row is not None else None)
        return catalog.to_account(row) if row is not None and fits and row.enabled else None

    async def _row(self, name: str) -> Any:  # noqa: ANN401 - a row, or None
        """What cannot be a name is looked for as well: as no name at all, so that it takes as long."""
        return await self._database.fetch_one(catalog.account(name if _NAME.match(name) else ""))

    async def _write(
        self, account: Account, values: dict[str, object], by: Caller, verb: str, detail: str | None = None
    ) -> None:
        deed = done_by(by, f"account.{verb}", account.name, detail)
        await self._database.transaction(catalog.noted(catalog.change_account(account.id, values), deed))
        self._identity.forget()


def _checked_email(email: str | None) -> str | None:
    if email is not None and not (_EMAIL.match(email) and email.isprintable()):
        raise BadParameter("The e-mail address is not valid.")
    return email


def _checked_role(role: str) -> str:
    if role not in ROLES:
        raise BadParameter("The role must be " + " or ".join(ROLES) + ".")
    return role
