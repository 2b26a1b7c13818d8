"""Which server to speak to, and with which key; hides where each system keeps config files.

What is passed wins over the environment (HELIOGRAPH_URL, HELIOGRAPH_KEY), which wins over the config file:

    url = "https://pictures.example"
    key = "..."

A key from the file goes to no other server than the file's own, so that pointing the client elsewhere for once does
not hand the key to a stranger. `heliograph login` writes the file: its key then ends after a while, and two more texts,
`refresh` and `expires`, say what another is got with, and when that is due.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from heliograph.client._errors import InputError

DEFAULT_URL = "http://127.0.0.1:8750"
NAMES = ("url", "key", "refresh", "expires")
DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Saved:
    """What the config file holds of a login: the key, what gets the next one, and when the key ends."""

    path: Path
    url: str
    key: str = field(repr=False)
    refresh: str = field(repr=False)
    expires: datetime


@dataclass(frozen=True)
class Target:
    """A server's base URL, in one spelling and without a slash at its end, and the key to speak to it with, if any.

    login: where that key is one of `heliograph login`.
    """

    url: str
    key: str | None = field(repr=False)
    login: Saved | None = None


def load(url: str | None = None, key: str | None = None, environ: Mapping[str, str] = os.environ) -> Target:
    """The server and the key to use; `url` and `key` as passed by the caller.

    Raises InputError if the address is not one, the key could not be sent, or the config file is damaged.
    """
    asked = url or environ.get("HELIOGRAPH_URL")
    key = key or environ.get("HELIOGRAPH_KEY")
    path = config_path(environ)
    saved = {} if asked and key else _read(path)
    chosen = normal_url(asked or saved.get("url") or DEFAULT_URL)
    login = None
    if not key and ("url" not in saved or normal_url(saved["url"]) == chosen):
        key, login = saved.get("key"), _login(path, saved)
    if key and not (key.isascii() and key.isprintable() and " " not in key):
        raise InputError("The key holds characters that no key has. Was it copied whole, and nothing else with it?")
    return Target(chosen, key or None, login)


def environment_has_key(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the environment names a key, which wins over the config file's."""
    return bool(environ.get("HELIOGRAPH_KEY"))


def saved_login(path: Path) -> Saved | None:
    """The login that the config file holds now, if any. Raises InputError."""
    return _login(path, _read(path))


def save(login: Saved) -> None:
    """Write a login to its config file, whole or not at all, for nobody else to read. Raises InputError."""
    texts = {"url": login.url, "key": login.key, "refresh": login.refresh, "expires": login.expires.isoformat()}
    # JSON's strings of plain ASCII are TOML's too.
    content = "".join(f"{name} = {json.dumps(text)}\n" for name, text in texts.items())
    try:
        login.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = login.path.with_name(f"{login.path.name}.{os.getpid()}-{secrets.token_hex(4)}")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        new.replace(login.path)
    except OSError as error:
        raise InputError(f"The config file {login.path} cannot be written: {error}.") from error


def forget(login: Saved) -> None:
    """Leave of the config file only which server it names. Raises InputError."""
    try:
        login.path.write_text(f"url = {json.dumps(login.url)}\n", "ascii")
    except OSError as error:
        raise InputError(f"The config file {login.path} cannot be written: {error}.") from error


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


def _login(path: Path, saved: Mapping[str, str]) -> Saved | None:
    """The login among the file's texts; None where it is not whole: its key is then taken for one that lasts."""
    if not {"url", "key", "refresh", "expires"} <= saved.keys():
        return None
    try:
        expires = datetime.fromisoformat(saved["expires"])
    except ValueError:
        return None
    expires = expires if expires.tzinfo else expires.replace(tzinfo=UTC)
    return Saved(path, normal_url(saved["url"]), saved["key"], saved["refresh"], expires)


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
        raise InputError(f"The config file {path} may hold the texts {', '.join(NAMES)} only, not {', '.join(wrong)}.")
    return settings
