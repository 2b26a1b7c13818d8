"""The native API's applications and tokens. `native` speaks their failures."""

import base64
import binascii
from datetime import datetime
from typing import Annotated

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from heliograph.server.callers import Callers, account_of
from heliograph.server.errors import Forbidden, InvalidToken, NoTokenSent
from heliograph.server.http.native import Native, read_json
from heliograph.server.http.replies import json_reply, rfc3339
from heliograph.server.identity import Applications, Tokens
from heliograph.server.model import Account, Application, Caller, Token

_PRIVATE = {"cache-control": "no-store"}


class ApplicationAnswer(msgspec.Struct, omit_defaults=True):
    """An application. Client id and key are public; programs carry the one that their dialect knows."""

    client_id: Annotated[str, msgspec.Meta(description="15 characters: for Imgur v3 and the native API.")]
    key: Annotated[str, msgspec.Meta(description="32 characters: for the older dialects.")]
    name: str
    redirects: list[str]
    enabled: bool
    has_secret: bool
    created: Annotated[str, msgspec.Meta(description="RFC 3339, UTC.")]
    secret: Annotated[str | msgspec.UnsetType, msgspec.Meta(description="Shown only when it is made.")] = msgspec.UNSET


class ApplicationList(msgspec.Struct):
    """The applications of an account, oldest first."""

    applications: list[ApplicationAnswer]


class NewApplication(msgspec.Struct, forbid_unknown_fields=True):
    """What an application begins with. Programs that cannot keep a secret need none."""

    name: str
    redirects: list[str] = []
    secret: bool = False


class ApplicationEdit(msgspec.Struct, forbid_unknown_fields=True):
    """What of an application may change; what is left out stays."""

    name: str | None = None
    redirects: list[str] | None = None
    enabled: bool | None = None


class TokenAnswer(msgspec.Struct, omit_defaults=True):
    """A personal access token."""

    id: str
    name: str
    scopes: list[str]
    created: Annotated[str, msgspec.Meta(description="RFC 3339, UTC.")]
    expires: Annotated[str | None, msgspec.Meta(description="RFC 3339, UTC; null for never.")]
    used: Annotated[str | None, msgspec.Meta(description="When it was last used, to the minute.")]
    token: Annotated[str | msgspec.UnsetType, msgspec.Meta(description="The secret. Shown only now.")] = msgspec.UNSET


class TokenList(msgspec.Struct):
    """The tokens of an account that are not revoked, oldest first."""

    tokens: list[TokenAnswer]


class NewToken(msgspec.Struct, forbid_unknown_fields=True):
    """What a token is for: a name, some of the scopes account, albums, images:read, images:write, and its end."""

    name: str
    scopes: list[str]
    expires: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


class Whose(msgspec.Struct):
    """Whose token is sent, and what it may do."""

    account: str
    scopes: list[str]
    application: Annotated[str | None, msgspec.Meta(description="The program that the token was given to, if any.")]
    expires: Annotated[str | None, msgspec.Meta(description="RFC 3339, UTC; null for never.")]


class NativeIdentity:
    """The handlers of `/api/v1/applications` and `/api/v1/tokens`: all for the caller's own account."""

    def __init__(self, native: Native, callers: Callers, applications: Applications, tokens: Tokens) -> None:
        self._native = native
        self._callers = callers
        self._applications = applications
        self._tokens = tokens

    async def applications(self, request: Request) -> Response:
        """GET /api/v1/applications."""
        _, account = await self._owner(request)
        mine = await self._applications.listed(account)
        return json_reply(ApplicationList([_application(each) for each in mine]), headers=_PRIVATE)

    async def register(self, request: Request) -> Response:
        """POST /api/v1/applications."""
        caller, account = await self._owner(request)
        wanted = await read_json(request, NewApplication)
        made, secret = await self._applications.add(
            wanted.name, account, wanted.redirects, caller, with_secret=wanted.secret
        )
        return json_reply(_application(made, secret), 201, _PRIVATE)

    async def application(self, request: Request) -> Response:
        """GET /api/v1/applications/{id}."""
        _, account = await self._owner(request)
        found = await self._applications.find(request.path_params["id"], account)
        return json_reply(_application(found), headers=_PRIVATE)

    async def change(self, request: Request) -> Response:
        """PATCH /api/v1/applications/{id}."""
        caller, account = await self._owner(request)
        found = await self._applications.find(request.path_params["id"], account)
        wanted = await read_json(request, ApplicationEdit)
        changed = await self._applications.change(
            found, caller, name=wanted.name, redirects=wanted.redirects, enabled=wanted.enabled
        )
        return json_reply(_application(changed), headers=_PRIVATE)

    async def rotate(self, request: Request) -> Response:
        """POST /api/v1/applications/{id}/secret."""
        caller, account = await self._owner(request)
        found = await self._applications.find(request.path_params["id"], account)
        secret = await self._applications.rotate(found, caller)
        return json_reply(_application(await self._applications.find(found.client_id), secret), headers=_PRIVATE)

    async def whoami(self, request: Request) -> Response:
        """GET /api/v1/whoami. It needs no scope: who has a token may know what it is good for."""
        caller = await self._native.caller(request)
        if caller.account is None:
            raise NoTokenSent
        application = caller.application.name if caller.application else None
        expires = rfc3339(caller.expires) if caller.expires else None
        whose = Whose(caller.account.name, sorted(caller.scopes), application, expires)
        return json_reply(whose, headers=_PRIVATE)

    async def tokens(self, request: Request) -> Response:
        """GET /api/v1/tokens."""
        _, account = await self._owner(request)
        mine = await self._tokens.listed(account)
        return json_reply(TokenList([_token(each) for each in mine]), headers=_PRIVATE)

    async def make(self, request: Request) -> Response:
        """POST /api/v1/tokens, with a token or with name and password.

        A token can make no token that may do more or lasts longer than itself.
        """
        caller, account = await self._owner(request, passwords=True)
        wanted = await read_json(request, NewToken)
        if set(wanted.scopes) & set(caller.scopes) != set(wanted.scopes):
            raise Forbidden("A token cannot make a token that may do more than itself.")
        expires = min(filter(None, (wanted.expires, caller.expires)), default=None)
        made, secret = await self._tokens.add(account, wanted.name, wanted.scopes, expires, caller)
        return json_reply(_token(made, secret), 201, _PRIVATE)

    async def revoke(self, request: Request) -> Response:
        """DELETE /api/v1/tokens/{id}."""
        caller, account = await self._owner(request)
        await self._tokens.revoke(account, request.path_params["id"], caller)
        return Response(status_code=204)

    async def _owner(self, request: Request, passwords: bool = False) -> tuple[Caller, Account]:
        scheme, _, credential = request.headers.get("authorization", "").partition(" ")
        if passwords and scheme.lower() == "basic":
            name, password = _name_and_password(credential)
            caller = await self._callers.by_password(request.scope["state"]["address"], name, password)
        else:
            caller = await self._native.caller(request)
        return caller, account_of(caller, "account")


def _name_and_password(credential: str) -> tuple[str, str]:
    """What the scheme Basic carries (RFC 7617, in UTF-8). Raises InvalidToken."""
    try:
        name, _, password = base64.b64decode(credential.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as problem:
        raise InvalidToken("The Authorization header cannot be read.") from problem
    return name, password


def _application(application: Application, secret: str | None = None) -> ApplicationAnswer:
    assert application.created is not None, "an application of the catalog has its date"
    return ApplicationAnswer(
        client_id=application.client_id,
        key=application.key,
        name=application.name,
        redirects=list(application.redirects),
        enabled=application.enabled,
        has_secret=application.has_secret,
        created=rfc3339(application.created),
        secret=secret if secret is not None else msgspec.UNSET,
    )


def _token(token: Token, secret: str | None = None) -> TokenAnswer:
    return TokenAnswer(
        id=token.id,
        name=token.name,
        scopes=sorted(token.scopes),
        created=rfc3339(token.created),
        expires=rfc3339(token.expires) if token.expires else None,
        used=rfc3339(token.used) if token.used else None,
        token=secret if secret is not None else msgspec.UNSET,
    )
