"""Where a figure comes from: the code that calls, and the versions of what it has imported; hides how Python tells."""

from __future__ import annotations

import inspect
import platform
import re
import sys
from importlib import metadata
from types import FrameType
from typing import Any

from heliograph.client._errors import InputError

VERSIONS = "# Versions: "
"""How the last line of a source begins."""

_VERSIONS_LINE = re.compile(rf"^{VERSIONS}.*\s*\Z", re.MULTILINE)


def told(source: bool | str | None) -> str | None:
    """What to send as source: the caller's code for True, a text as it is, each with a line of versions; None for none.

    Called by what the user calls, at once: an outer frame is found by leaving this library. Raises InputError where the
    code cannot be seen.
    """
    if source is None or source is False:
        return None
    if not isinstance(source, (bool, str)):
        raise InputError(f"source is True, or a text; not a {type(source).__name__}.")
    text = code_of(_caller()) if source is True else source
    if not text.strip():
        raise InputError("The source is empty.")
    return text if _VERSIONS_LINE.search(text) else f"{text.rstrip()}\n\n{VERSIONS}{', '.join(versions())}\n"


def versions() -> list[str]:
    """Python's version and that of every installed package of which something is imported, by name; no platform."""
    homes = metadata.packages_distributions()
    imported = {module for module in set(sys.modules) if not module.startswith("_")}
    names = {name for module in imported for name in homes.get(module, ())}
    found = []
    for name in sorted(names, key=str.lower):
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            continue
    return [f"Python {platform.python_version()}", *found]


def code_of(frame: FrameType) -> str:
    """The cell, or the enclosing function, or the file, whose code runs in `frame`. Raises InputError."""
    if frame.f_code.co_name == "<module>" and (cell := cell_of(frame.f_globals)):
        return cell
    try:
        return inspect.getsource(frame)
    except (OSError, TypeError) as error:
        raise InputError("The code that calls cannot be read here. Pass it as a text: source=...") from error


def cell_of(namespace: dict[str, Any]) -> str | None:
    """The cell of IPython that runs now, as it was typed; None where `namespace` is no session's."""
    shell = namespace.get("get_ipython")
    history = getattr(shell(), "history_manager", None) if callable(shell) else None
    cells = getattr(history, "input_hist_raw", None)
    return str(cells[-1]) if cells and namespace.get("__name__") == "__main__" else None


def _caller() -> FrameType:
    """The innermost frame outside of this library."""
    frame: FrameType | None = sys._getframe()
    while frame is not None and _name(frame).partition(".")[0] == "heliograph":
        frame = frame.f_back
    if frame is None or _name(frame).partition(".")[0] == "asyncio":
        raise InputError("A task cannot tell whose code began it. Await the upload itself, or pass source=TEXT.")
    return frame


def _name(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))
