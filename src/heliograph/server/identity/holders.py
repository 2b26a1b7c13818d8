"""Whom a credential stands for, remembered for a moment; and the first credential of a new server."""

import asyncio
import logging
import secrets
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from heliograph.server import catalog
from heliograph.server.errors import StorageUnavailable
from heliograph.server.identity.secrets import hashed, new_client_id, new_secret
from heliograph.server.model import SCOPES, Account, Application, Token
from heliograph.server.ports import Database
from heliograph.server.receipts import write_secret

log = logging.getLogger("heliograph")

REMEMBERED = 3.0
"""Seconds that a lookup is remembered: how long what was revoked by another process may go on."""

_MOST_REMEMBERED = 10_000
_USE_NOTED = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a credential stands for: an account by a token, perhaps through an application, or an application alone."""

    account: Account | None
    application: Application | None
    token: Token | None = None


class Identity:
    """Finds out who a credential stands for, and registers who is first."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._remembered: dict[str, tuple[float, Holder | None]] = {}
        self._changes = 0

    async def holder(self, credential: str) -> Holder | None:
        """Whom a token, client id or key stands for; None where it is not known or revoked.

        Disabled and expired ones are found, and say so.
        """
        remembered = self._remembered.get(credential)
        if remembered and remembered[0] > time.monotonic():
            return remembered[1]
        changes = self._changes
        found = await self._token_holder(credential) or await self._application(credential)
        if changes == self._changes:  # else it may be this one that was revoked while it was being looked up
            if len(self._remembered) >= _MOST_REMEMBERED:
                self._remembered.clear()
            self._remembered[credential] = (time.monotonic() + REMEMBERED, found)
        return found

    def forget(self) -> None:
        """Look everything up anew: something was changed in this process, and shows at once."""
        self._changes += 1
        self._remembered.clear()

    async def _token_holder(self, secret: str) -> Holder | None:
        row = await self._database.fetch_one(catalog.key_holder(hashed(secret)))
        if row is None:
            return None
        application = catalog.to_application(row, "application_") if row.application_id is not None else None
        holder = Holder(catalog.to_account(row, "account_"), application, catalog.to_token(row, "token_"))
        await self._note_use(holder)
        return holder

    async def _note_use(self, holder: Holder) -> None:
        """At most once a minute, and only where it can be: a full disk must not stop who only reads."""
        token, at = holder.token, catalog.now()
        if token is None or (token.used and at - token.used < _USE_NOTED) or (token.expires and token.expires <= at):
            return
        try:
            await self._database.transaction(catalog.note_use(token.id, at))
        except StorageUnavailable:
            log.warning("the last use of a token could not be noted")

    async def _application(self, known_by: str) -> Holder | None:
        row = await self._database.fetch_one(catalog.application(known_by[:64]))
        return Holder(None, catalog.to_application(row)) if row is not None else None

    async def reachable(self) -> None:
        """Raise StorageUnavailable where the database does not answer."""
        await self._database.fetch_one(catalog.any_application())

    async def first_key(self, kept_in: Path) -> str | None:
        """Register the first account, application and token where there is no application yet.

        The token is kept in the file `kept_in` (mode 0600), so that it can be shown again. Returns it, or None where
        the operator has removed the file.
        """
        counted = await self._database.fetch_one(catalog.any_application())
        if counted is not None and counted[0] == 0:
            key = new_secret()
            write_secret(kept_in, key.encode() + b"\n")
            await self._database.transaction(catalog.register(_first(key)))
        return await asyncio.to_thread(_read_key, kept_in)


def _first(key: str) -> catalog.First:
    application: dict[str, object] = {
        "name": "first application",
        "client_id": new_client_id(),
        "key": new_secret(),
    }
    token: dict[str, object] = {
        "hash": hashed(key),
        "id": secrets.token_hex(5),
        "name": "first key",
        "scopes": " ".join(SCOPES),
    }
    return catalog.First("owner", application, token)


def _read_key(path: Path) -> str | None:
    return path.read_text().strip() if path.exists() else None
