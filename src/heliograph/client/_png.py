"""Arrays of numbers as PNG files; hides the format (W3C, third edition), so that arrays need only NumPy."""

from __future__ import annotations

import struct
import zlib
from typing import Any

from heliograph.client._errors import InputError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
"""PNG's number for so many channels: grey, grey and alpha, RGB, RGBA (section 11.2.1)."""
ROUNDING = 1 / 512
"""By how much floats may miss 0 and 1, as they do after a computation: half a step of 8 bits makes no difference."""


def array_as_png(array: Any, numpy: Any) -> bytes:  # noqa: ANN401 # NumPy is not there for the type checker
    """A lossless PNG of `array`: (rows, columns) or (rows, columns, channels), channels 1 to 4.

    8 and 16 bits and truth values are kept as they are. Whole numbers of other types must lie in 0 to 255, floats in 0
    to 1, as matplotlib has it, give or take what rounding does. Raises InputError for what is no picture, rather than
    to guess.
    """
    if numpy.ma.is_masked(array):
        raise InputError("A masked array has places without a colour. Fill them first: array.filled(0)")
    array = numpy.asarray(array)  # a matrix has no third axis
    if array.ndim == 2:
        array = array[:, :, numpy.newaxis]
    if array.ndim != 3 or array.shape[2] not in COLOUR_TYPES or not array.size:
        raise InputError(
            f"An array of the shape {array.shape} is no picture. It needs rows and columns, and for colour a third "
            f"axis of 3 (RGB) or 4 (RGBA).{_advice(array)}"
        )
    samples = _samples(array, numpy)
    height, width, channels = samples.shape
    depth = samples.dtype.itemsize * 8
    rows = numpy.ascontiguousarray(samples.astype(samples.dtype.newbyteorder(">"))).view(numpy.uint8)
    unfiltered = numpy.zeros((height, 1), numpy.uint8)
    lines = numpy.concatenate((unfiltered, rows.reshape(height, -1)), axis=1).tobytes()
    header = struct.pack(">IIBBBBB", width, height, depth, COLOUR_TYPES[channels], 0, 0, 0)
    return SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(lines)) + _chunk(b"IEND", b"")


def _samples(array: Any, numpy: Any) -> Any:  # noqa: ANN401 # as above
    """The same picture as 8 or 16 bit samples."""
    kind = array.dtype.kind
    if kind == "b":
        return array.astype(numpy.uint8) * 255
    if kind == "u" and array.dtype.itemsize <= 2:
        return array
    most = {"i": 255, "u": 255, "f": 1}.get(kind)
    if most is None:
        raise InputError(f"An array of {array.dtype} is no picture. Pass numbers: uint8, uint16, or floats in 0 to 1.")
    low, high = array.min(), array.max()
    if low != low:  # only NaN is not itself
        raise InputError("The array holds NaN, which has no colour. Fill it first: numpy.nan_to_num(array)")
    slack = ROUNDING if kind == "f" else 0
    if not (low >= -slack and high <= most + slack):
        raise InputError(
            f"The array's values go from {low} to {high}, but {array.dtype} means a picture only in 0 to {most}. "
            "Scale or clip them first."
        )
    return (array if most == 255 else numpy.rint(array.astype(numpy.float64) * 255)).astype(numpy.uint8)


def _advice(array: Any) -> str:  # noqa: ANN401 # as above
    """What to do with an array whose channels come first, as those of PyTorch do."""
    first = array.ndim == 3 and array.shape[0] in COLOUR_TYPES and array.size
    return " If its first axis is the colour, pass numpy.moveaxis(array, 0, -1)." if first else ""


def _chunk(name: bytes, data: bytes) -> bytes:
    """One chunk: length, name, data, checksum (section 5.3)."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
