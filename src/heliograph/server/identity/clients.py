"""Which program asks: known by its client id, perhaps proven by its secret; and where its people may be sent."""

import hmac
from urllib.parse import urlsplit

from heliograph.server import catalog
from heliograph.server.errors import GrantRefused
from heliograph.server.identity.secrets import hashed
from heliograph.server.model import Application
from heliograph.server.ports import Database

LOGIN_CLIENT = "heliographlogin"
"""The client id of `heliograph login`, the same on every server: a program that people install can have no other."""

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Clients:
    """Applications as OAuth 2 knows them: public ones, and confidential ones, which have a secret."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def known(self, client_id: str) -> Application:
        """The enabled application of that client id. Raises GrantRefused (invalid_client)."""
        application, _ = await self._found(client_id)
        return application

    async def proven(self, client_id: str, secret: str | None, *, secret_needed: bool = False) -> Application:
        """The application, where the secret is its own, or where it has none and none was sent.

        secret_needed: whether an application without one is refused. Raises GrantRefused (invalid_client).
        """
        application, stored = await self._found(client_id)
        if stored is None:
            if secret or secret_needed:
                raise _unknown("This application has no secret." if secret else "This application needs a secret.")
            return application
        if not hmac.compare_digest(hashed(secret or ""), stored):
            raise _unknown("The client's secret is missing or wrong.")
        return application

    async def register_own(self) -> None:
        """Register the program that `heliograph login` is, once; the operator may disable it."""
        await self._database.transaction(catalog.add_own_application(LOGIN_CLIENT, "heliograph on the command line"))

    async def _found(self, client_id: str) -> tuple[Application, bytes | None]:
        plain = client_id.isascii() and client_id.isalnum() and len(client_id) <= 64
        row = await self._database.fetch_one(catalog.application(client_id)) if plain else None
        if row is None or row.client_id != client_id or not row.enabled:
            raise _unknown("There is no such client here.")
        return catalog.to_application(row), row.secret


def redirect_for(application: Application, asked: str | None) -> str:
    """Where the application's people are sent back to: `asked`, or the only address that is registered.

    It must be one of those registered, to the letter, but for the port of a loopback address, which a program cannot
    know before (RFC 8252 section 7.3, RFC 9700 section 2.1). Raises GrantRefused; nobody may then be sent anywhere.
    """
    if asked is None:
        if len(application.redirects) != 1:
            raise GrantRefused("This application has to say where to go back to: redirect_uri is missing.")
        return application.redirects[0]
    if not any(_same(asked, registered) for registered in application.redirects):
        raise GrantRefused("This redirect address is not registered for the application.")
    return asked


def _same(asked: str, registered: str) -> bool:
    if asked == registered:
        return True
    try:
        a, b = urlsplit(asked), urlsplit(registered)
        ports = (a.port, b.port)  # raises where one is none
    except ValueError:
        return False
    if b.scheme != "http" or b.hostname not in _LOOPBACK or "@" in asked or None in ports[:1]:
        return False
    plain = asked.isascii() and asked.isprintable() and "\\" not in asked and " " not in asked
    return plain and (a.scheme, a.hostname, a.path, a.query, a.fragment) == (b.scheme, b.hostname, b.path, b.query, "")


def _unknown(message: str) -> GrantRefused:
    return GrantRefused(message, "invalid_client")
