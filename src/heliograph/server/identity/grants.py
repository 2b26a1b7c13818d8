"""OAuth 2 (RFC 6749): what a person allows a program, the codes and tokens for it, and how it ends.

Access tokens are rows of the tokens' own table, so every dialect knows their holder at once. A refresh token of the
native flow works once, and gives another: who presents it again has stolen it, or was robbed, and the whole grant ends
(RFC 9700 section 4.14.2). In Imgur's flow it stays the same, because programs keep the one that they got first.
"""

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn

from heliograph.server import catalog
from heliograph.server.audit import done_by
from heliograph.server.catalog import grants as statements
from heliograph.server.errors import GrantRefused, NotFound
from heliograph.server.identity.holders import Identity
from heliograph.server.identity.secrets import hashed, new_secret
from heliograph.server.links import new_id
from heliograph.server.model import Account, Application, Caller, Deed, Grant, Token
from heliograph.server.ports import Database

EASY_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
"""Letters that are not taken for digits and make no words (RFC 8628 section 6.1): 4.3 bits each."""

_PIN_LENGTH = 12
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}\Z")
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}\Z")
"""A code challenge of the method S256 (RFC 7636 section 4.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetimes:
    """How long things last. imgur: an access token of Imgur's flow; access and refresh: those of the native one."""

    access: timedelta
    refresh: timedelta
    imgur: timedelta
    code: timedelta
    device: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a program asks a person for. See Grant for `rotates` and Code for `redirect` and `challenge`."""

    application: Application
    scopes: frozenset[str]
    rotates: bool
    redirect: str | None = None
    challenge: str | None = None


@dataclass(frozen=True, slots=True)
class Issued:
    """Tokens as a program gets them, once. refresh: the token to get the next access token with."""

    grant: Grant
    access: str
    refresh: str
    lasts: timedelta


class Grants:
    """Every grant. What programs present here is looked at as theirs only: another program's is unknown."""

    def __init__(self, database: Database, identity: Identity, lifetimes: Lifetimes) -> None:
        self._database = database
        self._identity = identity
        self.lifetimes = lifetimes

    # What a person says yes to

    async def give_code(self, wish: Wish, by: Caller, account: Account, *, pin: bool = False) -> str:
        """Let the program in: a code for it, or a pin that its user types."""
        grant = new_grant(wish, account)
        secret = "".join(secrets.choice(EASY_LETTERS) for _ in range(_PIN_LENGTH)) if pin else new_secret()
        expires = catalog.now() + self.lifetimes.code
        code = statements.Code(grant, pin, wish.redirect, wish.challenge, expires)
        work = statements.add_grant(grant, code=(hashed(secret), code))
        await self._database.transaction(catalog.noted(work, given(grant, by)))
        return secret

    async def give_tokens(self, wish: Wish, by: Caller, account: Account) -> Issued:
        """Let the program in by tokens at once (RFC 6749 section 4.2)."""
        grant = new_grant(wish, account)
        issued, tokens = self.minted(grant)
        await self._database.transaction(catalog.noted(statements.add_grant(grant, tokens=tokens), given(grant, by)))
        return issued

    # What a program presents

    async def redeem_code(
        self, application: Application, code: str, by: Caller, *, redirect: str | None = None, verifier: str = ""
    ) -> Issued:
        """Tokens for a code of the native flow (RFC 6749 section 4.1.3), whose PKCE verifier must be right (RFC 7636
        section 4.6). A code that is presented twice ends what it gave. Raises GrantRefused.
        """
        found = await self._code(application, code, by)
        if found.pin or found.challenge is None or found.redirect != redirect:
            raise refused("The code was given for another redirect address.")
        if not _VERIFIER.match(verifier) or not hmac.compare_digest(_challenge(verifier), found.challenge):
            raise refused("The code verifier does not fit the code challenge.")
        return await self._given_for_code(found, code, by)

    async def redeem_imgur(self, application: Application, code: str, by: Caller, *, pin: bool) -> Issued:
        """Tokens for a code or a pin of Imgur's flow, by an application that has shown its secret.

        Raises GrantRefused.
        """
        typed = code.strip().upper() if pin else code
        found = await self._code(application, typed, by)
        if found.pin != pin or found.challenge is not None or found.grant.rotates:
            raise refused("The code is not known here.")
        return await self._given_for_code(found, typed, by)

    async def refresh(
        self, application: Application, token: str, by: Caller, *, rotates: bool, scopes: frozenset[str] | None = None
    ) -> Issued:
        """Tokens for a refresh token (RFC 6749 section 6), of the native flow where it rotates, else of Imgur's.

        scopes: fewer than the grant's, for the access token alone. Raises GrantRefused.
        """
        row = await self._database.fetch_one(statements.refresh_of(hashed(token)))
        found = statements.to_refresh(row) if row is not None else None
        if found is None or found.grant.application.id != application.id or found.grant.rotates != rotates:
            raise refused("The refresh token is not known here.")
        if found.used:
            await self._end_reused(found.grant, by, "refresh token")
        _must_be_usable(found.grant, found.expires)
        if scopes is not None and not scopes <= found.grant.scopes:
            raise GrantRefused("A token cannot be refreshed to one that may do more.", "invalid_scope")
        issued, tokens = self.minted(found.grant, token if not rotates else None, scopes)
        if not await self._database.transaction(statements.use_refresh(hashed(token), found.grant, tokens)):
            await self._end_reused(found.grant, by, "refresh token")
        return issued

    async def revoke(self, application: Application, token: str, by: Caller) -> None:
        """End the grant of a refresh or access token (RFC 7009). One that is unknown, or another's, is no failure."""
        row = await self._database.fetch_one(statements.grant_behind(hashed(token)))
        grant = statements.to_grant(row) if row is not None else None
        if grant is not None and grant.application.id == application.id:
            await self._end(grant, by, "grant.revoke", f"by {application.name}")

    # What a person sees

    async def listed(self, account: Account) -> list[Grant]:
        """What the account allows, newest first."""
        return [statements.to_grant(row) for row in await self._database.fetch_all(statements.grants_of(account.id))]

    async def withdraw(self, account: Account, grant_id: str, by: Caller) -> None:
        """End a grant of the account. Raises NotFound."""
        if not (grant_id.isascii() and grant_id.isalnum()):
            raise NotFound
        deed = done_by(by, "grant.revoke", grant_id[:64], f"by {account.name}")
        work = catalog.noted(statements.revoke_grant_of(account.id, grant_id), deed)
        if not await self._database.transaction(work):
            raise NotFound
        self._identity.forget()

    def minted(
        self, grant: Grant, stays: str | None = None, scopes: frozenset[str] | None = None
    ) -> tuple[Issued, statements.Tokens]:
        """New tokens of a grant, as the program gets them and as they are stored. stays: the refresh token it keeps."""
        access, refresh, now = new_secret(), stays or new_secret(), catalog.now()
        lasts = self.lifetimes.access if grant.rotates else self.lifetimes.imgur
        name, allowed = grant.application.name, grant.scopes if scopes is None else scopes
        token = Token(new_id(), grant.account.id, name, allowed, now, now + lasts)
        tokens = statements.Tokens(
            access=token,
            access_hash=hashed(access),
            refresh_hash=None if stays else hashed(refresh),
            refresh_expires=now + self.lifetimes.refresh if grant.rotates else None,
        )
        return Issued(grant, access, refresh, lasts), tokens

    async def _code(self, application: Application, code: str, by: Caller) -> statements.Code:
        row = await self._database.fetch_one(statements.code_of(hashed(code)))
        found = statements.to_code(row) if row is not None else None
        if found is None or found.grant.application.id != application.id:
            raise refused("The code is not known here.")
        if found.used:
            await self._end_reused(found.grant, by, "code")
        _must_be_usable(found.grant, found.expires)
        return found

    async def _given_for_code(self, found: statements.Code, code: str, by: Caller) -> Issued:
        issued, tokens = self.minted(found.grant)
        if not await self._database.transaction(statements.use_code(hashed(code), found.grant, tokens)):
            await self._end_reused(found.grant, by, "code")
        return issued

    async def _end_reused(self, grant: Grant, by: Caller, what: str) -> NoReturn:
        """End a grant of which something was used a second time. Always raises GrantRefused."""
        await self._end(grant, by, "grant.reuse", f"a {what} of {grant.application.name} was used twice")
        raise refused(f"This {what} was used before. What it gave is void now: ask again.")

    async def _end(self, grant: Grant, by: Caller, action: str, detail: str) -> None:
        deed = done_by(_for(grant, by), action, grant.id, detail)
        await self._database.transaction(catalog.noted(statements.revoke_grant(grant.id), deed))
        self._identity.forget()


def new_grant(wish: Wish, account: Account) -> Grant:
    """What the account allows from now on, not yet kept anywhere."""
    return Grant(new_id(), account, wish.application, wish.scopes, wish.rotates, catalog.now())


def given(grant: Grant, by: Caller) -> Deed:
    """That the grant was given, for the audit."""
    scopes = " ".join(sorted(grant.scopes))
    return done_by(_for(grant, by), "grant.give", grant.id, f"to {grant.application.name}: {scopes}")


def refused(message: str) -> GrantRefused:
    """That a code or token is no good."""
    return GrantRefused(message, "invalid_grant")


def _for(grant: Grant, by: Caller) -> Caller:
    """Whose deed it is: the account's, through the application, wherever it comes from."""
    return Caller(by.address, application=grant.application, account=grant.account)


def _must_be_usable(grant: Grant, expires: datetime | None) -> None:
    if expires is not None and expires <= catalog.now():
        raise refused("This has expired.")
    if not grant.account.enabled:
        raise refused("The account is disabled.")


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


async def forget(database: Database) -> None:
    """Drop codes, tokens and devices' requests that are over, and grants that nothing is left of."""
    await database.transaction(statements.forget_expired())
