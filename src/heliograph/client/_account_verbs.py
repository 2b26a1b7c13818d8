"""What both clients do with the account, its tokens and its applications.

Each verb stands here once for each client, and only has its driver (`_http`) follow a plan.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from heliograph.client._http import AsyncDriver, Driver
from heliograph.client._keys import Application, KeyOperations, Token
from heliograph.client._models import Account
from heliograph.client._operations import Operations


class AccountVerbs:
    """What `Client` does with the account, its tokens and its applications."""

    _driver: Driver
    _operations: Operations

    @property
    def _keys(self) -> KeyOperations:
        return KeyOperations(self._operations)

    def change_account(
        self, *, email: str | None = None, password: str | None = None, old_password: str | None = None
    ) -> Account:
        """Change what is not None: the e-mail address ("" for none), or the password, which needs the old one.

        With a password, the request is never repeated by itself where it may have arrived.
        """
        return self._driver.follow(self._operations.change_account(email, password, old_password))

    def tokens(self) -> tuple[Token, ...]:
        """The account's tokens that are not revoked, oldest first, without their secrets."""
        return self._driver.follow(self._keys.tokens())

    def make_token(
        self, name: str, scopes: Iterable[str], *, expires: datetime | None = None, login: tuple[str, str] | None = None
    ) -> Token:
        """Make a token for another program; its `secret` is told now and never again.

        `scopes`: some of account, albums, images:read and images:write. `expires`: UTC where it says no zone; None for
        as long as the key that makes it. `login`: an account's name and password, in place of the client's key. Raises
        NotAllowedError where the new token could do more than that key. This request is never repeated by itself where
        it may have arrived.
        """
        return self._driver.follow(self._keys.make_token(name, scopes, expires, login))

    def revoke_token(self, token: Token | str) -> None:
        """End a token, named by its id; programs that have it can do nothing more. Raises NotFoundError."""
        self._driver.follow(self._keys.revoke_token(token))

    def applications(self) -> tuple[Application, ...]:
        """The account's applications, oldest first, without their secrets."""
        return self._driver.follow(self._keys.applications())

    def register_application(self, name: str, *, redirects: Iterable[str] = (), secret: bool = False) -> Application:
        """Register a program that uses the API, as the account's own; without a key, where the server lets anybody.

        `redirects`: the addresses that a login may come back to. `secret`: give it one, which is told now and never
        again. Who has no account always gets one. This request is never repeated by itself where it may have arrived.
        """
        return self._driver.follow(self._keys.register(name, redirects, secret=secret))

    def application(self, application: Application | str, *, secret: str | None = None) -> Application:
        """Describe an application, named by its client id.

        `secret`: its own, in place of the client's key, for an application that nobody owns; here and below.
        """
        return self._driver.follow(self._keys.application(application, secret))

    def change_application(
        self,
        application: Application | str,
        *,
        name: str | None = None,
        redirects: Iterable[str] | None = None,
        enabled: bool | None = None,
        secret: str | None = None,
    ) -> Application:
        """Change what of an application is not None. One that is not `enabled` is refused everywhere."""
        return self._driver.follow(self._keys.change(application, secret, name, redirects, enabled=enabled))

    def renew_secret(self, application: Application | str, *, secret: str | None = None) -> Application:
        """Give an application another secret, told now and never again; the one before is good no more.

        This request is never repeated by itself where it may have arrived.
        """
        return self._driver.follow(self._keys.renew_secret(application, secret))


class AsyncAccountVerbs:
    """What `AsyncClient` does with the account, its tokens and its applications."""

    _driver: AsyncDriver
    _operations: Operations

    @property
    def _keys(self) -> KeyOperations:
        return KeyOperations(self._operations)

    async def change_account(
        self, *, email: str | None = None, password: str | None = None, old_password: str | None = None
    ) -> Account:
        """As Client.change_account."""
        return await self._driver.follow(self._operations.change_account(email, password, old_password))

    async def tokens(self) -> tuple[Token, ...]:
        """As Client.tokens."""
        return await self._driver.follow(self._keys.tokens())

    async def make_token(
        self, name: str, scopes: Iterable[str], *, expires: datetime | None = None, login: tuple[str, str] | None = None
    ) -> Token:
        """As Client.make_token."""
        return await self._driver.follow(self._keys.make_token(name, scopes, expires, login))

    async def revoke_token(self, token: Token | str) -> None:
        """As Client.revoke_token."""
        await self._driver.follow(self._keys.revoke_token(token))

    async def applications(self) -> tuple[Application, ...]:
        """As Client.applications."""
        return await self._driver.follow(self._keys.applications())

    async def register_application(
        self, name: str, *, redirects: Iterable[str] = (), secret: bool = False
    ) -> Application:
        """As Client.register_application."""
        return await self._driver.follow(self._keys.register(name, redirects, secret=secret))

    async def application(self, application: Application | str, *, secret: str | None = None) -> Application:
        """As Client.application."""
        return await self._driver.follow(self._keys.application(application, secret))

    async def change_application(
        self,
        application: Application | str,
        *,
        name: str | None = None,
        redirects: Iterable[str] | None = None,
        enabled: bool | None = None,
        secret: str | None = None,
    ) -> Application:
        """As Client.change_application."""
        return await self._driver.follow(self._keys.change(application, secret, name, redirects, enabled=enabled))

    async def renew_secret(self, application: Application | str, *, secret: str | None = None) -> Application:
        """As Client.renew_secret."""
        return await self._driver.follow(self._keys.renew_secret(application, secret))
