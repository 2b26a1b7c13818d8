"""Bytes that are arriving: hashed and counted on the way, in memory while few, in a temporary file when many."""

import hashlib
import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import IO

from heliograph.server.errors import StorageUnavailable, TooManyBytes

_IN_MEMORY = 256 * 1024
_PIECE = 256 * 1024
_numbers = itertools.count()


def fresh_path(folder: Path, kind: str) -> Path:
    """A path in `folder`, which is this server's alone and emptied when it starts, that nobody was given before."""
    return folder / f"{kind}-{os.getpid()}-{next(_numbers)}"


@contextmanager
def temporary(folder: Path, kind: str) -> Iterator[Path]:
    """A fresh path where a file may be made; what is there at the end is removed."""
    path = fresh_path(folder, kind)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


class Incoming:
    """What arrives of one upload, at most `limit` bytes. Leave its context, or close it, and nothing stays behind.

    hashed: whether to hash on the way; without, as for text that is yet to be decoded, the hash is made when asked for.
    """

    def __init__(self, folder: Path, limit: int, *, hashed: bool = True) -> None:
        self._folder = folder
        self._limit = limit
        self._memory: bytearray | None = bytearray()
        self._file: IO[bytes] | None = None
        self._hash = hashlib.sha256() if hashed else None
        self.size = 0

    def write(self, piece: bytes | bytearray) -> None:
        """Take `piece` in. Raises TooManyBytes past the limit, StorageUnavailable when the disk is full."""
        self.size += len(piece)
        if self.size > self._limit:
            raise TooManyBytes(f"The image is larger than this server accepts ({self._limit:,} bytes).")
        if self._hash is not None:
            self._hash.update(piece)
        if self._memory is None:
            self._write_to_file(piece)
            return
        self._memory += piece
        if len(self._memory) > _IN_MEMORY:
            self._move_to_file()

    @property
    def sha256(self) -> bytes:
        """The hash of what has arrived, 32 bytes."""
        if self._hash is None:
            self._hash = hashlib.sha256()
            for piece in self.pieces():
                self._hash.update(piece)
        return self._hash.digest()

    def head(self, size: int) -> bytes:
        """The first `size` bytes, or fewer where fewer have come."""
        return next(self.pieces(size), b"")

    def pieces(self, size: int = _PIECE) -> Iterator[bytes]:
        """All that has arrived, in pieces of `size` bytes."""
        if self._memory is not None:
            yield from (bytes(self._memory[at : at + size]) for at in range(0, len(self._memory), size))
            return
        with self.as_file().open("rb") as file:
            while piece := file.read(size):
                yield piece

    def as_file(self) -> Path:
        """The file that holds what has arrived; `close` removes it. Raises StorageUnavailable."""
        self._move_to_file()
        file = self._open_file()
        try:
            file.flush()
        except OSError as error:
            raise StorageUnavailable from error
        return Path(file.name)

    def close(self) -> None:
        """Forget the bytes."""
        self._memory = bytearray()
        if self._file is not None:
            with suppress(OSError):  # what could not be written is being thrown away
                self._file.close()
            Path(self._file.name).unlink(missing_ok=True)
            self._file = None

    def _move_to_file(self) -> None:
        if self._memory is not None:
            self._write_to_file(self._memory)
            self._memory = None

    def _write_to_file(self, piece: bytes | bytearray) -> None:
        try:
            self._open_file().write(piece)
        except OSError as error:
            raise StorageUnavailable from error

    def _open_file(self) -> IO[bytes]:
        if self._file is None:
            self._file = fresh_path(self._folder, "upload").open("xb")
        return self._file

    def __enter__(self) -> "Incoming":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
