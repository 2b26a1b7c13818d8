"""How much one picture may ask for. Hides the arithmetic; callers give a header and get a named failure or nothing.

All of it is checked against the header, before anything is decoded.
"""

from dataclasses import dataclass

from heliograph.imaging.failures import CorruptImage, TooManyFrames, TooManyPixels

MEGA = 1_000_000
MEBI = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """pixels: of one frame. total_pixels: of all frames together. frames: how many.

    memory: bytes that decoding one picture may need at a time. Most pictures are decoded row by row and need little;
    it binds those that must be held whole (progressive JPEG, interlaced PNG, WebP, AVIF, HEIC, BMP).
    """

    pixels: int = 100 * MEGA
    total_pixels: int = 500 * MEGA
    frames: int = 1_000
    memory: int = 256 * MEBI


@dataclass(frozen=True, slots=True)
class Header:
    """What a picture declares about itself. Width, height: pixels as stored, before any turning.

    memory: estimated bytes needed to decode (for a thumbnail as for a check). orientation: 1 to 8, as in EXIF.
    """

    width: int
    height: int
    frames: int
    memory: int
    orientation: int = 1

    @property
    def displayed(self) -> tuple[int, int]:
        """Width and height as displayed: orientations 5 to 8 swap them (EXIF 2.32, tag 0x0112)."""
        return (self.height, self.width) if self.orientation >= 5 else (self.width, self.height)


def check(header: Header, limits: Limits) -> None:
    """Raises TooManyPixels, TooManyFrames; CorruptImage for a picture without pixels."""
    pixels = header.width * header.height
    if header.width < 1 or header.height < 1 or header.frames < 1:
        raise CorruptImage("The picture has no pixels.")
    if pixels > limits.pixels:
        raise TooManyPixels(
            f"The picture is {header.width} x {header.height} pixels; at most "
            f"{limits.pixels / MEGA:g} million are accepted. Make it smaller."
        )
    if header.frames > limits.frames:
        raise TooManyFrames(f"The animation has {header.frames} frames; at most {limits.frames} are accepted.")
    if pixels * header.frames > limits.total_pixels:
        raise TooManyPixels(
            f"The frames have {pixels * header.frames / MEGA:.0f} million pixels together; at most "
            f"{limits.total_pixels / MEGA:g} million are accepted. Make it smaller or shorter."
        )
    if header.memory > limits.memory:
        raise TooManyPixels(
            f"Decoding {header.width} x {header.height} pixels of this format takes more memory than a picture may "
            "use here. Make it smaller, or send a PNG without interlacing or a JPEG that is not progressive."
        )
