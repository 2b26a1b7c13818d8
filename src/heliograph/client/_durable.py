"""Writing a file whole or not at all, for nobody else to read; hides the temporary file, fsync and rename."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def write(path: Path, blocks: Iterable[bytes]) -> None:
    """Put `blocks` into the file at `path`, whose folder is made where need be. A link to it stays a link.

    Raises OSError, and then leaves what was there as it was.
    """
    target = path.resolve()
    new = target.with_name(f".{target.name}.{os.getpid()}-{secrets.token_hex(4)}")
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o600), "wb") as file:
            for block in blocks:
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
        new.replace(target)
    finally:
        with suppress(FileNotFoundError):
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
