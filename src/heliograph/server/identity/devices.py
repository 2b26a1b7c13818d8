"""Devices that wait for somebody to let them in (RFC 8628): programs without a browser, such as `heliograph login`.

The program shows a short code and asks again and again; somebody who is logged in types the code on a page and answers.
"""

import secrets
from dataclasses import dataclass, replace
from datetime import timedelta

from heliograph.server import catalog
from heliograph.server.audit import done_by
from heliograph.server.catalog import devices as statements
from heliograph.server.catalog.devices import Waiting
from heliograph.server.errors import GrantRefused, NotFound, TooManyAttempts
from heliograph.server.identity.grants import Given, Grants
from heliograph.server.identity.secrets import hashed, new_secret
from heliograph.server.links import new_id
from heliograph.server.model import Account, Application, Bucket, Caller, Grant
from heliograph.server.ports import Database, Limiter

PAUSE = 5
"""Seconds between two questions (RFC 8628 section 3.5: the default, and what slow_down adds)."""

_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
"""Consonants: they make no words, and none is taken for another (RFC 8628 section 6.1)."""

_WRONG_CODES = 20
_WRONG_CODES_IN = 900
_DEVICES = 100
"""Devices of one network that may begin in that time: each is a row, and nobody has to show anything for it."""


@dataclass(frozen=True, slots=True)
class Codes:
    """What a program gets to show and to ask with. expires_in, interval: seconds."""

    device: str
    user: str
    expires_in: int
    interval: int = PAUSE


class Devices:
    """All devices that wait. `lifetime` is for how long one may."""

    def __init__(self, database: Database, grants: Grants, limiter: Limiter, lifetime: timedelta) -> None:
        self._database = database
        self._grants = grants
        self._limiter = limiter
        self._lifetime = lifetime

    async def begin(self, application: Application, scopes: frozenset[str], network: str) -> Codes:
        """New codes for a device. network: where it asks from. Raises TooManyAttempts."""
        allowance = await self._limiter.spend([Bucket(f"device-from:{network}", _DEVICES, _WRONG_CODES_IN)])
        if not allowance.allowed:
            raise TooManyAttempts(retry_after=allowance.retry_after)
        user = "".join(secrets.choice(_LETTERS) for _ in range(8))
        codes = Codes(new_secret(), spelt(user), int(self._lifetime.total_seconds()))
        waiting = Waiting(application, scopes, catalog.now() + self._lifetime, PAUSE)
        await self._database.transaction(statements.add_waiting(hashed(codes.device), _user_hash(codes.user), waiting))
        return codes

    async def waiting(self, user_code: str, account: Account) -> Waiting:
        """The device that shows that code, for who may answer. Raises NotFound, TooManyAttempts."""
        tries = Bucket(f"device-code:{account.id}", _WRONG_CODES, _WRONG_CODES_IN)
        if not all(state.left for state in (await self._limiter.spend([replace(tries, cost=0)])).buckets):
            raise TooManyAttempts(retry_after=_WRONG_CODES_IN // _WRONG_CODES)
        row = await self._database.fetch_one(statements.waiting_by_user(_user_hash(user_code)))
        if row is None:
            await self._limiter.spend([tries])
            raise NotFound("No device shows this code, or it has expired. Look again, or start again there.")
        return statements.to_waiting(row)

    async def let_in(self, user_code: str, account: Account, by: Caller) -> None:
        """Let the device act for the account. Raises NotFound, TooManyAttempts."""
        waiting = await self.waiting(user_code, account)
        grant = Grant(new_id(), account, waiting.application, waiting.scopes, rotates=True, created=catalog.now())
        work = statements.let_in(_user_hash(user_code), grant)
        about = f"{waiting.application.name}: {' '.join(sorted(waiting.scopes))}"
        deed = done_by(by, "grant.give", waiting.application.client_id, about)
        if not await self._database.transaction(catalog.noted(work, deed)):
            raise NotFound("Somebody has answered this device already.")

    async def deny(self, user_code: str, account: Account) -> None:
        """Turn the device away. Raises NotFound, TooManyAttempts."""
        await self.waiting(user_code, account)
        await self._database.transaction(statements.deny_waiting(_user_hash(user_code)))

    async def ask(self, application: Application, device_code: str) -> Given:
        """What a device gets when it asks: tokens, once. Raises GrantRefused with the words of RFC 8628 section 3.5."""
        row = await self._database.fetch_one(statements.waiting_by_device(hashed(device_code)))
        waiting = statements.to_waiting(row) if row is not None else None
        if waiting is None or waiting.application.id != application.id:
            raise GrantRefused("The device_code is not valid.", "invalid_grant")
        if waiting.expires <= catalog.now():
            raise GrantRefused("The device_code has expired. Start again.", "expired_token")
        if waiting.denied:
            raise GrantRefused("Access was denied.", "access_denied")
        await self._must_not_hurry(waiting, device_code)
        if waiting.grant_id is None:
            raise GrantRefused("Nobody has answered yet.", "authorization_pending")
        return await self._grants.collect(
            waiting.grant_id, lambda grant, tokens: statements.collect(hashed(device_code), grant, tokens)
        )

    async def _must_not_hurry(self, waiting: Waiting, device_code: str) -> None:
        now = catalog.now()
        # Half a second is for the way here, and for clocks that count whole seconds.
        early = waiting.asked is not None and now - waiting.asked < timedelta(seconds=waiting.pause - 0.5)
        pause = waiting.pause + PAUSE if early else waiting.pause
        await self._database.transaction(statements.note_asked(hashed(device_code), now, pause))
        if early:
            raise GrantRefused(f"Ask every {pause} seconds only.", "slow_down")


def spelt(user_code: str) -> str:
    """A user code as the program shows it, from what people type: in any case, with or without the dash."""
    letters = _letters(user_code)
    return f"{letters[:4]}-{letters[4:]}"


def _user_hash(user_code: str) -> bytes:
    return hashed(_letters(user_code))


def _letters(user_code: str) -> str:
    return "".join(letter for letter in user_code.upper() if letter in _LETTERS)
