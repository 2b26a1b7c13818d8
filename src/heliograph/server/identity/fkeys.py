"""Anti-forgery tokens of forms, by Stack Exchange's name for them: signed, and checked without a table.

64 lower-case hexadecimal digits, as programs that read them out of pages expect (wire page stackexchange-web, section
3). One holds when it was made, and is bound to the site and to a session, or to nobody: programs fetch a page and post
without keeping cookies, so the key of an anonymous page is good for anonymous posts only.
"""

import hashlib
import hmac
import re
import secrets
import struct
import time

LIFETIME = 24 * 3600
"""Seconds that a key is good for."""

_FKEY = re.compile(r"[0-9a-f]{64}")
_HEAD = 8
"""Bytes before the signature: seconds since 1970, and four random ones."""


class Fkeys:
    """Makes and checks keys of one site. `key` has 32 bytes; `site` is the public address."""

    def __init__(self, key: bytes, site: str) -> None:
        self._key = key
        self._site = site

    def made(self, session_id: str = "") -> str:
        """A new key for the forms of a session, or of nobody."""
        head = struct.pack(">I", int(time.time())) + secrets.token_bytes(_HEAD - 4)
        return (head + self._signature(head, session_id)).hex()

    def fits(self, fkey: str, session_id: str = "") -> bool:
        """Whether the key was made here for this session, or for nobody, within its lifetime."""
        if not _FKEY.fullmatch(fkey):
            return False
        raw = bytes.fromhex(fkey)
        head, signature = raw[:_HEAD], raw[_HEAD:]
        (made,) = struct.unpack(">I", head[:4])
        in_time = 0 <= time.time() - made < LIFETIME
        return hmac.compare_digest(signature, self._signature(head, session_id)) and in_time

    def _signature(self, head: bytes, session_id: str) -> bytes:
        signed = b"\0".join((head, self._site.encode(), session_id.encode()))
        return hmac.digest(self._key, signed, hashlib.sha256)[: 32 - _HEAD]
