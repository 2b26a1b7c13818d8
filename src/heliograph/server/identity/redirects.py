"""Which redirect addresses a program may register and be gone back to, and what pages and policies call them."""

import re
from urllib.parse import urlsplit

from heliograph.server.model import Application

_WEB = ("http", "https")
_RUNS_CODE = ("javascript", "data", "vbscript", "file", "blob", "about")
_HOST = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[\x21\x22\x24-\x7e]+")
_LOOPBACK = re.compile(r"\A(http://(?:127\.0\.0\.1|localhost|\[::1\])):\d{1,5}(?=[/?]|\Z)")


def is_plain(address: str) -> bool:
    """Whether a program may register the address: absolute, without a fragment (RFC 6749 section 3.1.2). Schemes of
    apps are fine (RFC 8252).

    A host on the web is one and nothing more: `https://bank.example@h.example/` must not be shown to people, and what
    else could stand there would be read as words of a content policy.
    """
    if not _ADDRESS.fullmatch(address):
        return False
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    if parts.scheme in _WEB:
        return _HOST.fullmatch(parts.netloc) is not None
    return parts.scheme not in _RUNS_CODE


def is_registered(address: str, application: Application) -> bool:
    """Whether the address is one of the application's.

    The port of a loopback address does not matter, as it is not known before (RFC 8252 section 7.3).
    """
    return is_plain(address) and _without_loopback_port(address) in map(_without_loopback_port, application.redirects)


def host_of(address: str | None) -> str:
    """Where an address leads, as a page says it: its host, or the scheme that belongs to a program, whatever host it
    names beside.
    """
    parts = urlsplit(address or "")
    return parts.netloc if parts.scheme in _WEB else source_of(address)


def source_of(address: str | None) -> str:
    """What a content policy calls the place of an address: browsers hold a form's redirects to it, too."""
    parts = urlsplit(address or "")
    if parts.scheme in _WEB:
        return f"{parts.scheme}://{parts.netloc}"
    return f"{parts.scheme}:" if parts.scheme else ""


def _without_loopback_port(address: str) -> str:
    return _LOOPBACK.sub(r"\1", address, count=1)
