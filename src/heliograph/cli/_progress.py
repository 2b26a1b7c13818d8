"""A line on the terminal that tells how far the uploads are; hides drawing and wiping it.

It is drawn on stderr, only where that is a terminal, and wiped before anything else is printed.
"""

import sys
import time

WIDTH = 24
EVERY = 0.1
"""Seconds between two drawings."""


class ProgressLine:
    """Counts files and bytes of several uploads that run at once. Does nothing unless `wanted` and on a terminal."""

    def __init__(self, files: int, total: int, wanted: bool) -> None:
        """`files`: how many there are; `total`: their bytes, as far as is known beforehand."""
        self._files = files
        self._total = total
        self._shown = wanted and sys.stderr.isatty()
        self._sent: dict[int, int] = {}
        self._done = 0
        self._drawn_at = 0.0
        self._length = 0

    def advance(self, which: int, sent: int) -> None:
        """File number `which` has sent this many bytes by now."""
        self._sent[which] = sent
        if self._shown and time.monotonic() - self._drawn_at >= EVERY:
            self._draw()

    def finish(self) -> None:
        """One more file is done, well or not."""
        self._done += 1
        if self._shown:
            self._draw()

    def wipe(self) -> None:
        """Remove the line, so that something else may be printed there."""
        if self._length:
            sys.stderr.write("\r" + " " * self._length + "\r")
            sys.stderr.flush()
            self._length = 0

    def _draw(self) -> None:
        sent = sum(self._sent.values())
        share = min(1.0, sent / self._total) if self._total else self._done / self._files
        bar = ("#" * round(share * WIDTH)).ljust(WIDTH, "-")
        line = f"[{bar}] {share:4.0%}  {sent / 1e6:.1f} MB  {self._done} of {self._files}"
        sys.stderr.write("\r" + line.ljust(self._length))
        sys.stderr.flush()
        self._length = len(line)
        self._drawn_at = time.monotonic()
