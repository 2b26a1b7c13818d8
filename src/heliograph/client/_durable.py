"""Writing a file whole or not at all; hides the temporary file, fsync and rename."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

NOBODY_ELSE, AS_USUAL = 0o600, 0o666
"""Who may read a new file: its owner, or whom the process lets (umask)."""

WRITABLE = 0o222
"""What a file's mode says to everybody who may write; root may in any case."""


def write(path: Path, blocks: Iterable[bytes]) -> None:
    """Put `blocks` into the file at `path`, whose folder is made where need be, for nobody else to read.

    A link to it stays a link. Raises OSError, and then leaves what was there as it was.
    """
    target = path.resolve()
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _write(target, blocks, NOBODY_ELSE)


def write_document(path: Path, content: bytes) -> None:
    """Put `content` into the file at `path`, with the permissions of the one that is there, or as new files have them.

    A link to it stays a link. Raises OSError, also where the file is read-only and its folder is not, and then leaves
    what was there as it was.
    """
    target = path.resolve()
    if target.exists() and not (os.access(target, os.W_OK) and target.stat().st_mode & WRITABLE):
        raise PermissionError(errno.EACCES, "it is read-only", str(path))
    _write(target, [content], NOBODY_ELSE if target.exists() else AS_USUAL, target if target.exists() else None)


def _write(target: Path, blocks: Iterable[bytes], mode: int, like: Path | None = None) -> None:
    new = target.with_name(f".{target.name[:200]}.{os.getpid()}-{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, mode), "wb") as file:
            for block in blocks:
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
        if like is not None:
            shutil.copymode(like, new)
        new.replace(target)
    finally:
        with suppress(OSError):
            new.unlink()
    _settle(target.parent)


def _settle(folder: Path) -> None:
    """Have the folder itself on the disk, so that the new name outlives a power cut; Windows does so by itself."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


_BINARY: int = getattr(os, "O_BINARY", 0)
