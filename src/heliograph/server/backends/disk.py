"""Blobs as files in a folder.

Hides the layout (`ab/<64 hex digits>`, docs/storage-format.md), the order of writes that survives a crash at any
moment, and the threads in which a disk is waited for. The order is: the source's bytes and mode reach the disk (fsync),
then they get their name (link, which is atomic), then the name reaches the disk (fsync of its folder; the 256 folders
are made and safe before the first put). So a name that can be seen always has all its bytes, and a put that returned is
there after a power cut. What a crash leaves behind lies in `.incoming`, where nothing looks for blobs.
"""

import asyncio
import contextlib
import errno
import os
import re
import secrets
import shutil
import stat
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from heliograph.server.errors import NotFound, StorageUnavailable
from heliograph.server.ports import BlobStore, StoredBlob

T = TypeVar("T")

_NAME = re.compile(r"[0-9a-f]{64}")
_ABANDONED_AFTER = 24 * 3600
"""Seconds after its last write at which a file in `.incoming` belongs to nobody: no upload takes a day."""

_NO_LINK = {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP}
"""What link(2) says where a file cannot have a second name: another file system, or one without links."""

_THREADS = 16
"""How many puts wait for the disk together; a journalling file system then commits many in one go."""


class DiskStore(BlobStore):
    """A folder of blobs, one file each, readable by any program (modes 0644 and 0755).

    Several processes may use one folder. Without `durable`, for what can be made again, nothing waits for the disk.
    A failed put must not be repeated with the same source, which may have lost what could not be written: the kernel
    reports a failed write-back once (https://lwn.net/Articles/752063/).
    """

    def __init__(self, root: Path, *, durable: bool = True) -> None:
        """Make the folder where it is missing, and clear from `.incoming` what was abandoned a day ago.

        Raises StorageUnavailable.
        """
        self._root = root
        self._durable = durable
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="disk")
        self.incoming = root / ".incoming"
        """Where sources are best written: on the same file system as the blobs, so that a put need not copy."""
        with _naming_failures():
            _make_root(root)
            self.incoming.mkdir(mode=0o700, exist_ok=True)
            _clear_abandoned(self.incoming)
            if durable:
                _fsync_folder(root)

    async def put(self, name: str, source: Path) -> None:
        """Link (from another file system: copy) `source` to its place; what is there already, whole, stays as it is."""
        await self._in_thread(self._put, self._path(name), source)

    async def get(self, name: str, span: tuple[int, int] | None = None) -> StoredBlob:  # noqa: ARG002
        """The blob's size and path, whatever the span: who serves it reads the file. Costs one stat, in this thread."""
        path = self._path(name)
        size = self._size(path)
        if size is None:
            raise NotFound
        return StoredBlob(size=size, path=path, chunks=None)

    async def stat(self, name: str) -> int | None:
        return self._size(self._path(name))

    async def remove(self, name: str) -> None:
        await self._in_thread(self._remove, self._path(name))

    async def keys(self) -> AsyncIterator[str]:
        """All names, read a 256th of the store at a time."""
        for first in range(256):
            for name in await self._in_thread(self._names_below, self._root / f"{first:02x}"):
                yield name

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ValueError(f"not the name of a blob: {name!r}")
        return self._root / name[:2] / name

    async def _in_thread(self, work: Callable[..., T], *paths: Path) -> T:
        with _naming_failures():
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *paths)

    def _size(self, path: Path) -> int | None:
        with _naming_failures():
            try:
                return path.stat().st_size
            except FileNotFoundError:
                self._check_present()
                return None

    def _check_present(self) -> None:
        """Tell a blob that is missing from a disk that is: raises OSError when the whole store is not there."""
        self.incoming.stat()

    def _put(self, path: Path, source: Path) -> None:
        if not _is_whole(path, source):
            self._settle_bytes(source)
            try:
                self._publish(path, source)
            except FileNotFoundError:
                self._check_present()
                _make_folder(path.parent)
                if self._durable:
                    _fsync_folder(self._root)
                self._publish(path, source)
        if self._durable:
            _fsync_folder(path.parent)

    def _publish(self, path: Path, source: Path) -> None:
        """Give the source's bytes, safe on the disk, the name `path`; what bears it is not whole and is replaced."""
        try:
            path.hardlink_to(source)
        except OSError as error:
            if error.errno != errno.EEXIST and error.errno not in _NO_LINK:
                raise
            self._replace(path, source)

    def _replace(self, path: Path, source: Path) -> None:
        copy = self.incoming / f"copy-{secrets.token_hex(8)}"
        try:
            shutil.copyfile(source, copy)
            self._settle_bytes(copy)
            copy.rename(path)
        finally:
            copy.unlink(missing_ok=True)

    def _settle_bytes(self, path: Path) -> None:
        """Make a file readable for all, and its bytes durable."""
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fchmod(descriptor, 0o644)
            if self._durable:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _remove(self, path: Path) -> None:
        try:
            path.unlink()
        except FileNotFoundError:
            self._check_present()
            return
        if self._durable:
            _fsync_folder(path.parent)

    def _names_below(self, folder: Path) -> list[str]:
        names = [entry.name for entry in _entries(folder) if _NAME.fullmatch(entry.name)]
        if not names:
            self._check_present()
        return names


def _is_whole(path: Path, source: Path) -> bool:
    """Whether the blob is there with all its bytes."""
    try:
        return path.stat().st_size == source.stat().st_size
    except FileNotFoundError:
        return False


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _make_root(root: Path) -> None:
    """Make the store with its 256 folders, unless they are there."""
    if not root.is_dir():
        root.mkdir(parents=True, exist_ok=True)
        root.chmod(0o755)
        _fsync_folder(root.parent)
    there = {entry.name for entry in root.iterdir()}
    for number in range(256):
        if f"{number:02x}" not in there:
            _make_folder(root / f"{number:02x}")


def _make_folder(folder: Path) -> None:
    """Make one folder, open for all to read whatever the umask, unless it is there."""
    with contextlib.suppress(FileExistsError):
        folder.mkdir()
        folder.chmod(0o755)


def _fsync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _clear_abandoned(incoming: Path) -> None:
    """Remove what has not been written to for a day. A younger file may be an upload in another process."""
    deadline = time.time() - _ABANDONED_AFTER
    for entry in incoming.iterdir():
        with contextlib.suppress(FileNotFoundError):
            status = entry.lstat()
            if stat.S_ISREG(status.st_mode) and status.st_mtime < deadline:
                entry.unlink()


@contextlib.contextmanager
def _naming_failures() -> Iterator[None]:
    """Speak of any OSError (no space, read-only, input/output error ...) as StorageUnavailable."""
    try:
        yield
    except OSError as error:
        raise StorageUnavailable from error
