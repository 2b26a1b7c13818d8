"""How a thing is to be drawn, whoever draws it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from heliograph.client._errors import InputError

THEMES = ("light", "dark")
SALT = "heliograph"
"""What matplotlib makes the names inside an SVG from, in place of chance."""


class NoVectorError(InputError):
    """The thing has no SVG: it is made of pixels."""


@dataclass(frozen=True)
class Look:
    """theme: light, dark, or None for as it is. vector: whether as SVG, not as pixels. online: whether a page that is
    drawn by a browser may load what it names from the network.
    """

    theme: str | None = None
    vector: bool = False
    online: bool = False

    def __post_init__(self) -> None:
        if self.theme not in (None, *THEMES):
            raise InputError(f"There is no theme {self.theme!r}. Pass 'light', 'dark', or None.")

    def must_be_plain(self, thing: str, instead: str = "") -> None:
        """Raise InputError where a theme is wanted of `thing`, which has its colours once and for all."""
        if self.theme:
            raise InputError(f"{thing} cannot be themed: its colours are its own. {instead}".rstrip())

    def must_be_pixels(self, thing: str) -> None:
        """Raise NoVectorError where an SVG is wanted of `thing`, which has none."""
        if self.vector:
            raise NoVectorError(f"{thing} has no SVG: it is made of pixels. Leave out vector=True.")

    @property
    def form(self) -> Any:  # noqa: ANN401 # each library has its own type for it
        """The format's name, as libraries call it."""
        return "svg" if self.vector else "png"
