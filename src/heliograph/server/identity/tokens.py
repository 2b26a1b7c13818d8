"""Personal access tokens: made for an account with scopes and an end, shown once, listed, revoked."""

from collections.abc import Collection
from datetime import datetime

from heliograph.server import catalog
from heliograph.server.audit import done_by
from heliograph.server.errors import BadParameter, NotFound
from heliograph.server.identity.holders import Identity
from heliograph.server.identity.secrets import hashed, new_secret
from heliograph.server.links import new_id
from heliograph.server.model import SCOPES, Account, Caller, Token
from heliograph.server.ports import Database

_LONGEST_NAME = 100


class Tokens:
    """The tokens of every account."""

    def __init__(self, database: Database, identity: Identity) -> None:
        self._database = database
        self._identity = identity

    async def listed(self, account: Account) -> list[Token]:
        """The account's tokens that are not revoked, oldest first."""
        return [catalog.to_token(row) for row in await self._database.fetch_all(catalog.tokens_of(account.id))]

    async def add(
        self, account: Account, name: str, scopes: Collection[str], expires: datetime | None, by: Caller
    ) -> tuple[Token, str]:
        """Make a token. Returns it and its secret, which nobody can show again. Raises BadParameter."""
        if not 1 <= len(name.strip()) <= _LONGEST_NAME or not name.isprintable():
            raise BadParameter(f"The name must have 1 to {_LONGEST_NAME} printable characters.")
        if not scopes or not set(scopes) <= set(SCOPES):
            raise BadParameter("The scopes must be some of " + ", ".join(SCOPES) + ".")
        if expires is not None and expires <= catalog.now():
            raise BadParameter("The token would have expired already.")
        secret = new_secret()
        token = Token(new_id(), account.id, name.strip(), frozenset(scopes), catalog.now(), expires)
        deed = done_by(by, "token.create", token.id, f"for {account.name}: {' '.join(sorted(scopes))}")
        await self._database.transaction(catalog.noted(catalog.add_token(token, hashed(secret)), deed))
        self._identity.forget()
        return token, secret

    async def revoke(self, account: Account, token_id: str, by: Caller) -> None:
        """End a token at once. Raises NotFound where the account has no such token."""
        if not (token_id.isascii() and token_id.isalnum()):
            raise NotFound
        deed = done_by(by, "token.revoke", token_id[:64], f"of {account.name}")
        if not await self._database.transaction(catalog.noted(catalog.revoke_token(account.id, token_id), deed)):
            raise NotFound
        self._identity.forget()
