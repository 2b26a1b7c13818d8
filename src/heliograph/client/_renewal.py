"""Staying logged in; hides that access tokens end, and that other programs use the same login.

An access token lasts for an hour or so. The refresh token that gets the next one is good once: the server takes whoever
shows it again for a thief, and ends the login. So programs take turns, and each looks first whether another one has
been there meanwhile. A turn lasts for as long as the request does, however slow that is.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from heliograph.client._config import Target, config_path
from heliograph.client._errors import ChangedError, NotAllowedError, RefusedError, UnreachableError
from heliograph.client._exchange import Answer, Patience, Plan, Send, Wait
from heliograph.client._kept import Login, keep, read
from heliograph.client._login import AGAIN, ask, login_of, turn_at, wait_for
from heliograph.client._operations import json_of

EARLY = timedelta(seconds=5)
"""How long before its end an access token is renewed, so that it does not end on its way."""

MOST_RETRIES = 1
"""How often a refresh token is sent again where its answer was lost: a server bears that once (decision 0027)."""

AUTHORIZATION = "Authorization"

T = TypeVar("T")


class Renewal:
    """Sees to it that every request of a plan carries an access token that is good. May be used by several threads."""

    def __init__(self, target: Target, patience: Patience) -> None:
        """Do so for `target`; where it has no login, plans are left as they are. `login` is the present one."""
        self.login = target.login
        self._patience = Patience(min(patience.retries, MOST_RETRIES), patience.seconds)
        self._path = config_path()

    def applied(self, plan: Plan[T]) -> Plan[T]:
        """The plan with a good access token in each of its requests that shows who calls.

        What keeps a token from being renewed is raised; the plan is not asked to bear it.
        """
        return plan if self.login is None else self._followed(plan)

    def _followed(self, plan: Plan[T]) -> Plan[T]:
        with closing(plan):
            try:
                step = next(plan)
                while True:
                    came = yield from self._done(step)
                    step = plan.throw(came) if isinstance(came, Exception) else plan.send(came)
            except StopIteration as end:
                result: T = end.value
                return result

    def _done(self, step: Send | Wait) -> Plan[Answer | Exception | None]:
        """What comes of a step. A request is made again with a new token where its own is over or refused."""
        login = self.login
        if login is None or not isinstance(step, Send) or not _carries(step, login):
            return (yield from _tried(step))
        if _is_over(login):
            login = yield from self._renewed(login)
        came = yield from _tried(_with_token(step, login))
        if isinstance(came, Answer) and came.status == 401:
            came = yield from _tried(_with_token(step, (yield from self._renewed(login))))
        return came

    def _renewed(self, known: Login) -> Plan[Login]:
        """A login other than `known`: the one that another program has got meanwhile, else a new one."""
        with turn_at(self._path) as turn:
            yield from wait_for(turn)
            login = read(self._path).logins.get(known.server)
            if login is None:
                raise NotAllowedError(f"You have logged out from {known.server}. {AGAIN}", name="InvalidToken")
            if login.access_token == known.access_token or _is_over(login):
                login = yield from self._refreshed(login)
                keep(self._path, login)
        self.login = login
        return login

    def _refreshed(self, login: Login) -> Plan[Login]:
        form = {"grant_type": "refresh_token", "refresh_token": login.refresh_token}
        try:
            answer = yield from ask(login.server, "token", form, self._patience)
        except RefusedError as error:
            if error.name not in ("invalid_grant", "invalid_client"):
                raise
            raise NotAllowedError(
                f"Your login to {login.server} has ended: it was revoked, or not used for too long. {AGAIN}",
                name="InvalidToken",
                status=error.status,
            ) from error
        return login_of(login.server, json_of(answer), login)


def _tried(step: Send | Wait) -> Plan[Answer | Exception | None]:
    """What comes of a step, or what a driver tells a plan of."""
    try:
        return (yield step)
    except (UnreachableError, ChangedError, OSError) as error:
        return error


def _is_over(login: Login) -> bool:
    return login.expires - EARLY <= datetime.now(UTC)


def _carries(send: Send, login: Login) -> bool:
    """Whether a request shows who calls, and to the login's own server: other hosts must never see its token. One that
    shows a name and a password keeps them.
    """
    return send.headers.get(AUTHORIZATION, "").startswith("Bearer ") and send.url.startswith(f"{login.server}/")


def _with_token(send: Send, login: Login) -> Send:
    return replace(send, headers={**send.headers, AUTHORIZATION: f"Bearer {login.access_token}"})
