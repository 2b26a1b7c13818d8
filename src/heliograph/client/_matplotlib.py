"""`fig.savefig("heliograph:")` and `plt.publish()`: matplotlib that publishes, where somebody asks for it.

Hides that two functions of matplotlib are replaced, in this process only.
"""

from __future__ import annotations

import functools
import io
from importlib import import_module
from typing import Any

from heliograph.client._errors import InputError
from heliograph.client._models import Image
from heliograph.client._one_call import upload

PREFIX = "heliograph:"


def integrate_matplotlib() -> None:
    """From now on in this process, `figure.savefig("heliograph:")` and `plt.publish()` publish (docs/figures.md).

    May be repeated. Raises InputError where matplotlib is not installed.
    """
    try:
        figure = import_module("matplotlib.figure").Figure
        pyplot = import_module("matplotlib.pyplot")
    except ImportError as error:
        raise InputError("matplotlib is not installed: pip install matplotlib") from error
    if not hasattr(figure.savefig, "publishes"):
        figure.savefig = _publishing(figure.savefig)
    setattr(pyplot, "publish", publish)  # noqa: B010 # matplotlib itself has no such name


def publish(**options: Any) -> Image:
    """Publish pyplot's current figure, print the link and return the image; `options` as for `heliograph.upload`."""
    return _told(upload(import_module("matplotlib.pyplot"), **options))


def _publishing(save: Any) -> Any:
    """`save`, the savefig of matplotlib, which also knows what begins with "heliograph:"."""

    @functools.wraps(save)
    def savefig(self: Any, fname: Any, *args: Any, **how: Any) -> Any:
        if not (isinstance(fname, str) and fname.startswith(PREFIX)):
            return save(self, fname, *args, **how)
        title = fname[len(PREFIX) :].strip() or None
        if not args and not how:
            return _told(upload(self, title=title))
        buffer = io.BytesIO()
        save(self, buffer, *args, **{"format": "png", "metadata": {"Software": None}, **how})
        return _told(upload(buffer.getvalue(), title=title))

    savefig.publishes = True  # type: ignore[attr-defined] # how it is known
    return savefig


def _told(image: Image) -> Image:
    print(image)  # noqa: T201 # who saves a figure looks for nothing that is returned
    return image
