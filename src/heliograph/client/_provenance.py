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

_NAME = re.compile(r"[\w.-]+")
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


def without_versions(source: str) -> str:
    """A source less its line of versions: what makes it the same source again."""
    return _VERSIONS_LINE.sub("", source).rstrip()


def versions() -> list[str]:
    """The versions of Python, of this library and of every installed package that is imported; no platform.

    What this library itself needs is left out: parts of it are imported only when something was sent, so the same code
    run again would not be the same text.
    """
    homes = metadata.packages_distributions()
    imported = {module for module in set(sys.modules) if not module.startswith("_")}
    names = {_normal(name) for module in imported for name in homes.get(module, ())} - _needed_by("heliograph")
    found = (_version(name) for name in ("heliograph", *sorted(names - {"heliograph"})))
    return [f"Python {platform.python_version()}", *filter(None, found)]


def _version(name: str) -> str:
    try:
        return f"{name} {metadata.version(name)}"
    except metadata.PackageNotFoundError:
        return ""


def _needed_by(name: str, known: frozenset[str] = frozenset()) -> frozenset[str]:
    """The names of all packages that a package requires, and those require, extras left aside."""
    try:
        required = metadata.requires(name) or ()
    except metadata.PackageNotFoundError:
        return known
    for each in required:
        needed = _normal(_NAME.match(each)[0])  # type: ignore[index] # every requirement begins with a name
        if "extra ==" not in each and needed not in known:
            known = _needed_by(needed, known | {needed})
    return known


def _normal(name: str) -> str:
    """As package indexes spell it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


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
