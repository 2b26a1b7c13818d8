"""The config file: read, and changed by `heliograph login`; hides TOML, taking turns, and writing whole or not at all.

    url = "https://pictures.example"
    key = "..."

    [logins."https://pictures.example"]
    account = "ada"
    scopes = "albums images:read images:write"
    access_token = "..."
    refresh_token = "..."
    expires = 2026-01-02T03:04:05Z

A change touches the one login that it is about: whatever else people have written there stays, comments too.
"""

from __future__ import annotations

import json
import os
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from heliograph.client._durable import write
from heliograph.client._errors import InputError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

TEXTS = ("url", "key")
FALLBACKS = "fallbacks"
FALLBACK_TEXTS = ("url", "key", "client_id")
LOGINS = "logins"


@dataclass(frozen=True)
class Login:
    """What one server gave to `heliograph login`. scopes: what the access token may do, blanks between the words.

    expires: when the access token ends.
    """

    server: str
    account: str
    scopes: str
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires: datetime


@dataclass(frozen=True)
class Kept:
    """What the config file holds: `texts` of TEXTS, the logins by their servers, and the texts of each fallback."""

    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    logins: Mapping[str, Login] = field(default_factory=dict)
    fallbacks: tuple[Mapping[str, str], ...] = field(default=(), repr=False)


def read(path: Path) -> Kept:
    """What the config file holds, nothing if there is none; raises InputError if it cannot be understood."""
    try:
        settings = tomllib.loads(_text(path))
    except ValueError as error:
        raise InputError(f"The config file {path} cannot be read: {error}.") from error
    logins = settings.pop(LOGINS, {})
    fallbacks = fallback_texts(settings.pop(FALLBACKS, []), f"The config file {path}")
    wrong = [name for name, value in settings.items() if name not in TEXTS or not isinstance(value, str)]
    if wrong:
        raise InputError(
            f"The config file {path} may hold the texts 'url' and 'key', fallbacks, and logins, not {', '.join(wrong)}."
        )
    try:
        return Kept(settings, {server: _login(server, values) for server, values in logins.items()}, fallbacks)
    except (AttributeError, KeyError, TypeError) as error:
        raise InputError(
            f"The config file {path} holds a damaged login ({error!r}). Remove it there, and log in again."
        ) from error


def fallback_texts(named: object, where: str) -> tuple[Mapping[str, str], ...]:
    """The texts of each fallback in a list of addresses, or of tables with an address; raises InputError."""
    each: list[Any] = list(named) if isinstance(named, list | tuple) else [named]
    read = [{"url": one} if isinstance(one, str) else one for one in each]
    for one in read:
        known = isinstance(one, Mapping) and "url" in one and set(one) <= set(FALLBACK_TEXTS)
        if not known or not all(isinstance(text, str) for text in one.values()):
            raise InputError(
                f"{where} names fallbacks that are none. Each is an address, or a table with 'url' and either 'key' or "
                "'client_id'."
            )
    return tuple(read)


def keep(path: Path, login: Login) -> None:
    """Put a login into the config file, in place of the one for the same server. Raises InputError."""
    _change(path, login.server, login)


def forget(path: Path, server: str) -> None:
    """Take the login for a server out of the config file. Raises InputError."""
    _change(path, server, None)


def name_server(path: Path, url: str) -> None:
    """Make `url` the server that is used where none is named. Raises InputError."""
    _replace(path, f"url = {json.dumps(url)}\n{_text(path)}")


class Turn:
    """Held while a login is changed, so that of all programs of this computer one does it at a time.

    The system lets go of it when its holder ends, however that happens. It is a file beside the config file, as that
    one is replaced at each change.
    """

    def __init__(self, path: Path) -> None:
        """Prepare to take turns at the config file `path`. Raises InputError if that cannot be changed anyhow."""
        self._path = path
        try:
            beside = path.resolve()
            beside.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = os.open(beside.with_name(beside.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise _unwritable(path, error) from error

    def taken(self) -> bool:
        """Take the turn unless somebody else has it; never waits. Raises InputError where files cannot be locked."""
        try:
            if sys.platform == "win32":
                msvcrt.locking(self._file, msvcrt.LK_NBLCK, 1)
            else:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            return False
        except OSError as error:
            raise _unwritable(self._path, error) from error
        return True

    def end(self) -> None:
        """Let the next one go on."""
        os.close(self._file)


def _login(server: str, values: Mapping[str, Any]) -> Login:
    login = Login(server, **values)
    texts = (login.account, login.scopes, login.access_token, login.refresh_token)
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("a text is missing")
    return replace(login, expires=login.expires.astimezone(UTC))


def _change(path: Path, server: str, login: Login | None) -> None:
    """Write the file anew with that login for the server, or with none; the rest of the text stays.

    The result is read before it is kept, because people may spell in TOML what this does not know.
    """
    before = read(path).logins
    text = _without(_text(path), server)
    after = {name: each for name, each in before.items() if name != server}
    if login is not None:
        text = (text.rstrip("\n") + "\n\n" if text.strip() else "") + _table(login)
        after[server] = login
    try:
        understood = {name: _login(name, values) for name, values in tomllib.loads(text).get(LOGINS, {}).items()}
    except (ValueError, TypeError, AttributeError):
        understood = {}
    if understood != after:
        raise InputError(
            f"The login for {server} in the config file {path} is spelt in a way that is not changed by programs. "
            "Remove it there."
        )
    _replace(path, text)


def _without(text: str, server: str) -> str:
    """The text less the table of that server's login, which goes on to the next table or the end."""
    kept, skipping = [], False
    for line in text.splitlines(keepends=True):
        if line.lstrip().startswith("["):
            skipping = line.strip() == _heading(server)
        if not skipping:
            kept.append(line)
    return "".join(kept)


def _heading(server: str) -> str:
    return f"[{LOGINS}.{json.dumps(server, ensure_ascii=False)}]"


def _table(login: Login) -> str:
    """A login in TOML, whose strings are JSON's where nothing in them is unprintable."""
    texts = {
        "account": login.account,
        "scopes": login.scopes,
        "access_token": login.access_token,
        "refresh_token": login.refresh_token,
    }
    lines = [f"{name} = {json.dumps(text, ensure_ascii=False)}" for name, text in texts.items()]
    expires = login.expires.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return "\n".join([_heading(login.server), *lines, f"expires = {expires}", ""])


def _text(path: Path) -> str:
    """The file's text, none if there is no file."""
    try:
        return path.read_text("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, ValueError) as error:
        raise InputError(f"The config file {path} cannot be read: {error}.") from error


def _replace(path: Path, text: str) -> None:
    """Write the file whole or not at all, for nobody else to read. A link to it stays a link."""
    try:
        write(path, [text.encode()])
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> InputError:
    return InputError(f"The config file {path} cannot be written, so no login can be kept in it: {error}.")
