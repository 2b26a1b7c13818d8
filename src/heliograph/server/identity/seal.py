"""Secrets that must be read again, sealed for the database: a stolen database alone gives none of them.

The key is derived from the server's signing key, which lies in the data folder and never in the database
(`receipts.derived_key`). The seal is AES-256-GCM (NIST SP 800-38D) with a random nonce of 96 bits before each sealed
text.
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12


class Seal:
    """Seals and opens short secrets by a `key` of 32 bytes. Each belongs to an `owner`, such as a token: another's does
    not open.
    """

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def sealed(self, secret: str, owner: str) -> bytes:
        """What is stored of the secret."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, secret.encode(), owner.encode())

    def opened(self, stored: bytes, owner: str) -> str | None:
        """The secret again; None where it was sealed by another key or for another owner, or was changed."""
        try:
            return self._cipher.decrypt(stored[:_NONCE], stored[_NONCE:], owner.encode()).decode()
        except InvalidTag:
            return None
