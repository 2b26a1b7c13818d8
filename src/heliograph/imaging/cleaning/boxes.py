"""Boxes of the ISO base media file format: walking and writing them. Hides the three ways to say a size.

Facts: ISO/IEC 14496-12, section 4.2 (boxes), 8.1.2 (free space).
"""

from dataclasses import dataclass

from heliograph.imaging.failures import CorruptImage

_MOST_BOXES = 20_000
HEAD = 8


@dataclass(frozen=True, slots=True)
class Box:
    """The box's type; places of its first byte, of its contents, and of the byte after it."""

    kind: bytes
    start: int
    body: int
    end: int


def broken() -> CorruptImage:
    """The failure that all readers of boxes raise."""
    return CorruptImage("The picture is damaged: its structure is broken.")


def at(data: memoryview, start: int, end: int) -> Box | None:
    """The box that begins at `start`; None where no box fits before `end`."""
    if start + HEAD > end:
        return None
    size, kind, body = int.from_bytes(data[start : start + 4], "big"), bytes(data[start + 4 : start + 8]), start + HEAD
    if size == 1:
        size, body = int.from_bytes(data[body : body + 8], "big"), body + 8
    elif size == 0:
        size = end - start
    if body > start + size or start + size > end:
        return None
    return Box(kind, start, body, start + size)


def within(data: memoryview, start: int, end: int) -> list[Box]:
    """The boxes that fill `start` to `end`. Raises CorruptImage unless they fill it exactly."""
    found: list[Box] = []
    while start < end:
        box = at(data, start, end)
        if box is None or len(found) >= _MOST_BOXES:
            raise broken()
        found.append(box)
        start = box.end
    return found


def make(kind: bytes, contents: bytes) -> bytes:
    """A box with a 32-bit size."""
    return (len(contents) + HEAD).to_bytes(4, "big") + kind + contents


def free_head(box: Box) -> bytes:
    """The head of a free box of the same length as `box`."""
    if box.body - box.start == HEAD:
        return (box.end - box.start).to_bytes(4, "big") + b"free"
    return (1).to_bytes(4, "big") + b"free" + (box.end - box.start).to_bytes(8, "big")


class Reader:
    """Reads big-endian numbers one after another from `start` to `end`. Raises CorruptImage at the end."""

    def __init__(self, data: memoryview, start: int, end: int) -> None:
        self._data = data
        self.at = start
        self.end = end

    def number(self, size: int) -> int:
        """A number of `size` bytes; 0 of none."""
        if self.at + size > self.end:
            raise broken()
        self.at += size
        return int.from_bytes(self._data[self.at - size : self.at], "big")

    def take(self, size: int) -> bytes:
        """The next `size` bytes."""
        if self.at + size > self.end:
            raise broken()
        self.at += size
        return bytes(self._data[self.at - size : self.at])
