"""OAuth 1.0a (RFC 5849): how an account lets a program act for it, and whom a signed request then stands for.

A client asks for a request token, its user allows it on a page, and what the user gets there (a verifier, or a PIN to
type) turns the request token into an access token, once. Both sides sign with secrets that the server must know:
they are stored sealed. A consumer key is an application's client id or its key of 32 characters.
"""

import asyncio
import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from heliograph.server import catalog
from heliograph.server.audit import done_by
from heliograph.server.catalog import oauth1 as statements
from heliograph.server.errors import BadParameter, InvalidToken, NotFound, UnknownKey
from heliograph.server.identity.redirects import is_registered
from heliograph.server.identity.seal import Seal
from heliograph.server.identity.secrets import hashed, new_secret
from heliograph.server.identity.signatures import CLOCKS_DIFFER, NotProven, Signed, check_form, is_right, needs_nonce
from heliograph.server.links import new_id
from heliograph.server.model import Access, Account, Application, Caller
from heliograph.server.ports import Database

OUT_OF_BAND = "oob"
"""The callback of a client that cannot be gone back to: its user is shown a PIN (RFC 5849 section 2.1)."""

SCOPES = frozenset({"albums", "images:read", "images:write"})
"""What an access token is for: everything about images and albums, nothing about the account."""

_ALLOWED_WITHIN = timedelta(hours=1)
_PIN_DIGITS = 8
_LONGEST_KEY = 64
_TOKEN_LENGTH = 32
_LARGE = 64 * 1024
_two_large_at_once = asyncio.Semaphore(2)
"""The text that is signed stands in memory several times while it is checked."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A token and its secret, as the client keeps them. The secret is not shown again."""

    token: str
    secret: str


@dataclass(frozen=True, slots=True)
class Pending:
    """A request token whose user is being asked. callback: where the client is to be gone back to; None for a PIN."""

    token: str
    application: Application
    callback: str | None


class OAuth1:
    """Request tokens, access tokens, and signed requests."""

    def __init__(self, database: Database, seal: Seal) -> None:
        self._database = database
        self._seal = seal

    async def begin(self, signed: Signed) -> Credentials:
        """A request token (RFC 5849 section 2.1). Raises BadParameter, UnknownKey, NotProven.

        A callback must be one of the application's redirect addresses. Without any there will be a PIN, unless the
        client names one on the page (OAuth 1.0 before its revision A, which Imgur took).
        """
        check_form(signed)
        consumer = await self._consumer(signed)
        await self._prove(signed, consumer)
        callback = signed.protocol.get("oauth_callback") or None
        if callback is not None and callback != OUT_OF_BAND:
            _check_registered(callback, consumer.application)
        made = Credentials(new_secret(), new_secret())
        values: dict[str, object] = {
            "token": made.token,
            "secret": self._seal.sealed(made.secret, made.token),
            "application_id": consumer.application.id,
            "callback": callback,
        }
        await self._database.transaction(statements.add_signed_request(values))
        return made

    async def pending(self, token: str, callback: str | None = None) -> Pending:
        """The request token that a user is to be asked about. `callback` counts where the client had named none before.

        Raises NotProven where it is over, used or unknown, UnknownKey, BadParameter.
        """
        row = await self._request(token)
        if row is None or row.account_id is not None:
            raise NotProven("token_rejected", "This request is over. Start again in the program that sent you here.")
        application = catalog.to_application(row, "application_")
        if not application.enabled:
            raise UnknownKey
        if row.callback is None and callback and callback != OUT_OF_BAND:
            _check_registered(callback, application)
            return Pending(token, application, callback)
        return Pending(token, application, None if row.callback == OUT_OF_BAND else row.callback)

    async def approve(self, pending: Pending, account: Account, by: Caller) -> str:
        """Let the account stand behind the request token. Returns the verifier, a PIN where there is no callback.

        Raises NotProven where somebody was quicker.
        """
        verifier = new_secret() if pending.callback else _new_pin()
        work = statements.approve_signed_request(
            pending.token, account.id, pending.callback or OUT_OF_BAND, _verifier_hash(pending.token, verifier)
        )
        deed = done_by(by, "oauth1.allow", pending.application.client_id, pending.application.name)
        if not await self._database.transaction(catalog.noted(work, deed)):
            raise NotProven("token_rejected", "This request is over. Start again in the program that sent you here.")
        return verifier

    async def deny(self, pending: Pending) -> None:
        """Forget the request token: its user has said no."""
        await self._database.transaction(statements.drop_signed_request(pending.token))

    async def finish(self, signed: Signed) -> Credentials:
        """An access token for a request token that was allowed, and its verifier (RFC 5849 section 2.3), once.

        Raises BadParameter, UnknownKey, NotProven.
        """
        check_form(signed, "oauth_token", "oauth_verifier")
        consumer = await self._consumer(signed)
        row = await self._request(signed.token)
        await self._prove(signed, consumer, self._token_secret(row, consumer))
        made = Credentials(new_secret(), new_secret())
        access: dict[str, object] = {
            "token": made.token,
            "id": new_id(),
            "secret": self._seal.sealed(made.secret, made.token),
        }
        verifier = _verifier_hash(signed.token, signed.protocol["oauth_verifier"].strip())
        if not await self._database.transaction(statements.exchange_signed_request(signed.token, verifier, access)):
            raise NotProven("verifier_invalid", "The verifier is wrong, or nobody has allowed this yet.")
        return made

    async def caller(self, address: str, signed: Signed) -> Caller:
        """Who makes a signed request from `address` (an IP address): an account through an application.

        Raises BadParameter, UnknownKey, NotProven.
        """
        check_form(signed, "oauth_token")
        consumer = await self._consumer(signed)
        row = await self._access(signed.token)
        await self._prove(signed, consumer, self._token_secret(row, consumer), note_use=row.id)
        account = catalog.to_account(row, "account_")
        if not account.enabled:
            raise NotProven("token_rejected", InvalidToken.message)
        application = consumer.application
        return Caller(address, application.client_id, application, account, SCOPES)

    async def listed(self, account: Account) -> list[Access]:
        """What the account has allowed and not revoked, oldest first."""
        rows = await self._database.fetch_all(statements.accesses_of(account.id))
        return [statements.to_access(row) for row in rows]

    async def revoke(self, account: Account, access_id: str, by: Caller) -> None:
        """End what the account has allowed, at once. Raises NotFound where it has not."""
        if not (access_id.isascii() and access_id.isalnum()):
            raise NotFound
        deed = done_by(by, "oauth1.revoke", access_id[:64], f"of {account.name}")
        if not await self._database.transaction(catalog.noted(statements.revoke_access(account.id, access_id), deed)):
            raise NotFound

    async def _consumer(self, signed: Signed) -> "_Consumer":
        """The enabled application that the request says it comes from, and its secret. Raises UnknownKey."""
        row = await self._database.fetch_one(catalog.application(signed.consumer_key)) if _is_key(signed) else None
        if row is None or not row.enabled:
            raise UnknownKey
        secret = self._seal.opened(row.sealed_secret, row.client_id) if row.sealed_secret is not None else None
        if secret is None:
            raise UnknownKey("This application has no secret that OAuth 1.0a can use. Rotate its secret.")
        return _Consumer(catalog.to_application(row), secret)

    # What is found behind a token; a row, or None.

    async def _request(self, token: str) -> Any:  # noqa: ANN401 - a row
        wanted = statements.signed_request(token, catalog.now() - _ALLOWED_WITHIN)
        return await self._database.fetch_one(wanted) if _is_token(token) else None

    async def _access(self, token: str) -> Any:  # noqa: ANN401 - a row
        return await self._database.fetch_one(statements.signed_access(token)) if _is_token(token) else None

    def _token_secret(self, row: Any, consumer: "_Consumer") -> str:  # noqa: ANN401 - a row
        """The secret of a token that the application holds. Raises NotProven where it holds no such token."""
        secret = self._seal.opened(row.secret, row.token) if row is not None else None
        if secret is None or row.application_id != consumer.application.id:
            raise NotProven("token_rejected", InvalidToken.message)
        return secret

    async def _prove(
        self, signed: Signed, consumer: "_Consumer", token_secret: str = "", note_use: str | None = None
    ) -> None:
        """Raise NotProven unless the request was signed with both secrets, and counts for the first time.

        First the signature, then the nonce, so that nobody but the client can use its nonces up.
        """
        if not await _is_right(signed, consumer.secret, token_secret):
            raise NotProven("signature_invalid", "The signature is not right.")
        if needs_nonce(signed) and not await self._database.transaction(
            statements.count_nonce(_nonce_hash(signed), note_use)
        ):
            raise NotProven("nonce_used", "This request was made before: every request needs a nonce of its own.")


@dataclass(frozen=True, slots=True)
class _Consumer:
    """An application, and the secret that it signs with."""

    application: Application
    secret: str


async def forget(database: Database) -> None:
    """Drop what is over its time: request tokens that nobody exchanged, and nonces whose timestamps are refused now."""
    now = catalog.now()
    kept = timedelta(seconds=2 * CLOCKS_DIFFER + 60)
    await database.transaction(statements.forget_signed(now - _ALLOWED_WITHIN, now - kept))


async def _is_right(signed: Signed, consumer_secret: str, token_secret: str) -> bool:
    """`is_right`, beside the event loop where a picture is among what was signed."""
    if sum(len(value) for _, value in signed.parameters) < _LARGE:
        return is_right(signed, consumer_secret, token_secret)
    async with _two_large_at_once:
        return await asyncio.to_thread(is_right, signed, consumer_secret, token_secret)


def _check_registered(callback: str, application: Application) -> None:
    """Raise BadParameter where the callback is none of the application's redirect addresses (decision 0015)."""
    if not is_registered(callback, application):
        raise BadParameter(
            "The oauth_callback is not one of this application's redirect addresses. Register it, or use 'oob'."
        )


def _new_pin() -> str:
    return f"{secrets.randbelow(10**_PIN_DIGITS):0{_PIN_DIGITS}}"


def _verifier_hash(token: str, verifier: str) -> bytes:
    """Of a PIN there are few, so the token salts it; five tries and an hour are all that anybody has."""
    return hashed(f"{token} {verifier}")


def _nonce_hash(signed: Signed) -> bytes:
    """What must not come twice (RFC 5849 section 3.3): nonce and timestamp, of one client with one token."""
    names = ("oauth_consumer_key", "oauth_token", "oauth_timestamp", "oauth_nonce")
    told = "\0".join(signed.protocol.get(name, "") for name in names)
    return hashlib.sha256(told.encode()).digest()


def _is_key(signed: Signed) -> bool:
    key = signed.consumer_key
    return key.isascii() and key.isalnum() and len(key) <= _LONGEST_KEY


def _is_token(token: str) -> bool:
    return token.isascii() and token.isalnum() and len(token) <= _TOKEN_LENGTH
