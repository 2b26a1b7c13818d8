"""Which image a person means; hides that an id, its links, its page and its delete link all name it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from heliograph.client._errors import InputError

ID_LENGTH = 10
DELETE_HASH_LENGTH = 15
SIZE_LETTERS = "sbtmlh"
WORD = re.compile(r"[A-Za-z0-9]+")
TOKEN = re.compile(r"ey[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)


@dataclass(frozen=True)
class Reference:
    """An image's id, or else its delete hash; the other is ""."""

    id: str = ""
    delete_hash: str = ""


def refer(text: str) -> Reference:
    """Read an id, a delete hash, or a link to an image, its thumbnail, its page or its deletion.

    Raises InputError if it is none of these.
    """
    path = urlsplit(text.strip()).path if "//" in text else text.strip()
    *folders, last = path.rstrip("/").split("/")
    word = last.partition(".")[0]
    if not WORD.fullmatch(word):
        raise InputError(f"{text!r} names no image. Pass an image's id or its link.")
    if folders[-1:] == ["delete"] or len(word) == DELETE_HASH_LENGTH:
        return Reference(delete_hash=word)
    if len(word) == ID_LENGTH + 1 and word[-1] in SIZE_LETTERS:
        word = word[:-1]
    return Reference(id=word)


def is_receipt(text: str) -> bool:
    """Whether `text` is a compact JWS rather than a name: its header, a JSON object, always begins with "ey"."""
    return len(text) > 100 and TOKEN.fullmatch("".join(text.split())) is not None
