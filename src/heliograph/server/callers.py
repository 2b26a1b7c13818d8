"""Credentials of any dialect become a Caller here; and who may do what to an image or an album is decided here.

The rule for tokens: first the scope, before anything is looked up, so that Forbidden says nothing of what exists; then
the thing. What is public to begin with (an image) answers Forbidden to strangers; what is private (a token, an
application) answers NotFound, as if it were not there.
"""

import hmac
from dataclasses import replace

from heliograph.server import catalog
from heliograph.server.errors import Forbidden, InvalidToken, NoKeySent, NoTokenSent, UnknownKey
from heliograph.server.identity import Holder, Identity
from heliograph.server.logins import Logins
from heliograph.server.model import EVERYTHING, Account, Album, Caller, Image
from heliograph.server.quotas import Quotas

_LONGEST_CREDENTIAL = 256


class Callers:
    """Identifies callers by the operator's policy on unknown keys and anonymous uploads."""

    def __init__(
        self,
        identity: Identity,
        logins: Logins,
        quotas: Quotas,
        *,
        accept_unknown_keys: bool,
        anonymous_uploads: bool,
    ) -> None:
        self._identity = identity
        self._logins = logins
        self._quotas = quotas
        self._accept_unknown_keys = accept_unknown_keys
        self._anonymous_uploads = anonymous_uploads

    async def identify(self, address: str, *, key: str | None = None, token: str | None = None) -> Caller:
        """Who calls from `address` (an IP address) with an application's `key` or client id, an account's `token`, or
        both: an account through an application (that of the token, where it has one).

        Raises InvalidToken where the token is unknown, empty, revoked or expired, or its account disabled, and
        UnknownKey where the key is disabled, or unknown and refused.
        """
        if token is not None:
            holder = await self._holder(token)
            if holder is None or holder.account is None or not _usable(holder):
                raise InvalidToken
            caller = _caller(address, holder)
            through = await self.identify(address, key=key)
            return caller if caller.key else replace(caller, key=through.key, application=through.application)
        if not key:
            return Caller(address)
        holder = await self._holder(key)
        if holder is None:
            if not self._accept_unknown_keys:
                raise UnknownKey
            if not key.isprintable():
                raise UnknownKey  # no program has such a key, and not every database keeps such a text
            return Caller(address, key=key[:_LONGEST_CREDENTIAL])
        if not _usable(holder):
            raise UnknownKey
        return _caller(address, holder)

    async def by_password(self, address: str, name: str, password: str) -> Caller:
        """Who calls with an account's name and password: with all scopes. Raises InvalidToken, TooManyAttempts."""
        account = await self._logins.by_password(address, name, password)
        return Caller(address, account=account, scopes=EVERYTHING)

    async def must_know_password(self, caller: Caller, account: Account, password: str) -> None:
        """Raise Forbidden where this is not the account's password, TooManyAttempts where it was tried too often."""
        try:
            await self._logins.by_password(caller.address, account.name, password)
        except InvalidToken:
            raise Forbidden("The old password is wrong.") from None

    def may_upload(self, caller: Caller, scope: str = "images:write") -> None:
        """Raise NoKeySent where the caller is nobody known and the operator wants to know who uploads, and Forbidden
        where the token is not for uploading.
        """
        if not self._anonymous_uploads and caller.application is None and caller.account is None:
            raise NoKeySent
        must_have(caller, scope)

    async def must_have_room(self, caller: Caller) -> None:
        """Raise QuotaExceeded where whatever the caller uploads, its account can have no room for it."""
        if caller.account is not None:
            await self._quotas.must_have_room(caller.account)

    async def _holder(self, credential: str) -> Holder | None:
        if len(credential) > _LONGEST_CREDENTIAL or not credential.isprintable():
            return None
        return await self._identity.holder(credential)


def _usable(holder: Holder) -> bool:
    """Whether account and application are enabled, and the token has not expired."""
    enabled = all(each.enabled for each in (holder.application, holder.account) if each)
    expires = holder.token.expires if holder.token else None
    return enabled and (expires is None or expires > catalog.now())


def _caller(address: str, holder: Holder) -> Caller:
    counted_as = holder.application.client_id if holder.application else None
    scopes, expires = (holder.token.scopes, holder.token.expires) if holder.token else (frozenset[str](), None)
    return Caller(address, counted_as, holder.application, holder.account, scopes, expires)


def account_of(caller: Caller, scope: str) -> Account:
    """The account that the caller may act for within the scope (of SCOPES). Raises NoTokenSent and Forbidden."""
    if caller.account is None:
        raise NoTokenSent
    must_have(caller, scope)
    return caller.account


def must_have(caller: Caller, scope: str) -> None:
    """Raise Forbidden where the caller acts for an account, but not within the scope (of SCOPES)."""
    if caller.account is not None and scope not in caller.scopes:
        raise Forbidden(f"This token is not for that: it lacks the scope {scope}.")


def owns(caller: Caller, thing: Image | Album, delete_hash: str | None = None) -> bool:
    """Whether the caller may change and remove the image or album: its account within the scope, or who knows its
    delete hash.
    """
    scope = "images:write" if isinstance(thing, Image) else "albums"
    if caller.account is not None and thing.account_id == caller.account.id and scope in caller.scopes:
        return True
    return delete_hash is not None and hmac.compare_digest(delete_hash.encode(), thing.delete_hash.encode())


def must_own(caller: Caller, thing: Image | Album, delete_hash: str | None = None) -> None:
    """Raise Forbidden unless the caller `owns` the image or album."""
    if not owns(caller, thing, delete_hash):
        raise Forbidden


def may_remove(caller: Caller, image: Image, delete_hash: str | None = None) -> str:
    """The public reason for which the caller may remove the image. Raises Forbidden.

    Besides who owns it, moderators and administrators may.
    """
    if owns(caller, image, delete_hash):
        return "removed by its owner"
    must_have(caller, "images:write")
    if caller.account is None or caller.account.role not in ("moderator", "administrator"):
        raise Forbidden
    return "removed by a moderator"
