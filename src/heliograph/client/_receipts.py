"""Whether a receipt is genuine; hides JSON Web Signatures, key sets and Ed25519.

A receipt is a compact JWS (RFC 7515) signed with EdDSA over Ed25519 (RFC 8037), and the host publishes its public keys
as a JWK Set (RFC 7517). Only that algorithm is accepted, whatever the header claims (RFC 8725 section 3.1).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from heliograph.client._errors import VerificationError
from heliograph.client._models import Receipt, jws_parts, unbase64url

ALGORITHM = "EdDSA"
TYPE = "heliograph-receipt+jwt"


def check_signature(receipt: Receipt, key_set: object) -> None:
    """Raise VerificationError unless `receipt` was signed by a key of `key_set`, a JWK Set as parsed JSON."""
    header_bytes, _, signature = jws_parts(receipt.token)
    _check_header(json.loads(header_bytes))
    signed = receipt.token.rpartition(".")[0].encode("ascii")
    try:
        _key(receipt.key_id, key_set).verify(signature, signed)
    except InvalidSignature as error:
        raise VerificationError(
            "The receipt's signature is wrong: the receipt was altered, or was not issued by this host."
        ) from error


def check_bytes(receipt: Receipt, sha256: str, size: int, where: str) -> None:
    """Raise VerificationError unless the bytes at `where`, of this hash (hex) and size, are what the receipt names."""
    if (sha256, size) != (receipt.sha256, receipt.size):
        raise VerificationError(
            f"{where} is not the picture of the receipt: {size} bytes with SHA-256 {sha256}, "
            f"but the receipt speaks of {receipt.size} bytes with SHA-256 {receipt.sha256}."
        )


def check_local(receipt: Receipt, sha256: str, where: str) -> None:
    """Raise VerificationError unless a local file with this hash (hex) was uploaded, or is what is stored."""
    if sha256 not in (receipt.sha256, receipt.received_sha256):
        raise VerificationError(
            f"{where} is not the file of the receipt: its SHA-256 is {sha256}, but {receipt.received_sha256} was "
            f"uploaded and {receipt.sha256} is stored."
        )


def _check_header(header: Mapping[str, Any]) -> None:
    """Refuse every other algorithm, other kinds of token, and extensions that must be understood (RFC 7515 4.1.11)."""
    if header.get("alg") != ALGORITHM:
        raise VerificationError(
            f"The receipt claims the algorithm {header.get('alg')!r}; only {ALGORITHM} is accepted."
        )
    if header.get("typ") != TYPE:
        raise VerificationError(f"This is a token of the type {header.get('typ')!r}, not a receipt of Heliograph.")
    if "crit" in header:
        raise VerificationError("The receipt needs an extension that this client does not know. Update the client.")


def _key(key_id: str, key_set: object) -> Ed25519PublicKey:
    """The public key named `key_id`; raises VerificationError if the set holds no such Ed25519 signing key."""
    keys = key_set.get("keys") if isinstance(key_set, dict) else None
    for key in keys if isinstance(keys, list) else ():
        if not isinstance(key, dict) or key.get("kid") != key_id:
            continue
        right = key.get("kty") == "OKP" and key.get("crv") == "Ed25519"
        if right and key.get("use", "sig") == "sig" and key.get("alg", ALGORITHM) == ALGORITHM:
            try:
                return Ed25519PublicKey.from_public_bytes(unbase64url(key["x"]))
            except (ValueError, KeyError, TypeError) as error:
                raise VerificationError(f"The host publishes a damaged key {key_id!r}.") from error
    raise VerificationError(f"The receipt was signed with the key {key_id!r}, which this host does not publish.")
