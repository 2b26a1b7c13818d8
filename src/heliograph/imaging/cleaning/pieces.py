"""The outcome of reading a container: what of the file to keep, what to write instead, and what that takes out.

Hides how pieces of a file are joined, compared with the original and copied without being held in memory twice.
"""

import hashlib
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

Data = bytes | memoryview
Span = tuple[int, int]

Piece = bytes | Span


@dataclass(slots=True)
class Plan:
    """The cleaned file as pieces: spans of the source (first byte, byte after the last) and new bytes.

    orientation: 1 to 8 as the cleaned file will show it (EXIF 2.32, tag 0x0112); formats whose own structures turn the
    picture leave it at 1. removed: words for people.
    """

    format: str
    pieces: list[Piece] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    orientation: int = 1

    def keep(self, start: int, end: int) -> None:
        """Go on with this span of the source."""
        last = self.pieces[-1] if self.pieces else None
        if isinstance(last, tuple) and last[1] == start:
            self.pieces[-1] = (last[0], end)
        elif start < end:
            self.pieces.append((start, end))

    def put(self, new: bytes) -> None:
        """Go on with these bytes."""
        self.pieces.append(new)

    def drop(self, *words: str) -> None:
        """Note that something was left out."""
        self.removed += [word for word in words if word not in self.removed]

    def changes(self, data: memoryview) -> bool:
        """Whether the cleaned file differs from the source."""
        at = 0
        for piece in self.pieces:
            if isinstance(piece, tuple):
                if piece[0] != at:
                    return True
                at = piece[1]
            else:
                if data[at : at + len(piece)] != piece:
                    return True
                at += len(piece)
        return at != len(data)

    def write(self, data: memoryview, target: Path) -> tuple[bytes, int]:
        """Write the cleaned file. Returns its SHA-256 (32 bytes) and its size in bytes. Raises OSError."""
        digest, size = hashlib.sha256(), 0
        with target.open("wb", buffering=0) as file:
            for piece in self.pieces:
                chunk = data[piece[0] : piece[1]] if isinstance(piece, tuple) else piece
                digest.update(chunk)
                size += len(chunk)
                _write_all(file.fileno(), memoryview(chunk))
        return digest.digest(), size


def _write_all(descriptor: int, chunk: memoryview) -> None:
    while chunk:
        chunk = chunk[os.write(descriptor, chunk) :]


def in_place(name: str, data: memoryview, kept: list[Span], patches: list[tuple[int, bytes]] | None = None) -> Plan:
    """A plan for formats full of offsets, where nothing may move.

    `kept` spans stay, `patches` (place, new bytes) are written over, what neither covers becomes zeros, and what
    follows the last of them is cut. Patches win over the spans they lie in.
    """
    result, at = Plan(name), 0
    for start, end, new in _without_overlap(kept, patches or []):
        _zero(result, data, at, start)
        if new is None:
            result.keep(start, end)
        else:
            result.put(new)
        at = end
    if at < len(data):
        result.drop("trailing bytes")
    return result


def _without_overlap(kept: list[Span], patches: list[tuple[int, bytes]]) -> list[tuple[int, int, bytes | None]]:
    """Patches and the parts of kept spans between them, in order. The first of overlapping patches wins."""
    ordered: list[tuple[int, int, bytes | None]] = []
    for start, new in sorted(patches, key=lambda patch: patch[0]):
        if new and (not ordered or ordered[-1][1] <= start):
            ordered.append((start, start + len(new), new))
    result: list[tuple[int, int, bytes | None]] = []
    at, following = 0, iter([*ordered, (sys.maxsize, sys.maxsize, None)])
    patch = next(following)
    for start, end in sorted(kept):
        start = max(start, at)
        while patch[0] < end and patch[2] is not None:
            if start < patch[0]:
                result.append((start, patch[0], None))
            result.append(patch)
            start = max(start, patch[1])
            patch = next(following)
        if start < end:
            result.append((start, end, None))
        at = max(at, start, end)
    return result + [each for each in [patch, *following] if each[2] is not None]


def _zero(result: Plan, data: memoryview, start: int, end: int) -> None:
    if start >= end:
        return
    if bytes(data[start:end]).count(0) == end - start:
        result.keep(start, end)
    else:
        result.put(bytes(end - start))
        result.drop("unused bytes")
