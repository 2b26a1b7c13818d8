"""Programs without a browser let in (RFC 8628): they show a short code, and somebody types it where a browser is."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import NoReturn

from heliograph.server import catalog
from heliograph.server.catalog import devices as statements
from heliograph.server.catalog import grants as grant_statements
from heliograph.server.errors import GrantRefused, NotFound, TooManyAttempts
from heliograph.server.identity.grants import EASY_LETTERS, Grants, Issued, Wish, given, new_grant, refused
from heliograph.server.identity.secrets import hashed, new_secret
from heliograph.server.model import Account, Application, Bucket, Caller
from heliograph.server.ports import Database, Limiter

PAUSE = 5
"""Seconds between two questions of a device, and by how many that grows for one that asks too soon (section 3.5)."""

_LONGEST_PAUSE = 60
_PERIOD = 900
_TRIES = 20
"""Codes that an account may try in a period: 34 random bits need it (section 5.1)."""

_REQUESTS = 100
"""Requests of one network in a period: each is a row, and nobody has to show anything for it."""


@dataclass(frozen=True, slots=True)
class DeviceCodes:
    """What a device gets: the code that it asks with, the one that it shows, and their time."""

    device: str
    user: str
    lasts: timedelta
    pause: int = PAUSE


class Devices:
    """Every device that waits to be let in."""

    def __init__(self, database: Database, grants: Grants, limiter: Limiter) -> None:
        self._database = database
        self._grants = grants
        self._limiter = limiter

    async def begin(self, application: Application, scopes: frozenset[str], network: str) -> DeviceCodes:
        """Codes for a device of the application. network: where it asks from. Raises TooManyAttempts."""
        await self._count(Bucket(f"device:{network}", _REQUESTS, _PERIOD))
        lasts = self._grants.lifetimes.device
        word = "".join(secrets.choice(EASY_LETTERS) for _ in range(8))
        codes = DeviceCodes(new_secret(), f"{word[:4]}-{word[4:]}", lasts)
        waiting = statements.Waiting(application, scopes, catalog.now() + lasts, PAUSE)
        await self._database.transaction(
            statements.add_waiting(hashed(codes.device), hashed(_plain(codes.user)), waiting)
        )
        return codes

    async def wanted(self, user_code: str, account: Account) -> Wish:
        """What the device that shows the code asks for. Each look is one of the account's tries.

        Raises NotFound, TooManyAttempts.
        """
        await self._count(Bucket(f"device-code:{account.id}", _TRIES, _PERIOD))
        row = await self._database.fetch_one(statements.waiting_by_user(hashed(_plain(user_code))))
        waiting = statements.to_waiting(row) if row is not None else None
        if waiting is None or not waiting.application.enabled:
            raise NotFound("No program waits with this code. It may have expired: start again there.")
        return Wish(application=waiting.application, scopes=waiting.scopes, rotates=True)

    async def answer(self, user_code: str, account: Account, by: Caller, *, allow: bool) -> Wish:
        """Let the device in, or turn it away. Returns what it asked for. Raises NotFound, TooManyAttempts."""
        wish, code = await self.wanted(user_code, account), hashed(_plain(user_code))
        if allow:
            grant = new_grant(wish, account)
            done = await self._database.transaction(catalog.noted(statements.let_in(code, grant), given(grant, by)))
        else:
            done = await self._database.transaction(statements.deny_waiting(code))
        if not done:
            raise NotFound("This code was answered already.")
        return wish

    async def collect(self, application: Application, device_code: str) -> Issued:
        """The tokens of a device that was let in, once.

        Raises GrantRefused, whose `reason` says whether to go on asking.
        """
        code = hashed(device_code)
        row = await self._database.fetch_one(statements.waiting_by_device(code))
        waiting = statements.to_waiting(row) if row is not None else None
        if waiting is None or waiting.application.id != application.id:
            raise refused("The device code is not known here, or has given its tokens.")
        if waiting.expires <= catalog.now():
            raise GrantRefused("Nobody has typed the code in time.", "expired_token")
        if waiting.denied:
            raise GrantRefused("Access was denied.", "access_denied")
        if waiting.grant_id is None:
            await self._still_waiting(code, waiting)
        row = await self._database.fetch_one(grant_statements.grant_of(waiting.grant_id or ""))
        if row is None:
            raise GrantRefused("Access was taken back.", "access_denied")
        grant = grant_statements.to_grant(row)
        if not grant.account.enabled:
            raise refused("The account is disabled.")
        issued, tokens = self._grants.minted(grant)
        if not await self._database.transaction(statements.collect(code, grant, tokens)):
            raise refused("The device code has given its tokens.")
        return issued

    async def _still_waiting(self, code: bytes, waiting: statements.Waiting) -> NoReturn:
        now = catalog.now()
        soon = waiting.asked is not None and now - waiting.asked < timedelta(seconds=waiting.pause)
        pause = min(waiting.pause + PAUSE, _LONGEST_PAUSE) if soon else waiting.pause
        await self._database.transaction(statements.note_asked(code, now, pause))
        if soon:
            raise GrantRefused(f"Ask every {pause} seconds, not sooner.", "slow_down")
        raise GrantRefused("Nobody has typed the code yet.", "authorization_pending")

    async def _count(self, bucket: Bucket) -> None:
        allowance = await self._limiter.spend([bucket])
        if not allowance.allowed:
            raise TooManyAttempts(retry_after=allowance.retry_after)


def _plain(user_code: str) -> str:
    """The code as people may have typed it: in any case, with or without its hyphen (RFC 8628 section 6.1)."""
    return "".join(letter for letter in user_code.upper()[:64] if letter in EASY_LETTERS)
