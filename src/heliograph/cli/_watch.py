"""New pictures in a folder, once they are whole; hides how that is seen.

The folder is looked at again and again, which works on every system and on network drives. A file is whole when its
size and time have not changed for a while: half a picture that slips through is refused by the server, and is looked at
anew when it has grown.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

from heliograph.cli._jobs import pictures_in

EVERY = 0.5
"""Seconds between two looks."""
STEADY = 1.5
"""Seconds without a change after which a file is whole."""

_State: TypeAlias = tuple[int, int, int]
"""Of a file: inode, bytes, time of change in nanoseconds."""


class Watch:
    """The pictures that come into a folder, or below it, from now on; each content once, however often it comes."""

    def __init__(self, folder: str) -> None:
        """Whatever is there already is not new."""
        self._folder = folder
        self._handled = dict(self._states())
        self._waiting: dict[str, tuple[_State, float]] = {}
        self._seen: set[bytes] = set()

    def batches(self) -> Iterator[list[str]]:
        """The paths of new whole pictures, some at a time, for ever. Ctrl-C while it waits raises KeyboardInterrupt."""
        while True:
            if whole := self._look():
                yield whole
            time.sleep(EVERY)

    def again(self, path: str) -> None:
        """It could not be sent: give it once more later."""
        state = self._handled.pop(path, None)
        with suppress(OSError):
            self._seen.discard(_digest(path))
        if state is not None:
            self._waiting[path] = (state, time.monotonic())

    def _look(self) -> list[str]:
        now, found = time.monotonic(), dict(self._states())
        whole = []
        for path, state in found.items():
            if self._handled.get(path) == state:
                continue
            known, since = self._waiting.get(path, (None, now))
            if known != state:
                self._waiting[path] = (state, now)
            elif now - since >= STEADY and state[1] > 0:
                del self._waiting[path]
                self._handled[path] = state
                if self._is_new(path):
                    whole.append(path)
        for book in (self._handled, self._waiting):
            for path in [path for path in book if path not in found]:
                del book[path]
        return whole

    def _states(self) -> Iterator[tuple[str, _State]]:
        for path in pictures_in(self._folder):
            with suppress(OSError):  # gone meanwhile
                facts = os.stat(path)  # noqa: PTH116 # a str may be too odd for a Path
                yield path, (facts.st_ino, facts.st_size, facts.st_mtime_ns)

    def _is_new(self, path: str) -> bool:
        try:
            digest = _digest(path)
        except OSError:
            return True  # uploading says what is wrong with it
        fresh = digest not in self._seen
        self._seen.add(digest)
        return fresh


def _digest(path: str) -> bytes:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
