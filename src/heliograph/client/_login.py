"""Logging in from a computer without a browser of its own (RFC 8628), and keys that are renewed in time.

Plans as in `_operations`: nothing here touches the network. What is got is kept in the config file (`_config`). Each
refresh token works once, so only one program of this computer may use it at a time: a file beside the config file says
that somebody is at it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Generator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from heliograph.client._config import Saved, Target, config_path, forget, save, saved_login
from heliograph.client._errors import (
    HeliographError,
    InputError,
    LimitReachedError,
    NotAllowedError,
    ServerFailedError,
    UnexpectedAnswerError,
    UnreachableError,
    one_line,
)
from heliograph.client._exchange import Answer, Plan, Send, Wait

CLIENT_ID = "heliographlogin"
"""As what this program is known to every server."""

DEFAULT_SCOPES = "images:write images:read albums"

_MARGIN = timedelta(seconds=60)
"""So long before its end a key is renewed, because clocks differ."""

_DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_SLOWER = 5
_LOCK_SECONDS = 30
"""A lock that is older was left behind by a program that was killed."""

_AGAIN = "Run 'heliograph login' again."

T = TypeVar("T")


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


def begin(target: Target, scope: str) -> Plan[DeviceCodes]:
    """Ask for codes (RFC 8628 section 3.1)."""
    answer = yield from _ask(target.url, "device", {"scope": scope})
    if answer.status != 200:
        raise _refusal(target.url, answer)
    said = _json(target.url, answer)
    try:
        return DeviceCodes(
            device_code=str(said["device_code"]),
            user_code=one_line(str(said["user_code"])),
            address=one_line(str(said["verification_uri"])),
            complete=one_line(str(said.get("verification_uri_complete") or said["verification_uri"])),
            expires_in=float(said["expires_in"]),
            interval=float(said.get("interval", 5)),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _no_heliograph(target.url) from error


def wait_for(target: Target, codes: DeviceCodes) -> Plan[str]:
    """Ask until somebody has answered (RFC 8628 section 3.4), keep what comes, and return the account's name.

    A server that says slow_down is asked more slowly, and one that is away for a moment too.
    """
    pause, deadline = codes.interval, time.monotonic() + codes.expires_in
    while time.monotonic() < deadline:
        yield Wait(pause)
        try:
            answer = yield from _ask(
                target.url, "token", {"grant_type": _DEVICE_GRANT, "device_code": codes.device_code}
            )
        except UnreachableError:
            pause += _SLOWER
            continue
        if answer.status == 200:
            said = _json(target.url, answer)
            save(_kept(config_path(), target.url, said))
            return one_line(str(said.get("account", "")))
        word = _word(answer)
        if word == "slow_down" or answer.status >= 500:
            pause += _SLOWER
        elif word != "authorization_pending":
            raise _refusal(target.url, answer)
    raise NotAllowedError(f"Nobody allowed it in time. {_AGAIN}", name="expired_token")


def end(target: Target) -> Plan[None]:
    """Take back what was given (RFC 7009), and forget it here, also where the server cannot be told."""
    if target.login is None:
        raise InputError("There is no login to end: the key in use was not made by 'heliograph login'.")
    try:
        answer = yield from _ask(target.url, "revoke", {"token": target.login.refresh})
    finally:
        forget(target.login)
    if answer.status != 200:
        raise _refusal(target.url, answer)


def with_good_key(plan: Plan[T], target: Target) -> Plan[T]:
    """Follow `plan`, but let each request that shows a login's key show one that has not ended."""
    if target.login is None:
        return (yield from plan)
    key = _Key(target.login)
    with closing(plan):
        try:
            step = next(plan)
            while True:
                if isinstance(step, Send) and "Authorization" in step.headers:
                    good = yield from key.good()
                    step = replace(step, headers={**step.headers, "Authorization": f"Bearer {good}"})
                try:
                    answer = yield step
                except UnreachableError as error:
                    step = plan.throw(error)
                else:
                    step = plan.send(answer)
        except StopIteration as ended:
            result: T = ended.value
            return result


class _Key:
    """The key of a login, renewed when it is about to end."""

    def __init__(self, login: Saved) -> None:
        self._login = login

    def good(self) -> Plan[str]:
        """A key that is good for a while. Raises NotAllowedError where the login has ended."""
        if _lasts(self._login):
            return self._login.key
        lock = self._login.path.with_name(self._login.path.name + ".lock")
        yield from _locked(lock)
        try:
            # Another program may have renewed it meanwhile, or somebody logged in or out.
            found = saved_login(self._login.path)
            if found is None or found.url != self._login.url:
                raise NotAllowedError(f"You have logged out. {_AGAIN}", name="InvalidToken")
            self._login = found if _lasts(found) else (yield from self._renewed(found))
        finally:
            with suppress(OSError):
                lock.unlink()
        return self._login.key

    def _renewed(self, login: Saved) -> Plan[Saved]:
        """Never asked twice: whoever shows a refresh token a second time is taken for a thief."""
        answer = yield from _ask(login.url, "token", {"grant_type": "refresh_token", "refresh_token": login.refresh})
        if _word(answer) == "invalid_grant":
            raise NotAllowedError(f"Your login has ended. {_AGAIN}", name="InvalidToken", status=answer.status)
        if answer.status != 200:
            raise _refusal(login.url, answer)
        renewed = _kept(login.path, login.url, _json(login.url, answer))
        save(renewed)
        return renewed


def _lasts(login: Saved) -> bool:
    return login.expires - datetime.now(UTC) > _MARGIN


def _locked(lock: Path) -> Generator[Send | Wait, Answer | None, None]:
    """Be the one who is at it, waiting for whoever else is."""
    while True:
        with suppress(FileNotFoundError):
            if time.time() - lock.stat().st_mtime > _LOCK_SECONDS:
                lock.unlink()
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            yield Wait(0.1)
        except OSError as error:
            raise InputError(f"The folder {lock.parent} cannot be written: {error}.") from error
        else:
            return


def _ask(url: str, what: str, form: Mapping[str, str]) -> Plan[Answer]:
    answer = yield Send("POST", f"{url}/api/v1/oauth/{what}", form={"client_id": CLIENT_ID, **form})
    assert answer is not None, "a Send is answered"
    return answer


def _kept(path: Path, url: str, said: Mapping[str, Any]) -> Saved:
    """What a token endpoint said (RFC 6749 section 5.1), to be kept."""
    try:
        key, refresh, seconds = str(said["access_token"]), str(said["refresh_token"]), float(said["expires_in"])
    except (KeyError, TypeError, ValueError) as error:
        raise _no_heliograph(url) from error
    # A key that lasts no longer than the margin is good for half its time.
    lasts = timedelta(seconds=seconds)
    shown = lasts if lasts > 2 * _MARGIN else _MARGIN + lasts / 2
    return Saved(path, url, key, refresh, datetime.now(UTC) + shown)


def _json(url: str, answer: Answer) -> dict[str, Any]:
    try:
        said = json.loads(answer.body)
    except ValueError as error:
        raise _no_heliograph(url) from error
    if not isinstance(said, dict):
        raise _no_heliograph(url)
    return said


def _word(answer: Answer) -> str:
    """The `error` of an answer (RFC 6749 section 5.2), "" where it has none."""
    with suppress(ValueError, AttributeError):
        return str(json.loads(answer.body).get("error", "")) if answer.status != 200 else ""
    return ""


def _refusal(url: str, answer: Answer) -> HeliographError:
    word = _word(answer)
    if not word:
        return _no_heliograph(url)
    said = _json(url, answer)
    told = f"{said.get('error_description') or word}"
    kind: type[HeliographError] = NotAllowedError
    if answer.status == 429:
        kind = LimitReachedError
    elif answer.status >= 500:
        kind = ServerFailedError
    return kind(told, name=word, status=answer.status)


def _no_heliograph(url: str) -> UnexpectedAnswerError:
    return UnexpectedAnswerError(f"{url} does not let programs log in as a Heliograph server does. Is it one?")
