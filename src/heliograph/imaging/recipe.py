"""Recipes: the frozen description of a rendition. The canonical text is what caches are keyed by.

The six letter sizes are those of the foreign links (wire page links-and-thumbnails, section 2): 90 and 160 pixels
cropped to a square, and boxes of 160, 320, 640 and 1024 pixels that keep proportions.
"""

import re
from dataclasses import dataclass
from typing import Literal

Fit = Literal["crop", "inside"]
Output = Literal["jpg", "webp"]

_TEXT = re.compile(r"v(\d+)-(\d+)x(\d+)-(crop|inside)-(jpg|webp)-q(\d+)\Z")


@dataclass(frozen=True, slots=True)
class Recipe:
    """A rendition: box in pixels, how the picture is fitted into it, output format and encoder quality (1-100).

    `crop` fills the box exactly, cutting what is over and enlarging what is too small; `inside` keeps proportions and
    never enlarges. Renditions are stills in sRGB without metadata, on white where the format has no transparency.
    """

    width: int
    height: int
    fit: Fit
    output: Output
    quality: int
    version: int = 1

    @property
    def media_type(self) -> str:
        """The media type of the rendition."""
        return "image/jpeg" if self.output == "jpg" else "image/webp"

    def __str__(self) -> str:
        """The canonical text: equal recipes, equal texts."""
        return f"v{self.version}-{self.width}x{self.height}-{self.fit}-{self.output}-q{self.quality}"


def parse(text: str) -> Recipe:
    """Read a recipe back from its canonical text. Raises ValueError."""
    found = _TEXT.match(text)
    if not found:
        raise ValueError(f"not a recipe: {text!r}")
    version, width, height, fit, output, quality = found.groups()
    return Recipe(int(width), int(height), fit, output, int(quality), int(version))  # type: ignore[arg-type]


LETTERS: dict[str, Recipe] = {
    "s": Recipe(90, 90, "crop", "jpg", 82),
    "b": Recipe(160, 160, "crop", "jpg", 82),
    "t": Recipe(160, 160, "inside", "jpg", 82),
    "m": Recipe(320, 320, "inside", "jpg", 82),
    "l": Recipe(640, 640, "inside", "jpg", 82),
    "h": Recipe(1024, 1024, "inside", "jpg", 82),
}
"""The letter that follows an id in a link -> its recipe."""

WEB = Recipe(2560, 2560, "inside", "webp", 88)
"""What pages show in place of an original that browsers cannot show (HEIC, TIFF, BMP)."""
