"""Secrets of applications and tokens: made here, and stored as their hash only."""

import hashlib
import secrets


def new_secret() -> str:
    """32 hexadecimal digits: 128 random bits, in the shape that the oldest dialects take."""
    return secrets.token_hex(16)


def new_client_id() -> str:
    """15 hexadecimal digits: 60 random bits, in the shape of Imgur's client ids."""
    return secrets.token_hex(8)[:15]


def hashed(secret: str) -> bytes:
    """What is stored of a secret (32 bytes). It has 128 random bits, so one round of SHA-256 is enough."""
    return hashlib.sha256(secret.encode()).digest()
