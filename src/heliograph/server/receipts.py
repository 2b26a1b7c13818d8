"""Receipts: what the host signs when it has stored a picture, so that anybody can hold it to its word.

A receipt is a compact JWS (RFC 7515) with the algorithm EdDSA over Ed25519 (RFC 8037); the public key is published as a
JWK Set (RFC 7517). Any JOSE library verifies it.
"""

import base64
import hashlib
import json
import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from heliograph.server.links import Links
from heliograph.server.model import Image

SigningKey = Ed25519PrivateKey
"""The host's own key."""


class Signer:
    """Signs receipts with the host's key."""

    def __init__(self, key: Ed25519PrivateKey, links: Links) -> None:
        self._key = key
        self._links = links
        raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self._jwk = {"crv": "Ed25519", "kty": "OKP", "x": _base64url(raw)}
        # RFC 7638: the thumbprint of the required members in lexicographic order names the key.
        thumbprint = hashlib.sha256(json.dumps(self._jwk, separators=(",", ":")).encode()).digest()
        self._kid = _base64url(thumbprint)
        header = {"alg": "EdDSA", "kid": self._kid, "typ": "heliograph-receipt+jwt"}
        self._header = _base64url(json.dumps(header, separators=(",", ":")).encode())

    def receipt(self, image: Image, received_sha256: bytes | None = None) -> str:
        """The signed receipt of `image`. Its uploader's also says with which hash (32 bytes) the bytes arrived."""
        blob = image.blob
        claims = {
            "iss": self._links.public,
            "sub": image.id,
            "iat": int(image.created.timestamp()),
            "sha256": blob.sha256.hex(),
            "size": blob.size,
            "media_type": blob.media_type,
            "link": self._links.direct(image.id, blob.media_type),
        }
        if received_sha256 is not None:
            claims["received_sha256"] = received_sha256.hex()
        signed = self._header + "." + _base64url(json.dumps(claims, separators=(",", ":")).encode())
        return signed + "." + _base64url(self._key.sign(signed.encode()))

    def key_set(self) -> dict[str, list[dict[str, str]]]:
        """The JWK Set to publish."""
        return {"keys": [{**self._jwk, "kid": self._kid, "use": "sig", "alg": "EdDSA"}]}


def load_or_make_key(path: Path) -> Ed25519PrivateKey:
    """The signing key kept in `path` (PEM, mode 0600), made at first use. Raises ValueError where the file is no such
    key.
    """
    if not path.exists():
        made = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_secret(path, made)
    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{path} does not hold an Ed25519 private key.")
    return key


def derived_key(key: Ed25519PrivateKey, purpose: str) -> bytes:
    """A secret of 32 bytes for one purpose, from the host's key: servers that share the key share it too.

    HKDF with SHA-256 (RFC 5869): nothing about the key, or about another purpose's secret, can be told from it.
    """
    info = b"heliograph " + purpose.encode()
    return HKDF(SHA256(), 32, salt=None, info=info).derive(key.private_bytes_raw())


def write_secret(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, wholly or not at all (temp, fsync, rename, fsync folder)."""
    temporary = path.with_name(path.name + ".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _base64url(raw: bytes) -> str:
    """RFC 7515 section 2: base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
