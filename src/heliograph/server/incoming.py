"""Bytes that are arriving: hashed and counted on the way, in memory while few, in a temporary file when many."""

import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO

from heliograph.server.errors import TooManyBytes

_IN_MEMORY = 256 * 1024
_PIECE = 256 * 1024


class Incoming:
    """What arrives of one upload, at most `limit` bytes. Leave its context, or call `close`, and nothing stays
    behind.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder
        self._limit = limit
        self._memory: bytearray | None = bytearray()
        self._file: IO[bytes] | None = None
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, piece: bytes | bytearray) -> None:
        """Take `piece` in. Raises TooManyBytes when the sum passes the limit."""
        self.size += len(piece)
        if self.size > self._limit:
            raise TooManyBytes(f"The image is larger than this server accepts ({self._limit:,} bytes).")
        self._hash.update(piece)
        if self._memory is None:
            self._open_file().write(piece)
            return
        self._memory += piece
        if len(self._memory) > _IN_MEMORY:
            self._move_to_file()

    @property
    def sha256(self) -> bytes:
        """The hash of what has arrived, 32 bytes."""
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
        """The file that holds what has arrived; `close` removes it."""
        self._move_to_file()
        file = self._open_file()
        file.flush()
        return Path(file.name)

    def close(self) -> None:
        """Forget the bytes."""
        self._memory = bytearray()
        if self._file is not None:
            self._file.close()
            Path(self._file.name).unlink(missing_ok=True)
            self._file = None

    def _move_to_file(self) -> None:
        if self._memory is not None:
            self._open_file().write(self._memory)
            self._memory = None

    def _open_file(self) -> IO[bytes]:
        if self._file is None:
            self._file = tempfile.NamedTemporaryFile(dir=self._folder, prefix="upload-", delete=False)  # noqa: SIM115 - closed by close
        return self._file

    def __enter__(self) -> "Incoming":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
