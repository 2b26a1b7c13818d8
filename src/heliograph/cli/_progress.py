"""Bars on the terminal that tell how far transfers are; hides drawing, wiping, and how wide a text is.

They are drawn on stderr, only where that is a terminal that can be drawn on, and wiped before anything else is printed:
a line a transfer, and one for all. Each drawing is one write over the one before, so that nothing flickers, and no line
reaches the last column, so that none is broken in two.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
import unicodedata
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from heliograph.client._config import environment_draws
from heliograph.client._errors import one_line

EVERY = 0.1
"""Seconds between two drawings."""
PATIENCE = 0.5
"""Seconds after which the bars of few and small files are worth their place."""
LARGE, MANY = 1_000_000, 4
"""Bytes or files from which on they are worth it at once."""
WINDOW = 3.0
"""Seconds over which a speed is taken."""
BAR, SHORTEST_NAME, LONGEST_NAME = 16, 14, 40
UNITS = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


@dataclass
class Pace:
    """How far something is, and how fast it gets on. `size`: bytes, 0 where that is not known."""

    size: int
    began: float
    sent: int = 0
    _samples: deque[tuple[float, int]] = field(default_factory=deque)

    def advance(self, now: float, sent: int) -> None:
        """`sent` bytes are through by now; fewer than before where it begins anew."""
        if sent < self.sent:
            self._samples.clear()
        self.sent = sent
        if not self._samples or now - self._samples[-1][0] >= EVERY / 2:
            self._samples.append((now, sent))
        while now - self._samples[0][0] > WINDOW and len(self._samples) > 2:
            self._samples.popleft()

    def speed(self, now: float) -> float:
        """Bytes a second, lately."""
        since, before = self._samples[0] if self._samples else (self.began, 0)
        return (self.sent - before) / (now - since) if now - since >= EVERY else 0.0

    def columns(self, now: float, share: float | None = None) -> list[str]:
        """What is told of it, the most important first, each always as wide: share, bar, bytes, speed, time left."""
        if not self.size and share is None:
            return [" " * 5, " " * (BAR + 3), " " * 16, " " * 12, f"  {_clock(now - self.began):>7}"]
        share = min(1.0, self.sent / self.size) if self.size else share or 0.0
        speed, left = self.speed(now), self.size - self.sent
        over = share >= 1
        return [
            f" {share:4.0%}",
            f" [{('#' * int(share * BAR)).ljust(BAR, '-')}]",
            f"  {_amounts(self.sent, self.size):>14}",
            f"  {'waiting' if over else _amount(speed) + '/s' if speed else '':>10}",
            f"  {'' if over else _clock(left / speed) if speed else '-:--':>7}",
        ]


class Bars:
    """Several transfers that run at once. Does nothing unless `wanted` and on a terminal."""

    def __init__(self, number: int | None, size: int, *, wanted: bool, at_once: bool) -> None:
        """`number`: how many there will be, None if nobody knows; `size`: their bytes, as far as is known beforehand.

        at_once: the bars are worth their place from the beginning.
        """
        self._number = number
        self._shown = wanted and sys.stderr.isatty() and environment_draws()
        self._under_way: dict[int, tuple[str, Pace]] = {}
        self._done = self._failed = self._through = 0
        self._whole = Pace(size, time.monotonic())
        self._due = self._whole.began + (0.0 if at_once else PATIENCE)
        self._drawn: list[int] = []

    @asynccontextmanager
    async def shown(self) -> AsyncIterator[None]:
        """They are drawn again and again meanwhile, and wiped in the end, however that comes."""
        ticking = asyncio.create_task(self._tick()) if self._shown else None
        try:
            yield
        finally:
            if ticking is not None:
                ticking.cancel()
            self._shown = False
            self.wipe()

    def begin(self, which: int, name: str, size: int, *, known: bool = True) -> None:
        """Number `which`, of this name and size, is under way. known: its size is among those told beforehand."""
        self._under_way[which] = (one_line(name), Pace(size, time.monotonic()))
        self._whole.size += 0 if known else size
        if not self._drawn:
            self.draw()

    def advance(self, which: int, sent: int) -> None:
        """So many of its bytes are through by now."""
        if which in self._under_way:
            self._under_way[which][1].advance(time.monotonic(), sent)

    def end(self, which: int, *, failed: bool) -> None:
        """It is done, well or not."""
        _, pace = self._under_way.pop(which)
        self._through += pace.size
        self._done += 1
        self._failed += failed

    @contextmanager
    def above(self) -> Iterator[None]:
        """Something else may be printed meanwhile, where the bars were; they are drawn again below it."""
        drawn = bool(self._drawn)
        self.wipe()
        yield
        if drawn:
            self.draw()

    def wipe(self) -> None:
        """Remove them from the terminal."""
        if self._drawn:
            self._write(self._back() + "\x1b[J")
            self._drawn = []

    def draw(self) -> None:
        """Draw them over what was drawn before."""
        now = time.monotonic()
        self._whole.advance(now, self._through + sum(pace.sent for _, pace in self._under_way.values()))
        if not self._shown or now < self._due:
            return
        columns, rows = _terminal()
        lines = self._lines(now, columns - 1)[-max(rows - 1, 1) :]
        text = self._back(columns) + "\n".join(f"{line}\x1b[K" for line in lines) + "\x1b[J"
        self._drawn = [wide(line) for line in lines]
        self._write(text)

    def _lines(self, now: float, width: int) -> list[str]:
        """The transfers, and the line for all where there is more than one, each at most `width` columns wide."""
        rows = [(name, pace.columns(now)) for name, pace in self._under_way.values()]
        if self._number != 1:
            of = f"{self._done}" if self._number is None else f"{self._done} of {self._number}"
            share = self._done / self._number if self._number else None
            failed = f", {self._failed} failed" if self._failed else ""
            rows.append((f"{of}{failed}", self._whole.columns(now, share)))
        shortest = max(SHORTEST_NAME, wide(rows[-1][0]) if self._number != 1 else 0)
        return [cut(_line(name, columns, shortest, width), width) for name, columns in rows]

    def _back(self, columns: int = 0) -> str:
        """To the first column of the first line; a terminal that has become narrower has broken lines in two."""
        columns = columns or _terminal()[0]
        up = sum(max(1, -(-length // columns)) for length in self._drawn) - 1
        return "\r" + (f"\x1b[{up}A" if up > 0 else "")

    async def _tick(self) -> None:
        while True:
            self.draw()
            await asyncio.sleep(EVERY)

    def _write(self, text: str) -> None:
        encoding = sys.stderr.encoding or "ascii"
        sys.stderr.write(text.encode(encoding, "replace").decode(encoding))
        sys.stderr.flush()


def _line(name: str, columns: list[str], shortest: int, width: int) -> str:
    """A name, and as many of the columns as leave it room; all lines of one drawing have the same ones."""
    told = "".join(columns)
    while len(columns) > 1 and len(told) + shortest > width:
        columns = columns[:-1]
        told = "".join(columns)
    return fitted(name, max(0, min(LONGEST_NAME, width - len(told)))) + told


def wide(text: str) -> int:
    """The columns that `text` takes (Unicode Standard Annex 11): two for wide characters, none for combining ones."""
    return sum(_columns(character) for character in text)


def cut(text: str, width: int) -> str:
    """As much of the beginning of `text` as fits into so many columns; where some is missing, an ellipsis says so."""
    if wide(text) <= width:
        return text
    kept, left = [], width - 1
    for character in text:
        left -= _columns(character)
        if left < 0:
            break
        kept.append(character)
    return "".join(kept) + "…" if width > 0 else ""


def fitted(text: str, width: int) -> str:
    """`text` in exactly so many columns."""
    text = cut(text, width)
    return text + " " * (width - wide(text))


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _terminal() -> tuple[int, int]:
    """Columns and rows of the terminal; those of old where it does not say."""
    try:
        columns, rows = os.get_terminal_size(sys.stderr.fileno())
    except OSError:
        columns = rows = 0
    return columns or 80, rows or 24


def _amount(size: float) -> str:
    """Bytes, as people say them (decimal units)."""
    unit, name = next((each for each in UNITS if size >= each[0]), UNITS[-1])
    return f"{size / unit:.1f} {name}"


def _amounts(sent: int, size: int) -> str:
    unit, name = next((each for each in UNITS if size >= each[0]), UNITS[-1])
    return f"{min(sent, size) / unit:.1f}/{size / unit:.1f} {name}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
