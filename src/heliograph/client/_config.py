"""Which server to speak to, and with which key; hides where each system keeps config files.

What is passed wins over the environment (HELIOGRAPH_URL, HELIOGRAPH_KEY), which wins over the config file:

    url = "https://pictures.example"
    key = "..."
    fallbacks = ["https://other.example", {url = "https://api.imgur.com", client_id = "..."}]

A key from the file goes to no other server than the file's own (where it names none, the one that is spoken to unless
another is passed), so that pointing the client elsewhere for once does not hand the key to a stranger. What `heliograph
login` has got from a server goes to that server only, and there wins over the file's key. A fallback that is passed as
the server has its own key, and never the one that the environment has for the usual server.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from heliograph.client._errors import InputError
from heliograph.client._kept import Kept, Login, fallback_texts, read

DEFAULT_URL = "http://127.0.0.1:8750"
DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Target:
    """A server's base URL, in one spelling and without a slash at its end, and the key to speak to it with, if any.

    login: where that key is the access token of `heliograph login`, what it comes from.
    """

    url: str
    key: str | None = field(repr=False)
    login: Login | None = None


def load(url: str | None = None, key: str | None = None, environ: Mapping[str, str] = os.environ) -> Target:
    """The server and the key to use; `url` and `key` as passed by the caller.

    Raises InputError if the address is not one, the key could not be sent, or the config file is damaged.
    """
    named, named_key = environ.get("HELIOGRAPH_URL"), environ.get("HELIOGRAPH_KEY")
    kept = Kept() if (url and key) or (not url and named and named_key) else read(config_path(environ))
    saved = kept.texts
    chosen = normal_url(url or named or saved.get("url") or DEFAULT_URL)
    if url and not key and not _is(named or saved.get("url"), chosen) and (host := _known_fallback(chosen, kept)):
        return host.target
    key = key or named_key
    login = kept.logins.get(chosen) if not key else None
    if login is not None:
        return Target(chosen, login.access_token, login)
    if not key and _is(saved.get("url") or named or DEFAULT_URL, chosen):
        key = saved.get("key")
    if key and not (key.isascii() and key.isprintable() and " " not in key):
        raise InputError("The key holds characters that no key has. Was it copied whole, and nothing else with it?")
    return Target(chosen, key or None)


@dataclass(frozen=True)
class Fallback:
    """Another host, tried where the server is down. `client_id`: it is shaped like Imgur, and knows us by that."""

    target: Target
    client_id: str | None = None


def load_fallbacks(
    named: Sequence[str | Mapping[str, str]] | None, environ: Mapping[str, str] = os.environ
) -> tuple[Fallback, ...]:
    """The fallbacks that the caller named, else those of the config file. Raises InputError.

    The environment's key is for the server that it names, never for these: each has its own, or its login's.
    """
    kept = read(config_path(environ))
    texts = kept.fallbacks if named is None else fallback_texts(named, "The list of fallbacks")
    return tuple(_fallback(each, kept.logins) for each in texts)


def _is(url: str | None, chosen: str) -> bool:
    with suppress(InputError):
        return url is not None and normal_url(url) == chosen
    return False


def _known_fallback(chosen: str, kept: Kept) -> Fallback | None:
    """The fallback of the config file at that address."""
    return next((_fallback(each, kept.logins) for each in kept.fallbacks if _is(each["url"], chosen)), None)


def _fallback(texts: Mapping[str, str], logins: Mapping[str, Login]) -> Fallback:
    url = normal_url(texts["url"])
    if "client_id" in texts:
        return Fallback(Target(url, None), texts["client_id"])
    login = logins.get(url) if "key" not in texts else None
    return Fallback(Target(url, login.access_token if login else texts.get("key"), login))


def environment_has_key(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the environment names a key, which wins over the config file's."""
    return bool(environ.get("HELIOGRAPH_KEY"))


def environment_has_screen(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> bool:
    """Whether a browser that is opened here would be seen: not by way of SSH, nor where there is no screen."""
    if platform in ("win32", "darwin"):
        return "SSH_CONNECTION" not in environ
    return any(environ.get(name) for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"))


def environment_draws(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> bool:
    """Whether a terminal takes escape sequences (ECMA-48): not a dumb one, nor Windows' console of old."""
    if platform == "win32":
        return bool(environ.get("WT_SESSION") or environ.get("TERM"))
    return environ.get("TERM", "dumb") != "dumb"


def desktop(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> str:
    """Whose clipboard and screen there are: macos, windows, wayland or x11; "" where there are none."""
    if platform in ("win32", "darwin"):
        return {"win32": "windows", "darwin": "macos"}[platform]
    if environ.get("WAYLAND_DISPLAY"):
        return "wayland"
    return "x11" if environ.get("DISPLAY") else ""


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
        folder = Path(environ.get("APPDATA") or _home() / "AppData" / "Roaming")
    elif platform == "darwin":
        folder = _home() / "Library" / "Application Support"
    else:
        named = Path(environ.get("XDG_CONFIG_HOME", ""))
        folder = named if named.is_absolute() else _home() / ".config"
    return folder / "heliograph" / "config.toml"


def state_folder(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """Where a program keeps what has to outlive it and is nobody's setting; as `config_path`, on each `platform`.

    Linux and others: XDG_STATE_HOME. macOS: Application Support. Windows: the local application data folder.
    """
    if platform == "win32":
        folder = Path(environ.get("LOCALAPPDATA") or _home() / "AppData" / "Local")
    elif platform == "darwin":
        folder = _home() / "Library" / "Application Support"
    else:
        named = Path(environ.get("XDG_STATE_HOME", ""))
        folder = named if named.is_absolute() else _home() / ".local" / "state"
    return folder / "heliograph"


def _home() -> Path:
    """The user's folder. Where a system does not know the user (in a container, say), one where nothing can be."""
    try:
        return Path.home()
    except RuntimeError:
        return Path(os.devnull) / "nobody"
