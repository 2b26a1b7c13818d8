"""Which redirect addresses a program may be gone back to: those that it has registered, to the letter."""

import re
from urllib.parse import urlsplit

from heliograph.server.model import Application

_LOOPBACK = re.compile(r"\A(http://(?:127\.0\.0\.1|localhost|\[::1\])):\d{1,5}(?=[/?]|\Z)")


def is_registered(address: str, application: Application) -> bool:
    """Whether the address is one of the application's.

    The port of a loopback address does not matter, as it is not known before (RFC 8252 section 7.3).
    """
    plain = address.isascii() and address.isprintable() and " " not in address and "#" not in address
    return plain and _without_loopback_port(address) in map(_without_loopback_port, application.redirects)


def host_of(address: str | None) -> str:
    """Where an address leads, as a page says it: its host, or the scheme that belongs to a program."""
    parts = urlsplit(address or "")
    return parts.netloc or parts.scheme


def source_of(address: str | None) -> str:
    """What a content policy calls the place of an address: browsers hold a form's redirects to it, too."""
    parts = urlsplit(address or "")
    if parts.scheme in ("http", "https"):
        return f"{parts.scheme}://{parts.netloc}"
    return f"{parts.scheme}:" if parts.scheme else ""


def _without_loopback_port(address: str) -> str:
    return _LOOPBACK.sub(r"\1", address, count=1)
