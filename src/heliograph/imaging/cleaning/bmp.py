"""BMP: keeps header, palette, colour profile and pixels; zeroes the gaps between them; cuts what follows.

Facts: BITMAPFILEHEADER, BITMAPINFOHEADER, BITMAPV4HEADER and BITMAPV5HEADER (Microsoft, Windows GDI reference).
"""

import struct

from heliograph.imaging.cleaning import icc
from heliograph.imaging.cleaning.pieces import Plan, in_place
from heliograph.imaging.failures import CorruptImage, UnsupportedFormat

_FILE_HEADER = 14
_CORE, _INFO, _V5 = 12, 40, 124
_RGB, _RLE8, _RLE4, _BITFIELDS, _ALPHA_BITFIELDS = 0, 1, 2, 3, 6
_DEPTHS = (1, 2, 4, 8, 16, 24, 32)
_LARGEST_PALETTE = 1024
_EMBEDDED_PROFILE = 0x4D424544  # 'MBED'


def plan(data: memoryview) -> Plan:
    """What to keep of a BMP file. Raises CorruptImage, UnsupportedFormat."""
    if len(data) < _FILE_HEADER + _CORE:
        raise CorruptImage("The picture ends too early.")
    start, size = struct.unpack_from("<II", data, 10)
    if size > len(data) - _FILE_HEADER or size < _CORE:
        raise CorruptImage("The picture ends too early.")
    length, colours = (_core if size == _CORE else _info)(data, size, start)
    if start < _FILE_HEADER + size or start + length > len(data):
        raise CorruptImage("The picture ends too early.")
    kept = [(0, min(_FILE_HEADER + size + colours, start)), (start, start + length), *_profile(data, size)]
    return in_place("bmp", data, kept)


def _core(data: memoryview, _size: int, _start: int) -> tuple[int, int]:
    """Bytes of pixels, bytes of colour table, of the oldest kind of header."""
    width, height, _, depth = struct.unpack_from("<HHHH", data, _FILE_HEADER + 4)
    if depth not in _DEPTHS:
        raise UnsupportedFormat("This kind of BMP is not accepted.")
    return _stride(width, depth) * height, 3 << depth if depth <= 8 else 0


def _info(data: memoryview, size: int, start: int) -> tuple[int, int]:
    """Bytes of pixels, bytes of colour masks and colour table, of the newer kinds of header."""
    if size < _INFO:
        raise UnsupportedFormat("This kind of BMP is not accepted.")
    width, height, _, depth, compression, length = struct.unpack_from("<iiHHII", data, _FILE_HEADER + 4)
    used = struct.unpack_from("<I", data, _FILE_HEADER + 32)[0]
    if depth not in _DEPTHS or width <= 0 or compression not in (_RGB, _RLE8, _RLE4, _BITFIELDS, _ALPHA_BITFIELDS):
        raise UnsupportedFormat("This kind of BMP is not accepted.")
    masks = {_BITFIELDS: 12, _ALPHA_BITFIELDS: 16}.get(compression, 0) if size == _INFO else 0
    colours = min(4 * (used or 1 << depth), _LARGEST_PALETTE) if depth <= 8 else 0
    if compression in (_RLE8, _RLE4):
        return min(length or len(data) - start, len(data) - start), masks + colours
    return _stride(width, depth) * abs(height), masks + colours


def _stride(width: int, depth: int) -> int:
    return (width * depth + 31) // 32 * 4


def _profile(data: memoryview, size: int) -> list[tuple[int, int]]:
    """Where an embedded colour profile lies (version 5 headers)."""
    if size < _V5 or struct.unpack_from("<I", data, _FILE_HEADER + 56)[0] != _EMBEDDED_PROFILE:
        return []
    offset, length = struct.unpack_from("<II", data, _FILE_HEADER + 112)
    first = _FILE_HEADER + offset
    if first + length > len(data) or icc.sound(bytes(data[first : first + length])) is None:
        return []
    return [(first, first + length)]
