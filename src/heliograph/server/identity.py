"""Accounts, applications and keys: who there is. Credentials are stored as hashes; lookups are remembered briefly.

A key (32 hexadecimal digits, as the oldest dialects need) is secret and acts for an account through an application. A
client id (15 hexadecimal digits, as Imgur v3 has them) is public: programs carry it, and it owns nothing.
"""

import asyncio
import hashlib
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from heliograph.server import catalog
from heliograph.server.model import Account, Application
from heliograph.server.ports import Database
from heliograph.server.receipts import write_secret

REMEMBERED = 10.0
"""Seconds that a lookup is remembered: how long a revoked key may go on."""

_MOST_REMEMBERED = 10_000
_EVERYTHING = "account albums images:read images:write"


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a credential stands for."""

    account: Account | None
    application: Application | None


class Identity:
    """Finds out who a credential stands for, and registers who is new."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._remembered: dict[str, tuple[float, Holder | None]] = {}

    async def holder(self, credential: str) -> Holder | None:
        """Whom a key or a client id stands for; None where it is not known. Disabled ones are found, and say so."""
        remembered = self._remembered.get(credential)
        if remembered and remembered[0] > time.monotonic():
            return remembered[1]
        found = await self._key_holder(credential) or await self._application(credential)
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[credential] = (time.monotonic() + REMEMBERED, found)
        return found

    async def _key_holder(self, key: str) -> Holder | None:
        row = await self._database.fetch_one(catalog.key_holder(_hash(key)))
        if row is None:
            return None
        account = Account(row.account_id, row.account_name, row.account_enabled)
        return Holder(account, catalog.to_application(row) if row.id is not None else None)

    async def _application(self, client_id: str) -> Holder | None:
        row = await self._database.fetch_one(catalog.application(client_id[:64]))
        return Holder(None, catalog.to_application(row)) if row is not None else None

    async def reachable(self) -> None:
        """Raise StorageUnavailable where the database does not answer."""
        await self._database.fetch_one(catalog.any_application())

    async def first_key(self, kept_in: Path) -> str | None:
        """Register the first account, application and key where there is none yet.

        The key is kept in the file `kept_in` (mode 0600), so that it can be shown again. Returns it, or None where the
        operator has removed the file.
        """
        counted = await self._database.fetch_one(catalog.any_application())
        if counted is not None and counted[0] == 0:
            key = secrets.token_hex(16)
            write_secret(kept_in, key.encode() + b"\n")
            await self._database.transaction(
                catalog.register(
                    "owner",
                    {
                        "name": "first application",
                        "client_id": secrets.token_hex(8)[:15],
                        "key": secrets.token_hex(16),
                    },
                    {"hash": _hash(key), "id": secrets.token_hex(5), "name": "first key", "scopes": _EVERYTHING},
                )
            )
        return await asyncio.to_thread(_read_key, kept_in)


def _read_key(path: Path) -> str | None:
    return path.read_text().strip() if path.exists() else None


def _hash(key: str) -> bytes:
    """Keys have 128 random bits, so one round of SHA-256 is enough to store them by."""
    return hashlib.sha256(key.encode()).digest()
