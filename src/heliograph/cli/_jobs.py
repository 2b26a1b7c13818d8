"""What the names on the command line stand for; hides files, folders, patterns, lists, URLs, pipes and the desktop.

A source is only ever read: it is never moved, changed or removed.
"""

from __future__ import annotations

import glob
import os
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import click

import heliograph
from heliograph import InputError
from heliograph.client._pictures import is_url, spooled

PICTURES = frozenset(
    {".apng", ".avif", ".bmp", ".gif", ".heic", ".heif", ".jfif", ".jpe", ".jpeg", ".jpg", ".png", ".svg", ".tif"}
    | {".tiff", ".webp"}
)
"""How the names of pictures end, in a folder. A file that is named itself may be called as it likes."""


@dataclass(frozen=True)
class Job:
    """What to upload, as it was named, and as the client takes it; or why it cannot be read."""

    name: str
    source: str | bytes | IO[bytes] | InputError

    @property
    def shown(self) -> str:
        """Its name on one line: what cannot be printed (a name may hold line breaks) is told by its number."""
        return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in self.name)

    @property
    def size(self) -> int:
        """Bytes, 0 where that cannot be known (a URL, a missing file)."""
        if isinstance(self.source, bytes | InputError):
            return len(self.source) if isinstance(self.source, bytes) else 0
        try:
            found = os.stat(self.source) if isinstance(self.source, str) else os.fstat(self.source.fileno())  # noqa: PTH116 # odd bytes
        except (OSError, ValueError):
            return 0
        return found.st_size


def named(names: tuple[str, ...], lists: tuple[str, ...]) -> list[Job]:
    """What `names` stand for, then what the lines of the files `lists` do, in their order, each once as often as named.

    Raises click.UsageError for a list that cannot be read, for an empty folder, and where standard input is to be read
    twice.
    """
    if (*names, *lists).count("-") > 1:
        raise click.UsageError("Standard input can be read only once: name - only once.")
    found = [job for name in names for job in _jobs(name, patterns=True)]
    return found + [job for file in lists for line in _lines(file) for job in _jobs(line, patterns=False)]


def pasted() -> Job:
    """The picture on the clipboard. Raises InputError where there is none."""
    return Job("the clipboard", heliograph.clipboard())


def shot(region: tuple[int, int, int, int] | None) -> Job:
    """What the screen shows, or a region of it. Raises InputError where it cannot be seen."""
    return Job("the screen", heliograph.screen(region))


def pictures_in(folder: str, unreadable: Callable[[OSError], None] | None = None) -> Iterator[str]:
    """The pictures in a folder and those below it, by their names' ends; what is hidden, links to folders, and what is
    no file (a named pipe: to read it could last for ever) are passed over. `unreadable` is told of folders that cannot
    be looked into.
    """
    for place, folders, files in os.walk(folder, onerror=unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        paths = (os.path.join(place, name) for name in sorted(files) if is_picture(name))  # noqa: PTH118 # odd bytes
        yield from (path for path in paths if not _is_pipe(path))


def is_picture(name: str) -> bool:
    """Whether a file of this name is taken for a picture, where only its folder was named."""
    return not name.startswith(".") and os.path.splitext(name)[1].lower() in PICTURES  # noqa: PTH122 # a name, no path


def _jobs(name: str, *, patterns: bool) -> list[Job]:
    """What one name stands for. A file that is there wins over a pattern: `[1].png` may be a file's name."""
    if name == "-" and patterns:
        return [Job(name, _standard_input())]
    if not name:
        raise click.UsageError("A name is empty: that names no picture.")
    if is_url(name):
        return [Job(name, name)]
    if _is_pipe(name):
        with _opened(name) as pipe:
            return [Job(name, _read(pipe))]
    if os.path.isdir(name):  # noqa: PTH112 # a name that is no path is none
        return _in_folder(name)
    if patterns and glob.has_magic(name) and not os.path.lexists(name):
        matches = sorted(glob.glob(name, recursive=True))  # noqa: PTH207 # as the shell would
        once = {os.path.realpath(match): match for match in reversed(matches)}  # ** goes into links to folders, too
        return [job for match in sorted(once.values()) for job in _jobs(match, patterns=False)] or [Job(name, name)]
    return [Job(name, name)]


def _in_folder(folder: str) -> list[Job]:
    closed: list[OSError] = []
    found = [Job(path, path) for path in pictures_in(folder, closed.append)]
    found += [Job(each.filename, InputError(f"It cannot be looked into ({each.strerror}).")) for each in closed]
    if not found:
        raise click.UsageError(f"There are no pictures in the folder {folder}.")
    return found


def _lines(file: str) -> list[str]:
    """The names in a list, one a line, or parted by zero bytes (`find -print0`). `-` is standard input."""
    try:
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise click.UsageError(f"The list {file} cannot be read ({error.strerror}).") from error
    parts = content.split(b"\0") if b"\0" in content else content.splitlines()
    return [os.fsdecode(part) for part in parts if part.strip()]


def _standard_input() -> IO[bytes]:
    """All of standard input, in a file that can be read again. Read before the event loop runs, so Ctrl-C ends it."""
    if sys.stdin.isatty():
        click.echo("Reading a picture from the terminal; end it with the end-of-file key.", err=True)
    return _read(sys.stdin.buffer)


def _read(pipe: IO[bytes]) -> IO[bytes]:
    try:
        return click.get_current_context().with_resource(spooled(pipe))
    except OSError as error:
        raise click.UsageError(f"What comes in cannot be read, or be kept meanwhile ({error.strerror}).") from error


def _is_pipe(path: str) -> bool:
    """Whether it is there, but neither a file nor a folder."""
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 # odd bytes
    except (OSError, ValueError):
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _opened(path: str) -> IO[bytes]:
    try:
        return open(path, "rb")  # noqa: PTH123 # closed by the caller; odd bytes
    except OSError as error:
        raise click.UsageError(f"{path} cannot be read ({error.strerror}).") from error
