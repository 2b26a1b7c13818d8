"""PNG and APNG decoded to the end: every frame is inflated to exactly the length its header promises.

Hides deflate, interlacing and the order of animation chunks. It takes the place of libvips, which sees only an APNG's
first picture; and since undoing the row filters cannot fail, this is a full check at half the cost. Memory is bounded
by STEP, whatever the file says.

Facts: PNG, third edition (W3C 2025), sections 7.2 (scanlines), 8.1 (Adam7), 9.2 (filter types), 10 (compression),
11.3.6 (animation).
"""

import struct
import zlib
from collections.abc import Iterator

from heliograph.imaging.cleaning.png import Chunk, chunks, is_animated
from heliograph.imaging.failures import CorruptImage
from heliograph.imaging.limits import Header

STEP = 1 << 20
"""How many bytes are inflated at a time."""

_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_LAST_FILTER = 4
_MOST_PALETTE_BYTES = 768


def header(data: memoryview, orientation: int) -> Header:
    """What IHDR and acTL declare. Raises CorruptImage."""
    found = chunks(data)
    width, height, depth, colour, interlaced = _declared(data, found)
    memory = width * height * _CHANNELS[colour] * max(depth, 8) // 8 if interlaced else 0
    frames = 1
    if is_animated(found):
        control = next(chunk for chunk in found if chunk.kind == b"acTL")
        frames = int.from_bytes(data[control.body : control.body + 4], "big")
    return Header(width, height, frames, memory, orientation)


def check(data: memoryview) -> None:
    """Inflate all frames. Raises CorruptImage."""
    found = chunks(data)
    width, height, depth, colour, interlaced = _declared(data, found)
    bits = depth * _CHANNELS[colour]
    main = _Frame(width, height, bits, interlaced=interlaced)
    for chunk in found:
        if chunk.kind == b"IDAT":
            main.feed(data[chunk.body : chunk.end - 4])
    main.finish()
    if is_animated(found):
        _check_animation(data, found, (width, height), bits, interlaced=interlaced)


def _declared(data: memoryview, found: list[Chunk]) -> tuple[int, int, int, int, bool]:
    """Width, height, bits of a sample, colour type, interlaced?"""
    if found[0].length != 13:
        raise CorruptImage("The picture is damaged: its header has a wrong length.")
    width, height, depth, colour, compression, filtering, interlace = struct.unpack_from(
        ">IIBBBBB", data, found[0].body
    )
    if depth not in _DEPTHS.get(colour, ()) or compression or filtering or interlace > 1:
        raise CorruptImage("The picture is damaged: its header makes no sense.")
    palettes = [chunk for chunk in found if chunk.kind == b"PLTE"]
    if any(chunk.length % 3 or not 0 < chunk.length <= _MOST_PALETTE_BYTES for chunk in palettes) or len(palettes) > 1:
        raise CorruptImage("The picture is damaged: its palette is broken.")
    if colour == 3 and not palettes:
        raise CorruptImage("The picture is damaged: its palette is missing.")
    return width, height, depth, colour, bool(interlace)


def _check_animation(
    data: memoryview, found: list[Chunk], canvas: tuple[int, int], bits: int, *, interlaced: bool
) -> None:
    sequence, frames, frame = 0, 0, None
    for chunk in found:
        if chunk.kind not in (b"fcTL", b"fdAT"):
            continue
        if chunk.length < 4 or int.from_bytes(data[chunk.body : chunk.body + 4], "big") != sequence:
            raise CorruptImage("The animation is damaged: its frames are out of order.")
        sequence += 1
        if chunk.kind == b"fcTL":
            if frame is not None and frames > 1:
                frame.finish()
            frame = _placed(data, chunk, canvas, bits, interlaced=interlaced)
            frames += 1
        elif frame is None:
            raise CorruptImage("The animation is damaged: a frame has no header.")
        else:
            frame.feed(data[chunk.body + 4 : chunk.end - 4])
    control = next(chunk for chunk in found if chunk.kind == b"acTL")
    if frames != int.from_bytes(data[control.body : control.body + 4], "big"):
        raise CorruptImage("The animation is damaged: frames are missing.")
    if frame is not None and not frame.untouched:
        frame.finish()


def _placed(data: memoryview, chunk: Chunk, canvas: tuple[int, int], bits: int, *, interlaced: bool) -> "_Frame":
    """The frame that an fcTL chunk announces; it has to lie within the canvas."""
    width, height, left, top = struct.unpack_from(">IIII", data, chunk.body + 4)
    if not width or not height or left + width > canvas[0] or top + height > canvas[1]:
        raise CorruptImage("The animation is damaged: a frame lies outside the picture.")
    return _Frame(width, height, bits, interlaced=interlaced)


class _Frame:
    """One frame's compressed rows, inflated step by step and counted."""

    def __init__(self, width: int, height: int, bits: int, *, interlaced: bool) -> None:
        self._inflater = zlib.decompressobj()
        self._passes = _passes(width, height, bits) if interlaced else iter([((width * bits + 7) // 8 + 1, height)])
        self._stride, rows = next(self._passes)
        self._missing = self._stride * rows
        self._seen = 0
        self.untouched = True

    def feed(self, compressed: memoryview) -> None:
        """Go on inflating. Raises CorruptImage."""
        self.untouched = False
        rest: bytes | memoryview = compressed
        try:
            while len(rest) and not self._inflater.eof:
                self._count(self._inflater.decompress(rest, STEP))
                rest = self._inflater.unconsumed_tail
        except zlib.error:
            raise CorruptImage("The picture is damaged: its pixels cannot be decompressed.") from None

    def finish(self) -> None:
        """Raises CorruptImage unless all rows were there."""
        while not self._inflater.eof and (rows := self._inflater.decompress(b"", STEP)):
            self._count(rows)
        if self._missing:
            raise CorruptImage("The picture ends too early: rows are missing.")

    def _count(self, rows: bytes) -> None:
        while rows:
            if not self._missing:
                raise CorruptImage("The picture is damaged: it has more rows than it declares.")
            part = rows[: self._missing]
            filters = part[-self._seen % self._stride :: self._stride]
            if filters and max(filters) > _LAST_FILTER:
                raise CorruptImage("The picture is damaged: a row has an unknown filter.")
            self._seen += len(part)
            self._missing -= len(part)
            rows = rows[len(part) :]
            if not self._missing:
                self._next_pass()

    def _next_pass(self) -> None:
        self._stride, rows = next(self._passes, (1, 0))
        self._missing, self._seen = self._stride * rows, 0


def _passes(width: int, height: int, bits: int) -> Iterator[tuple[int, int]]:
    """(bytes of a row, rows) of the seven passes of an interlaced picture, empty ones left out."""
    for left, top, across, down in _ADAM7:
        columns, rows = (width - left + across - 1) // across, (height - top + down - 1) // down
        if columns > 0 and rows > 0:
            yield (columns * bits + 7) // 8 + 1, rows
