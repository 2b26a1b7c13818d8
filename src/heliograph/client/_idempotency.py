"""Which uploads are the same one; hides how the key is made that the server knows a repetition by.

Without a key of the caller's own, it is made of the picture's bytes and its texts, so that the same figure gives the
same link again, for as long as the image is there. Who has no account is no more than an address to the server, and a
stranger behind the same address must not be answered with our delete hash: there a secret of this computer's user goes
into the key, so that nobody else can make it.

The line of versions in a source is left aside: what else a session has imported makes no other figure.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from heliograph.client._config import state_folder
from heliograph.client._durable import write
from heliograph.client._errors import InputError
from heliograph.client._pictures import Picture
from heliograph.client._provenance import without_versions

USABLE = re.compile(r"[!-~]{16,128}")
KEPT_AS = "uploads.secret"
SECRET = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class IdempotencyKey:
    """What an upload is known by. `by_content`: it is made of the content, so it publishes anew what was removed.

    call: with a URL, which may show something else at each try, what the tries of one call have in common.
    """

    text: str = field(repr=False)
    by_content: bool = False
    call: str = field(default="", repr=False, compare=False)

    def headers(self) -> dict[str, str]:
        """As requests carry it."""
        told = {"Idempotency-Key": self.text, "Idempotency-Call": self.call}
        told |= {"Idempotency-By": "content" if self.by_content else ""}
        return {name: text for name, text in told.items() if text}


def given(text: str) -> IdempotencyKey:
    """The caller's own key. Raises InputError if no server would take it."""
    if not USABLE.fullmatch(text):
        raise InputError("An idempotency key has 16 to 128 printable ASCII characters, none of them a blank.")
    return IdempotencyKey(text)


def fresh() -> IdempotencyKey:
    """The key of an upload that is like no other; nobody can guess it."""
    return IdempotencyKey(f"secret-{secrets.token_urlsafe(32)}")


def of_content(picture: Picture | str, texts: Mapping[str, str], *, anonymous: bool) -> IdempotencyKey:
    """The key of a picture, or of a URL, with its texts. `anonymous`: nobody's key goes with the upload."""
    if isinstance(picture, str):
        what, told, call = ["url", picture], dict(texts), secrets.token_urlsafe(16)
    else:  # a file's name is one of its texts
        what, told, call = ["sha256", picture.hashed()], {"name": picture.name} | dict(texts), ""
    if "source" in told:
        told["source"] = without_versions(told["source"])
    content = json.dumps([*what, sorted((name, text) for name, text in told.items() if text)]).encode()
    if not anonymous:
        return IdempotencyKey(f"content-{hashlib.sha256(content).hexdigest()}", by_content=True, call=call)
    secret = _secret(state_folder() / KEPT_AS)
    if secret is None:  # it can be kept nowhere, so the next run could not make the same key
        return fresh()
    text = f"secret-{hmac.new(secret, content, hashlib.sha256).hexdigest()}"
    return IdempotencyKey(text, by_content=True, call=call)


def _secret(path: Path) -> bytes | None:
    """The secret of this computer's user, made at first use; None where it cannot be kept."""
    for _ in range(2):
        with suppress(OSError, ValueError):
            known = path.read_text("ascii").strip()
            if SECRET.fullmatch(known):
                return bytes.fromhex(known)
        # Several programs may begin at once: the last one's is everybody's from then on.
        with suppress(OSError):
            write(path, [secrets.token_hex(32).encode()])
    return None
