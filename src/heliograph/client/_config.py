"""Which server to speak to, and with which key; hides where each system keeps config files.

What is passed wins over the environment (HELIOGRAPH_URL, HELIOGRAPH_KEY), which wins over the config file:

    url = "https://pictures.example"
    key = "..."

A key from the file goes to no other server than the file's own, so that pointing the client elsewhere for once does
not hand the key to a stranger.
"""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from heliograph.client._errors import InputError

DEFAULT_URL = "http://127.0.0.1:8750"
NAMES = ("url", "key")
DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Target:
    """A server's base URL, in one spelling and without a slash at its end, and the key to speak to it with, if any."""

    url: str
    key: str | None = field(repr=False)


def load(url: str | None = None, key: str | None = None, environ: Mapping[str, str] = os.environ) -> Target:
    """The server and the key to use; `url` and `key` as passed by the caller.

    Raises InputError if the address is not one, the key could not be sent, or the config file is damaged.
    """
    asked = url or environ.get("HELIOGRAPH_URL")
    key = key or environ.get("HELIOGRAPH_KEY")
    saved = {} if asked and key else _read(config_path(environ))
    chosen = normal_url(asked or saved.get("url") or DEFAULT_URL)
    if not key and ("url" not in saved or normal_url(saved["url"]) == chosen):
        key = saved.get("key")
    if key and not (key.isascii() and key.isprintable() and " " not in key):
        raise InputError("The key holds characters that no key has. Was it copied whole, and nothing else with it?")
    return Target(chosen, key or None)


def normal_url(url: str) -> str:
    """One spelling of a server's base URL: lower-case scheme and host, no default port, no slash at the end.

    Raises InputError if it is no http or https address, or holds a password, query or fragment.
    """
    try:
        parts = urlsplit(url.strip())
        scheme, host, port = parts.scheme.lower(), parts.hostname, parts.port
    except ValueError:
        scheme, host, port = "", None, None
    if scheme not in DEFAULT_PORTS or not host or parts.username or parts.query or parts.fragment:
        raise InputError(f"{url!r} is not a server's address. It looks like {DEFAULT_URL} or https://pictures.example.")
    host = f"[{host}]" if ":" in host else host
    shown_port = "" if port in (None, DEFAULT_PORTS[scheme]) else f":{port}"
    return f"{scheme}://{host}{shown_port}{parts.path.rstrip('/')}"


def config_path(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """Where the config file lies on `platform`, whether it exists or not.

    Linux and others: the XDG Base Directory Specification 0.8. macOS: Application Support, by Apple's File System
    Programming Guide. Windows: the roaming application data folder.
    """
    if platform == "win32":
        folder = Path(environ.get("APPDATA") or Path.home() / "AppData" / "Roaming")
    elif platform == "darwin":
        folder = Path.home() / "Library" / "Application Support"
    else:
        named = Path(environ.get("XDG_CONFIG_HOME", ""))
        folder = named if named.is_absolute() else Path.home() / ".config"
    return folder / "heliograph" / "config.toml"


def _read(path: Path) -> dict[str, str]:
    """The config file's texts, none if there is no file; raises InputError if it cannot be understood."""
    try:
        settings = tomllib.loads(path.read_text("utf-8-sig"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as error:
        raise InputError(f"The config file {path} cannot be read: {error}.") from error
    wrong = [name for name, value in settings.items() if name not in NAMES or not isinstance(value, str)]
    if wrong:
        raise InputError(f"The config file {path} may hold the texts 'url' and 'key' only, not {', '.join(wrong)}.")
    return settings
