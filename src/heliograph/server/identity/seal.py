"""Secrets that must be read again, sealed for the database: a stolen database alone gives none of them.

The key is derived from the server's signing key, which lies in the data folder and never in the database: HKDF (RFC
5869) with SHA-256. The seal is AES-256-GCM (NIST SP 800-38D) with a random nonce of 96 bits before each sealed text.
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE = 12
_PURPOSE = b"heliograph sealed secrets 1"


class Seal:
    """Seals and opens short secrets. Each belongs to an `owner`, such as a token: another's does not open."""

    def __init__(self, signing_key: Ed25519PrivateKey) -> None:
        derived = HKDF(SHA256(), 32, salt=None, info=_PURPOSE).derive(signing_key.private_bytes_raw())
        self._cipher = AESGCM(derived)

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
