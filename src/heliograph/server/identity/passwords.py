"""Passwords: what they must be, and their hashes. The only importer of pwdlib.

Argon2id with the library's parameters (RFC 9106, the low-memory recommendation: 64 MiB, 3 passes, 4 lanes). A check
takes some 50 ms and 64 MiB, so only a few run at once, in threads.
"""

import asyncio
import unicodedata

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError

from heliograph.server.errors import BadParameter

SHORTEST = 12
LONGEST = 256

_AT_ONCE = 2


class Passwords:
    """Makes and checks hashes."""

    def __init__(self) -> None:
        self._hasher = PasswordHash.recommended()
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._nobodys: str | None = None

    async def hashed(self, password: str) -> str:
        """What is stored of a password. Raises BadParameter where it is too short or too long."""
        if not SHORTEST <= len(password) <= LONGEST:
            raise BadParameter(f"The password must have {SHORTEST} to {LONGEST} characters.")
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, _normal(password))

    async def fits(self, password: str, stored: str | None) -> bool:
        """Whether the password is the one that was stored. Where nothing is, it says no after the same work."""
        if self._nobodys is None:
            self._nobodys = await self.hashed("nobody's password")
        async with self._turns:
            fits = await asyncio.to_thread(self._verify, _normal(password[: LONGEST + 1]), stored or self._nobodys)
        return fits and stored is not None

    def _verify(self, password: str, stored: str) -> bool:
        try:
            return self._hasher.verify(password, stored)
        except UnknownHashError:
            return False


def _normal(password: str) -> str:
    """One spelling of what keyboards spell differently (NIST SP 800-63B, section 3.1.1.2: NFKC)."""
    return unicodedata.normalize("NFKC", password)
