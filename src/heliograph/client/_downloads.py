"""Originals brought into a folder, whole or not at all; hides their names and how nothing is ever overwritten."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from heliograph.client._errors import InputError, VerificationError
from heliograph.client._exchange import Plan, Send, exchange
from heliograph.client._models import Image
from heliograph.client._operations import Operations
from heliograph.client._pictures import Progress

UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
"""What no file name may hold, or what parts folders (Microsoft: Naming Files, Paths, and Namespaces; POSIX)."""
RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)")
"""Names that mean a device on Windows."""
LONGEST = 180
"""Bytes of a name, so that there is room for an id and the end."""
SAME = {"jpeg": "jpg", "jpe": "jpg", "jfif": "jpg", "tiff": "tif", "apng": "png", "heif": "heic"}


def download(
    operations: Operations, image: Image | str, folder: str | os.PathLike[str], progress: Progress | None = None
) -> Plan[Path]:
    """Bring the original of one image into `folder`, and tell where it is.

    A file that is there and holds the very bytes is left as it is; any other file of that name too, and this one gets
    the image's id into its name. The link is asked without the key, as it may be another host.
    """
    found = image if isinstance(image, Image) else (yield from operations.info(image))
    place = Path(folder)
    for path in (place / name for name in names(found)[:2]):
        if _holds(path, found.sha256):
            return path
    told = partial(_told, progress, found.size) if progress else None
    temporary = place / f".heliograph-{secrets.token_hex(8)}.part"
    try:
        with temporary.open("xb") as file:
            send = Send("GET", found.link, {"Accept-Encoding": "identity"}, hashed=True, into=file, progress=told)
            answer = yield from exchange(send, operations.patience)
            if answer.sha256 != found.sha256:
                raise VerificationError(
                    f"{found.link} gave other bytes than were stored: their SHA-256 is {answer.sha256}, not "
                    f"{found.sha256}. Nothing was written."
                )
            _settle(file)
        return _named(temporary, place, found)
    except OSError as error:
        raise InputError(f"Nothing can be written to {place} ({error.strerror or error}).") from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def _told(progress: Progress, size: int, got: int) -> None:
    progress(got, size)


def names(image: Image) -> list[str]:
    """The names to try in turn: its own, or its id; then with the id, then with numbers. Ends as its format does."""
    end = urlsplit(image.link).path.rpartition(".")[2].lower()
    stem, dot, told = image.name.rpartition(".")
    if not dot or SAME.get(told.lower(), told.lower()) != SAME.get(end, end):
        stem, told = image.name, end
    stem = UNSAFE.sub("_", stem).strip(" .").encode()[:LONGEST].decode("utf-8", "ignore").rstrip(" .")
    if RESERVED.match(stem):
        stem = f"_{stem}"
    told = UNSAFE.sub("_", told)
    own = [f"{stem}.{told}", f"{stem}-{image.id}.{told}"] if stem else [f"{image.id}.{told}"]
    return own + [f"{stem or image.id}-{image.id}-{number}.{told}" for number in range(2, 100)]


def _named(temporary: Path, place: Path, image: Image) -> Path:
    """Give the whole file the first name that is free, in one step that fails where the name is taken."""
    for path in (place / name for name in names(image)):
        try:
            _link(temporary, path)
        except FileExistsError:
            if _holds(path, image.sha256):
                return path  # another program brought it meanwhile
            continue
        return path
    raise InputError(f"{place} holds too many files of the name {names(image)[0]}.")


def _link(temporary: Path, path: Path) -> None:
    """Give the file its name, or raise FileExistsError."""
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        raise
    except OSError:  # a file system without links: the name is taken first, and then filled
        with path.open("xb"):
            pass
        temporary.replace(path)


def _settle(file: IO[bytes]) -> None:
    """See to it that the bytes are on the disk before they have a name."""
    file.flush()
    os.fsync(file.fileno())


def _holds(path: Path, sha256: str) -> bool:
    """Whether there is a file of exactly these bytes."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError:
        return False
