"""Credentials of any dialect become a Caller here; and who may do what to an image or an album is decided here."""

import hmac

from heliograph.server.errors import Forbidden, InvalidToken, NoKeySent, NoTokenSent, UnknownKey
from heliograph.server.identity import Identity
from heliograph.server.model import Account, Album, Caller, Image

_LONGEST_CREDENTIAL = 256


class Callers:
    """Identifies callers by the operator's policy on unknown keys and anonymous uploads."""

    def __init__(self, identity: Identity, *, accept_unknown_keys: bool, anonymous_uploads: bool) -> None:
        self._identity = identity
        self._accept_unknown_keys = accept_unknown_keys
        self._anonymous_uploads = anonymous_uploads

    async def identify(self, address: str, *, key: str | None = None, token: str | None = None) -> Caller:
        """Who calls from `address` (an IP address) with an application's `key` or client id, or an account's `token`.

        Raises InvalidToken where the token is unknown or empty, and UnknownKey where the key is disabled, or unknown
        and refused.
        """
        if token is not None:
            return await self._by_token(address, token)
        if not key:
            return Caller(address)
        holder = await self._identity.holder(key) if len(key) <= _LONGEST_CREDENTIAL else None
        if holder is None:
            if not self._accept_unknown_keys:
                raise UnknownKey
            return Caller(address, key=key[:_LONGEST_CREDENTIAL])
        if (holder.application and not holder.application.enabled) or (holder.account and not holder.account.enabled):
            raise UnknownKey
        counted_as = holder.application.client_id if holder.application else None
        return Caller(address, counted_as, holder.application, holder.account)

    async def _by_token(self, address: str, token: str) -> Caller:
        holder = await self._identity.holder(token) if len(token) <= _LONGEST_CREDENTIAL else None
        if holder is None or holder.account is None or not holder.account.enabled:
            raise InvalidToken
        if holder.application and not holder.application.enabled:
            raise InvalidToken
        counted_as = holder.application.client_id if holder.application else None
        return Caller(address, counted_as, holder.application, holder.account)

    def may_upload(self, caller: Caller) -> None:
        """Raise NoKeySent where the caller is nobody known and the operator wants to know who uploads."""
        if not self._anonymous_uploads and caller.application is None and caller.account is None:
            raise NoKeySent


def account_of(caller: Caller) -> Account:
    """The account that the caller acts for. Raises NoTokenSent where there is none."""
    if caller.account is None:
        raise NoTokenSent
    return caller.account


def owns(caller: Caller, thing: Image | Album, delete_hash: str | None = None) -> bool:
    """Whether the caller may change and remove the image or album: its account, or who knows its delete hash."""
    if caller.account is not None and thing.account_id == caller.account.id:
        return True
    return delete_hash is not None and hmac.compare_digest(delete_hash.encode(), thing.delete_hash.encode())


def must_own(caller: Caller, thing: Image | Album, delete_hash: str | None = None) -> None:
    """Raise Forbidden unless the caller `owns` the image or album."""
    if not owns(caller, thing, delete_hash):
        raise Forbidden
