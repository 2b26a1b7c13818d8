"""Applications: registered, changed, disabled, given new secrets. Whoever asks here may see what is asked for."""

import hmac
from collections.abc import Sequence

from heliograph.server import catalog
from heliograph.server.audit import done_by
from heliograph.server.errors import BadParameter, Conflict, Forbidden, NotFound
from heliograph.server.identity.holders import Identity
from heliograph.server.identity.redirects import is_plain
from heliograph.server.identity.seal import Seal
from heliograph.server.identity.secrets import hashed, new_client_id, new_secret
from heliograph.server.limits import own_rules
from heliograph.server.model import Account, Application, Caller
from heliograph.server.ports import Database

LOGIN_CLIENT = "heliographlogin"
"""The client id of `heliograph login`, the same on every server: a program that people install can have no other."""

_LONGEST_NAME = 100
_LONGEST_BUILT_IN = 64
_MOST_REDIRECTS = 20
_LONGEST_REDIRECT = 2000


class Applications:
    """Every application. `owner` narrows to those of one account; others are NotFound, as if they were not there."""

    def __init__(self, database: Database, identity: Identity, seal: Seal) -> None:
        self._database = database
        self._identity = identity
        self._seal = seal

    async def listed(self, owner: Account | None = None) -> list[Application]:
        """The applications, oldest first."""
        rows = await self._database.fetch_all(catalog.applications_of(owner.id if owner else None))
        return [catalog.to_application(row) for row in rows]

    async def find(self, client_id: str, owner: Account | None = None) -> Application:
        """The application of that client id. Raises NotFound."""
        known = client_id if client_id.isascii() and client_id.isalnum() else ""
        row = await self._database.fetch_one(catalog.application(known[:64]))
        found = catalog.to_application(row) if row is not None else None
        if found is None or found.client_id != client_id or (owner and found.account_id != owner.id):
            raise NotFound
        return found

    async def by_secret(self, client_id: str, secret: str) -> Application | None:
        """The application of that client id that anybody registered, whose secret this is; else None.

        Those of accounts are changed by their owners only: a secret lies on servers that need not be theirs.
        """
        row = await self._database.fetch_one(catalog.application(client_id if client_id.isalnum() else ""))
        if row is None or not row.by_anybody or row.client_id != client_id or row.secret is None:
            return None
        return catalog.to_application(row) if hmac.compare_digest(row.secret, hashed(secret)) else None

    async def add(
        self,
        name: str,
        owner: Account | None,
        redirects: Sequence[str],
        by: Caller,
        *,
        with_secret: bool = False,
        by_anybody: bool = False,
        built_in: tuple[str, str] | None = None,
    ) -> tuple[Application, str | None]:
        """Register an application. Returns it and its secret, which nobody can show again.

        `built_in` are the client id (or consumer key) and the secret of a program that carries its own. Raises
        BadParameter, and Conflict where that client id is taken.
        """
        secret = new_secret() if with_secret else None
        client_id = new_client_id()
        if built_in:
            client_id, secret = await self._checked_built_in(*built_in)
        values: dict[str, object] = {
            "client_id": client_id,
            "key": new_secret(),
            "name": _checked_name(name),
            "account_id": owner.id if owner else None,
            "redirects": _checked_redirects(redirects),
            "by_anybody": by_anybody,
            **(self._stored(secret, client_id) if secret else {}),
        }
        deed = done_by(by, "application.create", client_id, f"owner {owner.name}" if owner else None)
        await self._database.transaction(catalog.noted(catalog.add_application(values), deed))
        self._identity.forget()
        return await self.find(client_id), secret

    async def change(
        self,
        application: Application,
        by: Caller,
        *,
        name: str | None = None,
        redirects: Sequence[str] | None = None,
        enabled: bool | None = None,
    ) -> Application:
        """Set what is not None. Returns the application as it is now.

        Raises BadParameter, and Forbidden for enabling what the operator has disabled.
        """
        if enabled and application.suspended:
            raise Forbidden("The operator has disabled this application.")
        values: dict[str, object] = {}
        if name is not None:
            values["name"] = _checked_name(name)
        if redirects is not None:
            values["redirects"] = _checked_redirects(redirects)
        if enabled is not None:
            values["enabled"] = enabled
        if values:
            verb = {True: "enable", False: "disable", None: "edit"}[enabled]
            await self._write(application, values, by, verb)
        return await self.find(application.client_id)

    async def suspend(self, application: Application, suspended: bool, by: Caller) -> None:
        """Disable the application as its operator, so that its owner cannot enable it; or enable it again."""
        await self._write(
            application, {"suspended": suspended, "enabled": not suspended}, by, "disable" if suspended else "enable"
        )

    async def set_limits(self, application: Application, limits: str | None, by: Caller) -> None:
        """Give the application rules of its own in place of the general ones by application; None takes them away.

        Raises BadParameter, which quotes what is wrong.
        """
        try:
            own_rules(limits or "off")
        except ValueError as problem:
            raise BadParameter(f"The limits cannot be read: {problem}.") from problem
        await self._write(application, {"limits": limits}, by, "limits", limits or "default")

    async def rotate(self, application: Application, by: Caller) -> str:
        """Give the application a new secret, which is returned once; the old one is void at once."""
        secret = new_secret()
        await self._write(application, self._stored(secret, application.client_id), by, "rotate")
        return secret

    async def _checked_built_in(self, client_id: str, secret: str) -> tuple[str, str]:
        if not (client_id.isascii() and client_id.isalnum() and len(client_id) <= _LONGEST_BUILT_IN):
            raise BadParameter(f"The client id must have 1 to {_LONGEST_BUILT_IN} letters and digits.")
        if not (secret.isascii() and secret.isprintable() and 16 <= len(secret) <= _LONGEST_NAME):
            raise BadParameter(f"The secret must have 16 to {_LONGEST_NAME} printable characters.")
        if await self._database.fetch_one(catalog.application(client_id)) is not None:
            raise Conflict("There is an application of that client id already.")
        return client_id, secret

    def _stored(self, secret: str, client_id: str) -> dict[str, object]:
        """The columns of a secret: a hash to compare with, and sealed for signatures of OAuth 1.0a."""
        return {"secret": hashed(secret), "sealed_secret": self._seal.sealed(secret, client_id)}

    async def _write(
        self, application: Application, values: dict[str, object], by: Caller, verb: str, detail: str | None = None
    ) -> None:
        work = catalog.change_application(application.id, values)
        deed = done_by(by, f"application.{verb}", application.client_id, detail)
        await self._database.transaction(catalog.noted(work, deed))
        self._identity.forget()


def _checked_name(name: str) -> str:
    if not 1 <= len(name.strip()) <= _LONGEST_NAME or not name.isprintable():
        raise BadParameter(f"The name must have 1 to {_LONGEST_NAME} printable characters.")
    return name.strip()


def _checked_redirects(redirects: Sequence[str]) -> str:
    if len(redirects) > _MOST_REDIRECTS:
        raise BadParameter(f"There may be at most {_MOST_REDIRECTS} redirect addresses.")
    if not all(len(each) <= _LONGEST_REDIRECT and is_plain(each) for each in redirects):
        raise BadParameter("A redirect address must be absolute, such as https://h.example/back, without fragment.")
    return "\n".join(redirects)


async def register_own(database: Database) -> None:
    """Register what `heliograph login` comes as, where that is not done yet. The operator may disable it."""
    work = catalog.add_own_application(LOGIN_CLIENT, new_secret(), "heliograph on the command line")
    await database.transaction(work)
