"""Anything that a picture can be read from, made into one thing that can be sent and sent again.

Hides files, bytes, file objects and pipes. Nothing is held in memory but one block: what cannot be read twice (a pipe)
goes to a temporary file first, because a retry has to read it again.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TypeAlias, TypeGuard

from heliograph.client._errors import ChangedError, InputError

Source: TypeAlias = str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes]
"""What can be uploaded: a path, an http(s) URL (a str), the picture's bytes, or a binary file object."""

Progress: TypeAlias = Callable[[int, int], None]
"""Told how many bytes of how many were sent; begins anew when an upload is tried again."""

LONGEST_SHOWN = 200
"""Characters of a path that an error message repeats."""

WORDS = re.compile(rb"\s*(?:data:|https?://|[a-z0-9+/=_\r\n-]{60})", re.IGNORECASE)
"""How the text of a data: URI, a URL or base64 begins, and no picture."""

IN_MEMORY = 1024 * 1024
"""Bytes of a pipe that are kept in memory; more go to a temporary file."""


class Picture:
    """A picture opened for sending: reads from the start again at every `seek(0)`, and hashes what it gives.

    `name`: the file's name, "" if it has none; `size`: bytes. Has the verbs that httpx2's multipart encoder asks of a
    file (read, seek, tell). What is read once is what is read again, or else ChangedError is raised before the end: so
    what is known of a picture's bytes is true of those that arrive. Raises InputError where the file cannot be read
    after all.
    """

    def __init__(self, file: IO[bytes], name: str, progress: Progress | None) -> None:
        """Start at the present position of `file`, which must be seekable."""
        self._file = file
        self._progress = progress
        self._at = 0
        self._hash = hashlib.sha256()
        self._promised = ""
        self.name = name
        try:
            self._start = file.tell()
        except OSError as error:
            raise _unreadable(name, error) from error
        self.measure()

    def measure(self) -> None:
        """Take the file for what it is now, whatever it held before."""
        try:
            self.size = self._file.seek(0, os.SEEK_END) - self._start
        except OSError as error:
            raise _unreadable(self.name, error) from error
        self._promised = ""
        self.seek(0)

    @property
    def sha256(self) -> str:
        """Of all bytes that were read since the last `seek(0)`, hex."""
        return self._hash.hexdigest()

    def read(self, amount: int) -> bytes:
        """The next at most `amount` bytes, none at the end. Raises ChangedError rather than give other bytes than
        before as a whole.
        """
        wanted = min(amount, self.size - self._at)
        try:
            block = self._file.read(wanted)
        except OSError as error:
            raise _unreadable(self.name, error) from error
        self._at += len(block)
        self._hash.update(block)
        if self._at == self.size or (wanted and not block):
            self._check()
        if self._progress is not None:
            self._progress(self._at, self.size)
        return block

    def blocks(self) -> Iterator[bytes]:
        """All of it from the start, block by block, and then at the start again; nobody is told of progress."""
        self.seek(0)
        told, self._progress = self._progress, None
        try:
            while block := self.read(1 << 20):
                yield block
        finally:
            self._progress = told
            self.seek(0)

    def hashed(self) -> str:
        """The SHA-256 of all of it, hex; then it is at the start again. From then on it gives these bytes or none."""
        for _ in self.blocks():
            pass
        return self._promised

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to the start, which begins the hash anew, or look at the end, to learn the size."""
        self._at = offset + (self.size if whence == os.SEEK_END else 0)
        self._file.seek(self._start + self._at)
        self._hash = hashlib.sha256()
        return self._at

    def _check(self) -> None:
        """At the end: that it is the end, and of the same bytes as the last time."""
        try:
            end = self._file.seek(0, os.SEEK_END)
            self._file.seek(self._start + self._at)
        except OSError as error:
            raise _unreadable(self.name, error) from error
        self._promised = self._promised or self.sha256
        if end != self._start + self.size or self._at != self.size or self._promised != self.sha256:
            raise ChangedError(
                f"{self.name or 'The file'} changes while it is being sent. Try again when nothing writes to it."
            )

    def tell(self) -> int:
        """The position, in bytes from the start."""
        return self._at


def is_url(source: object) -> bool:
    """Whether `source` is the address of a picture that the server is to fetch."""
    return isinstance(source, str) and source.lower().startswith(("http://", "https://"))


def is_pipe(source: Source) -> TypeGuard[IO[bytes]]:
    """Whether reading `source` may block for long, because it is a file object that cannot be read twice."""
    return hasattr(source, "read") and not _seekable(source)


@contextmanager
def opened(source: Source, progress: Progress | None = None) -> Iterator[Picture]:
    """Open `source`, which is no URL, for sending; a file object is not closed, and is read from where it stands.

    Raises InputError if there is nothing there to read.
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        yield _looked_at(Picture(io.BytesIO(source), "", progress))
    elif isinstance(source, (str, os.PathLike)):
        with _open(source) as file, _rereadable(file) as picture:
            yield _looked_at(Picture(picture, sendable(Path(source).name), progress))
    elif _is_binary(source):
        name = getattr(source, "name", "")
        with _rereadable(source) as picture:
            yield _looked_at(Picture(picture, sendable(Path(name).name) if isinstance(name, str) else "", progress))
    else:
        raise InputError(
            f"A {type(source).__name__} cannot be uploaded. Pass a path, a URL, bytes, or a file opened in binary mode."
        )


def _looked_at(picture: Picture) -> Picture:
    """The same picture, unless a server could not take it for one, or would take it for the words for another."""
    what = picture.name or "The picture"
    if not picture.size:
        raise InputError(f"{what} is empty. A file object is read from where it stands: is a seek(0) missing?")
    if WORDS.match(next(picture.blocks())[:LONGEST_SHOWN]):
        raise InputError(
            f"{what} is text that stands for a picture. Pass a URL or a data: URI as a str, and base64 decoded."
        )
    return picture


def spooled(pipe: IO[bytes]) -> IO[bytes]:
    """All that `pipe` still gives, in a file that can be read again; the caller closes it."""
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 # the caller closes it
    try:
        shutil.copyfileobj(pipe, file)
    except (TypeError, ValueError) as error:
        file.close()
        kind = type(pipe).__name__
        raise InputError(f"A {kind} gives no bytes ({error}). Pass a file that is open, in binary mode.") from error
    file.seek(0)
    return file


def sendable(text: str) -> str:
    """`text` as it can be sent: what is no Unicode (an odd file name's bytes) becomes the replacement character."""
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def _open(path: str | os.PathLike[str]) -> IO[bytes]:
    """Open the file at `path`; raises InputError, with advice, if that cannot be."""
    shown = _shortened(os.fspath(path))
    try:
        is_folder = stat.S_ISDIR(os.stat(path).st_mode)  # noqa: PTH116 # a str may be too odd for a Path
        if not is_folder:
            return open(path, "rb")  # noqa: PTH123 # closed by opened()
    except FileNotFoundError as error:
        raise InputError(f"There is no file {shown}. Check the path, or pass bytes or an http(s) URL.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{shown} cannot be read ({reason}). Check the path.") from error
    raise InputError(f"{shown} is a folder. Name the pictures in it.")


def _unreadable(name: str, error: OSError) -> InputError:
    """A disk or a network drive fails, or the file is none that has an end."""
    return InputError(f"{name or 'The picture'} cannot be read ({error.strerror or error}).")


@contextmanager
def _rereadable(file: IO[bytes]) -> Iterator[IO[bytes]]:
    """`file` itself if it can be read twice, else a temporary copy of what it gives."""
    if _seekable(file):
        yield file
    else:
        with spooled(file) as copy:
            yield copy


def _shortened(path: str) -> str:
    """`path` as a message can show it: base64 text taken for a path would else crowd out the advice."""
    return path if len(path) <= LONGEST_SHOWN else f"{path[:LONGEST_SHOWN]}…"


def _is_binary(file: object) -> bool:
    """Whether this is a file object, and one that gives bytes."""
    return hasattr(file, "read") and not isinstance(file, io.TextIOBase)


def _seekable(file: object) -> bool:
    answer = getattr(file, "seekable", None)
    try:
        return bool(answer and answer())
    except ValueError:  # it is closed
        return False
