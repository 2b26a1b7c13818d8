"""OAuth 2 (RFC 6749): how an account lets a program act for it, and what the program gets for that.

Someone allows a program something on a page: that is a grant. The program gets a code, a PIN or at once an access
token, and turns the first two into tokens, once. Access tokens are keys as any other and found by `Identity`. In our
own flow a refresh token is exchanged at each use, and one that comes a second time ends the grant, because somebody
else has it (RFC 9700 section 4.14.2), unless the answer to the first was lost on its way (decision 0027). In Imgur's
flow it stays the same, because Imgur's programs keep the first.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from typing import NoReturn

from heliograph.server import catalog
from heliograph.server.audit import done_by
from heliograph.server.catalog import grants as statements
from heliograph.server.errors import GrantRefused, NotFound
from heliograph.server.identity.holders import Identity
from heliograph.server.identity.redirects import is_registered
from heliograph.server.identity.secrets import hashed, new_secret
from heliograph.server.links import new_id
from heliograph.server.model import SCOPES, Account, Application, Caller, Grant, Token
from heliograph.server.ports import Database

IMGUR_SCOPES = frozenset({"albums", "images:read", "images:write"})
"""What Imgur's programs get: everything about images and albums, nothing about the account."""

CODE_SECONDS = 600
"""How long a code or a PIN is good for (RFC 6749 section 4.1.2 wants ten minutes at most)."""

LOST_ANSWER_SECONDS = 90
"""How long a refresh token may come once more if nothing that it gave was used: our client waits for 60."""

_MOST_KNOWN = 256


@dataclass(frozen=True, slots=True)
class Wish:
    """What a program asks somebody for. redirect: where to go back to, None where a PIN is shown.

    named: the redirect address as the program named it, if it did; a code is bound to it. challenge: the S256 challenge
    of RFC 7636. rotates: whether it is our own flow, and not Imgur's.
    """

    application: Application
    scopes: frozenset[str]
    rotates: bool
    redirect: str | None = None
    named: str | None = None
    challenge: str | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """What a program gets: shown once. expires_in: seconds."""

    grant: Grant
    access: str
    refresh: str
    expires_in: int


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long tokens are good for: access tokens of our own flow and of Imgur's, and refresh tokens of our own."""

    access: timedelta
    imgur_access: timedelta
    refresh: timedelta


class Grants:
    """All grants. GrantRefused carries the words of the RFC."""

    def __init__(self, database: Database, identity: Identity, lifetimes: Lifetimes) -> None:
        self._database = database
        self._identity = identity
        self._lifetimes = lifetimes

    # Who asks

    async def application(self, client_id: str) -> Application:
        """The enabled application of that client id or key. Raises GrantRefused."""
        plain = client_id.isascii() and client_id.isalnum() and len(client_id) <= _MOST_KNOWN
        holder = await self._identity.holder(client_id) if plain else None
        known = holder.application if holder and holder.token is None else None
        if known is None or not known.enabled:
            raise GrantRefused("There is no such client_id here, or it is disabled.", "invalid_client")
        return known

    async def proven(self, client_id: str, secret: str | None, *, must_have_secret: bool = False) -> Application:
        """The application that shows who it is: by its secret, where it has one. Raises GrantRefused.

        must_have_secret: whether one without a secret is refused, because nothing else proves it either.
        """
        application = await self.application(client_id)
        if not application.has_secret and not must_have_secret:
            return application
        row = await self._database.fetch_one(catalog.application(application.client_id))
        stored = row.secret if row is not None else None
        if stored is None or not hmac.compare_digest(hashed(secret or ""), stored):
            raise GrantRefused("The client_secret is missing or wrong.", "invalid_client")
        return application

    # What somebody answers

    async def give_code(self, wish: Wish, account: Account, by: Caller) -> str:
        """Allow the wish. Returns the authorization code, or the PIN where there is no redirect address."""
        code = new_id() if wish.redirect is None else new_secret()
        grant = _granted(wish, account)
        expires = catalog.now() + timedelta(seconds=CODE_SECONDS)
        record = statements.Code(grant, wish.redirect is None, wish.named, wish.challenge, expires)
        await self._add(statements.add_grant(grant, code=(hashed(code), record)), grant, by)
        return code

    async def give_tokens(self, wish: Wish, account: Account, by: Caller) -> Given:
        """Allow the wish, at once with tokens: the implicit flow, which Imgur's programs use."""
        grant = _granted(wish, account)
        given, tokens = self._tokens(grant)
        await self._add(statements.add_grant(grant, tokens=tokens), grant, by)
        return given

    # What a program exchanges

    async def use_code(
        self, by: Caller, code: str, *, redirect: str | None, verifier: str | None, rotates: bool, pin: bool = False
    ) -> Given:
        """Tokens for a code or a PIN, once; one that comes again ends what it gave. Raises GrantRefused.

        by: the application that has proven who it is, from wherever it asks. rotates: whether this is our own flow;
        what was given in the other is not known, so that nobody gets around PKCE or the secret.
        """
        row = await self._database.fetch_one(statements.code_of(hashed(code)))
        known = statements.to_code(row) if row is not None else None
        if known is None or not _is_of(known.grant, by, rotates) or known.pin is not pin:
            raise GrantRefused("The code is not valid.", "invalid_grant")
        if known.used:
            await self._end_used_twice(known.grant, "code", by)
        if known.expires <= catalog.now():
            raise GrantRefused("The code has expired.", "invalid_grant")
        _must_be_enabled(known.grant)
        _must_belong(known, redirect, verifier)
        given, tokens = self._tokens(known.grant)
        if not await self._database.transaction(statements.use_code(hashed(code), known.grant, tokens)):
            await self._end_used_twice(known.grant, "code", by)
        return given

    async def refresh(self, by: Caller, refresh_token: str, *, rotates: bool) -> Given:
        """New tokens for a refresh token; see `use_code` for `by` and `rotates`. Raises GrantRefused."""
        row = await self._database.fetch_one(statements.refresh_of(hashed(refresh_token)))
        known = statements.to_refresh(row) if row is not None else None
        if known is None or not _is_of(known.grant, by, rotates):
            raise GrantRefused("The refresh token is not valid.", "invalid_grant")
        given, tokens = self._tokens(known.grant, None if rotates else refresh_token)
        over = known.expires is not None and known.expires <= catalog.now()
        if not known.used:
            if over:
                raise GrantRefused("The refresh token has expired.", "invalid_grant")
            _must_be_enabled(known.grant)
            if await self._database.transaction(statements.use_refresh(hashed(refresh_token), known.grant, tokens)):
                return given
        lost = rotates and not over and known.grant.account.enabled
        if not lost or not await self._replace_lost(refresh_token, known.grant, tokens, by):
            await self._end_used_twice(known.grant, "refresh token", by)
        return given

    async def _replace_lost(self, refresh_token: str, grant: Grant, tokens: statements.Tokens, by: Caller) -> bool:
        """Give tokens in place of those whose answer was lost. Returns False where that cannot be.

        Whoever of two has the token then holds what is no longer good, and shows it: that ends the grant.
        """
        since = catalog.now() - timedelta(seconds=LOST_ANSWER_SECONDS)
        work = statements.use_refresh_again(hashed(refresh_token), grant, tokens, since)
        about = f"{grant.application.name}: the answer to its refresh token was lost"
        who = Caller(by.address, application=grant.application, account=grant.account)
        deed = done_by(who, "grant.again", grant.application.client_id, about)
        done = await self._database.transaction(catalog.noted(work, deed))
        self._identity.forget()
        return done

    async def collect(self, grant_id: str, collect: statements.Collecting) -> Given:
        """Tokens of a grant that let a device in. Raises GrantRefused where they were collected, or it has ended."""
        row = await self._database.fetch_one(statements.grant_of(grant_id))
        if row is not None:
            grant = statements.to_grant(row)
            _must_be_enabled(grant)
            given, tokens = self._tokens(grant)
            if await self._database.transaction(collect(grant, tokens)):
                return given
        raise GrantRefused("The device code was used before.", "invalid_grant")

    # The end

    async def revoke(self, by: Caller, token: str) -> None:
        """End what a refresh or access token of the application belongs to; any other token changes nothing (RFC 7009
        section 2.2). by: the application that has proven who it is.
        """
        row = await self._database.fetch_one(statements.grant_behind(hashed(token)))
        grant = statements.to_grant(row) if row is not None else None
        if grant is not None and _is_of(grant, by, grant.rotates):
            await self._end(grant, "grant.end", "by the program", by)

    async def listed(self, account: Account) -> list[Grant]:
        """What the account has allowed, newest first."""
        return [statements.to_grant(row) for row in await self._database.fetch_all(statements.grants_of(account.id))]

    async def revoke_of(self, account: Account, grant_id: str, by: Caller) -> None:
        """End what the account has allowed. Raises NotFound where it has no such grant."""
        plain = grant_id.isascii() and grant_id.isalnum() and len(grant_id) <= _MOST_KNOWN
        row = await self._database.fetch_one(statements.grant_of(grant_id)) if plain else None
        grant = statements.to_grant(row) if row is not None else None
        if grant is None or grant.account.id != account.id:
            raise NotFound
        await self._end(grant, "grant.end", "by the account", by)

    async def _add(self, work: statements.Adding, grant: Grant, by: Caller) -> None:
        about = f"{grant.application.name}: {' '.join(sorted(grant.scopes))}"
        deed = done_by(by, "grant.give", grant.application.client_id, about)
        await self._database.transaction(catalog.noted(work, deed))

    async def _end_used_twice(self, grant: Grant, what: str, by: Caller) -> NoReturn:
        """End a grant of which something came a second time: one of the two who had it is a stranger.

        Raises GrantRefused.
        """
        await self._end(grant, "grant.reuse", f"its {what} was used twice, so it ended", by)
        raise GrantRefused(f"The {what} was used before, so all that it gave has ended.", "invalid_grant")

    async def _end(self, grant: Grant, action: str, why: str, by: Caller) -> None:
        who = Caller(by.address, application=grant.application, account=grant.account)
        deed = done_by(who, action, grant.application.client_id, f"{grant.application.name}: {why}")
        await self._database.transaction(catalog.noted(statements.revoke_grant(grant.id), deed))
        self._identity.forget()

    def _tokens(self, grant: Grant, refresh: str | None = None) -> tuple[Given, statements.Tokens]:
        """New tokens of a grant; `refresh` is the refresh token that stays, where one does."""
        now, lifetimes = catalog.now(), self._lifetimes
        lasts = lifetimes.access if grant.rotates else lifetimes.imgur_access
        access, given_refresh = new_secret(), refresh or new_secret()
        token = Token(new_id(), grant.account.id, grant.application.name, grant.scopes, now, now + lasts)
        tokens = statements.Tokens(
            access=token,
            access_hash=hashed(access),
            refresh_hash=None if refresh else hashed(given_refresh),
            refresh_expires=now + lifetimes.refresh if grant.rotates else None,
        )
        return Given(grant, access, given_refresh, int(lasts.total_seconds())), tokens


def checked_scopes(asked: str | None) -> frozenset[str]:
    """The scopes that a program asks for, blanks between them; without a word those of Imgur's programs.

    Raises GrantRefused.
    """
    if not asked or not asked.strip():
        return IMGUR_SCOPES
    scopes = frozenset(asked.split())
    if not scopes <= set(SCOPES):
        raise GrantRefused("The scope must be some of " + ", ".join(SCOPES) + ".", "invalid_scope")
    return scopes


def checked_redirect(application: Application, named: str | None, *, must_name: bool = False) -> str:
    """Where to go back to: what the program named and had registered, else the first one that it has registered.

    must_name: whether it has to say which, where it has registered several (RFC 6749 section 3.1.2.3). Imgur's programs
    never did. Raises GrantRefused, and then nobody may be sent anywhere (section 4.1.2.1).
    """
    if named:
        if not is_registered(named, application):
            raise GrantRefused("The redirect_uri is not one of those that this program has registered.")
        return named
    usable = [each for each in application.redirects if is_registered(each, application)]
    if not usable:
        raise GrantRefused("This program has registered no redirect address to go back to.")
    if must_name and len(usable) > 1:
        raise GrantRefused("The redirect_uri is missing: this program has registered several.")
    return usable[0]


def _granted(wish: Wish, account: Account) -> Grant:
    return Grant(new_id(), account, wish.application, wish.scopes, wish.rotates, catalog.now())


def _is_of(grant: Grant, by: Caller, rotates: bool) -> bool:
    """Whether the grant is the asking application's, and of that flow."""
    return by.application is not None and grant.application.id == by.application.id and grant.rotates is rotates


def _must_be_enabled(grant: Grant) -> None:
    if not grant.account.enabled:
        raise GrantRefused("The account is disabled.", "invalid_grant")


def _must_belong(code: statements.Code, redirect: str | None, verifier: str | None) -> None:
    """Raise GrantRefused unless the exchange names the same address (RFC 6749 section 4.1.3) and its verifier fits the
    challenge (RFC 7636 section 4.6).
    """
    if code.redirect is not None and redirect != code.redirect:
        raise GrantRefused("The redirect_uri is not the one that the code was asked for with.", "invalid_grant")
    if code.challenge is None:
        return
    if not verifier or not hmac.compare_digest(_s256(verifier), code.challenge):
        raise GrantRefused("The code_verifier does not fit the code_challenge.", "invalid_grant")


def _s256(verifier: str) -> str:
    """The challenge of a verifier (RFC 7636 section 4.2). Authlib's takes a twelfth of the server's start to load."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode("utf-8", "replace")).digest()).rstrip(b"=").decode()
