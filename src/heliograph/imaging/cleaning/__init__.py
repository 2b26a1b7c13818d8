"""Lossless removal of what could betray a person. One small file per container; none touches a pixel.

`plan` reads a container's structure and says what to keep. It raises nothing but CorruptImage and UnsupportedFormat on
any bytes, and takes time and memory in proportion to the file, never to lengths that the file claims.
"""

from collections.abc import Callable

from heliograph.imaging.cleaning import bmp, gif, iso_media, jpeg, png, tiff, webp
from heliograph.imaging.cleaning.pieces import Plan

_CLEANERS: dict[str, Callable[[memoryview], Plan]] = {
    "jpeg": jpeg.plan,
    "png": png.plan,
    "gif": gif.plan,
    "webp": webp.plan,
    "avif": iso_media.plan_avif,
    "heic": iso_media.plan_heic,
    "tiff": tiff.plan,
    "bmp": bmp.plan,
}


def plan(name: str, data: memoryview) -> Plan:
    """What to keep of the file `data` of the format `name`. Raises CorruptImage, UnsupportedFormat."""
    return _CLEANERS[name](data)
