"""Logging in by a browser, here or elsewhere, and logging out; hides OAuth 2: the device flow (RFC 8628), revoking.

Plans as in `_operations`: nothing here touches the network. What is got is kept in the config file (`_kept`), and
renewed by `_renewal`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from heliograph.client._config import Target, config_path
from heliograph.client._errors import (
    HeliographError,
    InputError,
    LimitReachedError,
    NotAllowedError,
    NotFoundError,
    RefusedError,
    ServerFailedError,
    UnexpectedAnswerError,
    UnreachableError,
    one_line,
)
from heliograph.client._exchange import Answer, Patience, Plan, Send, Wait, exchange
from heliograph.client._kept import Login, Turn, forget, keep, name_server, read
from heliograph.client._operations import json_of

CLIENT_ID = "heliographlogin"
"""As what this program is known to every server (docs/oauth.md)."""

DEFAULT_SCOPES = "images:write images:read albums"
"""Everything about images and albums. Not the account: that would let a lost file make keys that last for ever."""

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
SLOWER = 5.0
"""Seconds that slow_down and a lost connection add to the interval (RFC 8628 section 3.5)."""

LONGEST_PAUSE = 3600.0
"""Seconds between two questions that a server may ask for."""

AGAIN = "Run 'heliograph login' again."


@dataclass(frozen=True)
class DeviceCodes:
    """What to show: the address to open, the same with the code in it, and the code to type there.

    expires_in, interval: seconds. device_code is for the program only.
    """

    device_code: str = field(repr=False)
    user_code: str
    address: str
    complete: str
    expires_in: float
    interval: float


@dataclass(frozen=True)
class LoginOperations:
    """Logging in and out at one server. What each raises is said at `Client`."""

    target: Target
    patience: Patience

    def begin(self, scope: str = DEFAULT_SCOPES) -> Plan[DeviceCodes]:
        """Ask for codes (RFC 8628 section 3.1)."""
        try:
            answer = yield from ask(self.target.url, "device", {"scope": scope}, self.patience)
        except (NotFoundError, NotAllowedError) as error:
            why = error.message if error.name != "invalid_client" else "it does not know the command line, or bars it."
            raise NotAllowedError(
                f"{self.target.url} lets nobody log in this way: {why} Set HELIOGRAPH_KEY instead.",
                name=error.name,
                status=error.status,
            ) from error
        return _codes(self.target.url, json_of(answer))

    def finish(self, codes: DeviceCodes) -> Plan[Login]:
        """Ask until somebody has answered (RFC 8628 section 3.4), and keep what the server gives.

        A server that says slow_down is asked more slowly, and one that is away, overloaded or has had enough too.
        """
        form = {"grant_type": DEVICE_GRANT, "device_code": codes.device_code}
        pause, deadline = codes.interval, time.monotonic() + codes.expires_in
        while True:
            yield Wait(pause)
            try:
                answer = yield from ask(self.target.url, "token", form, self.patience)
                break
            except (UnreachableError, LimitReachedError, ServerFailedError) as error:
                if time.monotonic() > deadline:
                    raise
                pause = max(pause + SLOWER, min(error.retry_after or 0.0, LONGEST_PAUSE))
            except RefusedError as error:
                pause += SLOWER if error.name == "slow_down" else 0.0
                over = time.monotonic() > deadline
                if error.name not in ("authorization_pending", "slow_down") or over:
                    raise _unanswered(error, expired=over) from error
        login = login_of(self.target.url, json_of(answer))
        with turn_at(config_path()) as turn:
            yield from wait_for(turn)
            _keep(login)
        return login

    def end(self) -> Plan[None]:
        """Take back what was given (RFC 7009), and forget it here, also where the server cannot be told."""
        with turn_at(config_path()) as turn:
            yield from wait_for(turn)
            login = read(config_path()).logins.get(self.target.url)
            if login is None:
                raise InputError(f"There is no login to end: you are not logged in to {self.target.url}.")
            forget(config_path(), login.server)
            try:
                yield from ask(login.server, "revoke", {"token": login.refresh_token}, self.patience)
            except HeliographError as error:
                raise type(error)(
                    f"The login is forgotten here, but the server could not be told: {error.message} "
                    f"Revoke it at {login.server}/account/grants.",
                    name=error.name,
                    status=error.status,
                ) from error


def ask(server: str, what: str, form: Mapping[str, str], patience: Patience) -> Plan[Answer]:
    """The answer of one of the server's endpoints for OAuth. Raises what `exchange` does."""
    send = Send("POST", f"{server}/api/v1/oauth/{what}", form={"client_id": CLIENT_ID, **form})
    return (yield from exchange(send, patience))


def login_of(server: str, said: Any, before: Login | None = None) -> Login:  # noqa: ANN401 # JSON may be anything
    """What a token endpoint said (RFC 6749 section 5.1); what it leaves out is as `before`.

    Raises UnexpectedAnswerError.
    """
    now = datetime.now(UTC).replace(microsecond=0)
    try:
        login = Login(
            server=server,
            account=one_line(str(said.get("account") or (before.account if before else ""))),
            scopes=one_line(str(said.get("scope") or (before.scopes if before else ""))),
            access_token=str(said["access_token"]),
            refresh_token=str(said["refresh_token"]),
            expires=now + timedelta(seconds=float(said["expires_in"])),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise _no_heliograph(server) from error
    if not all(_is_sendable(token) for token in (login.access_token, login.refresh_token)):
        raise _no_heliograph(server)
    return login


@contextmanager
def turn_at(path: Path) -> Iterator[Turn]:
    """A turn at the config file, which ends with the block; see `wait_for`."""
    turn = Turn(path)
    try:
        yield turn
    finally:
        turn.end()


def wait_for(turn: Turn) -> Plan[None]:
    """Wait until it is this program's turn."""
    while not turn.taken():
        yield Wait(0.05)


def _keep(login: Login) -> None:
    """Put the login into the config file, and name its server there where no other is meant."""
    path = config_path()
    named = read(path).texts
    keep(path, login)
    if not named:
        name_server(path, login.server)


def _unanswered(error: RefusedError, *, expired: bool) -> NotAllowedError:
    """What to tell who waits in vain, for what the server said (RFC 8628 section 3.5)."""
    if expired or error.name == "expired_token":
        told = f"Nobody allowed it in time. {AGAIN}"
    elif error.name == "access_denied":
        told = "Access was denied in the browser, so you are not logged in."
    else:
        told = f"You are not logged in: {error.message}"
    return NotAllowedError(told, name=error.name, status=error.status)


def _codes(server: str, said: Any) -> DeviceCodes:  # noqa: ANN401 # JSON may be anything
    """What a device authorization endpoint said (RFC 8628 section 3.2)."""
    try:
        address = str(said["verification_uri"])
        codes = DeviceCodes(
            device_code=str(said["device_code"]),
            user_code=one_line(str(said["user_code"])),
            address=address,
            complete=str(said.get("verification_uri_complete") or address),
            expires_in=float(said["expires_in"]),
            interval=float(said.get("interval", SLOWER)),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _no_heliograph(server) from error
    good = 0 <= codes.interval <= LONGEST_PAUSE and codes.expires_in > 0
    if not good or not all(_is_web(each) for each in (codes.address, codes.complete)):
        raise _no_heliograph(server)
    return codes


def _is_web(address: str) -> bool:
    """Whether an address may be given to a browser: it comes from elsewhere."""
    return address.startswith(("http://", "https://")) and _is_sendable(address)


def _is_sendable(token: str) -> bool:
    return token.isascii() and token.isprintable() and " " not in token


def _no_heliograph(server: str) -> UnexpectedAnswerError:
    return UnexpectedAnswerError(
        f"{server} does not let programs log in as a Heliograph server does. Is the server's address right?"
    )
