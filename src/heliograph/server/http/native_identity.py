"""The native API's account, applications and tokens. `native` speaks their failures."""

import base64
import binascii
from datetime import datetime
from typing import Annotated, Literal, cast

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from heliograph.server.callers import Callers, account_of
from heliograph.server.errors import BadParameter, Forbidden, InvalidToken, NotFound, NoTokenSent
from heliograph.server.http.native import Native, read_json
from heliograph.server.http.replies import json_reply, rfc3339
from heliograph.server.identity import Accounts, Applications, Tokens
from heliograph.server.model import Account, Application, Caller, Token
from heliograph.server.quotas import Quotas
from heliograph.server.registration import Registration

_PRIVATE = {"cache-control": "no-store"}


class AccountAnswer(msgspec.Struct):
    """One's own account, how much it holds, and how much it may."""

    name: str
    role: Literal["user", "moderator", "administrator"]
    email: str | None
    created: Annotated[str, msgspec.Meta(description="RFC 3339, UTC.")]
    used_bytes: Annotated[
        int, msgspec.Meta(description="Of its images' originals and what is kept beside, each image counted.")
    ]
    used_images: int
    allowed_bytes: Annotated[int | None, msgspec.Meta(description="null: as many as it likes.")]
    allowed_images: Annotated[int | None, msgspec.Meta(description="null: as many as it likes.")]


class AccountEdit(msgspec.Struct, forbid_unknown_fields=True):
    """What of one's own account may change; what is left out stays. A new password needs the old one."""

    email: Annotated[str | msgspec.UnsetType | None, msgspec.Meta(description="null for none.")] = msgspec.UNSET
    password: Annotated[str | None, msgspec.Meta(description="12 to 256 characters.")] = None
    old_password: str | None = None


class ApplicationAnswer(msgspec.Struct, omit_defaults=True):
    """An application. Client id and key are public; programs carry the one that their dialect knows."""

    client_id: Annotated[str, msgspec.Meta(description="15 characters: for Imgur v3 and the native API.")]
    key: Annotated[str, msgspec.Meta(description="32 characters: for the older dialects.")]
    name: str
    redirects: list[str]
    enabled: bool
    has_secret: bool
    limits: Annotated[
        str | None, msgspec.Meta(description="Rules of its own that the operator gave it, such as 50000/day uploads.")
    ]
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
    """The handlers of `/api/v1/account`, `/applications` and `/tokens`: all for the caller's own account.

    An application that somebody registered without an account is changed with its client id and secret, in place of
    name and password (the scheme Basic).
    """

    def __init__(
        self,
        *,
        native: Native,
        callers: Callers,
        accounts: Accounts,
        quotas: Quotas,
        applications: Applications,
        registration: Registration,
        tokens: Tokens,
    ) -> None:
        self._native = native
        self._callers = callers
        self._accounts = accounts
        self._quotas = quotas
        self._applications = applications
        self._registration = registration
        self._tokens = tokens

    async def account(self, request: Request) -> Response:
        """GET /api/v1/account."""
        _, account = await self._owner(request)
        return await self._account_reply(account)

    async def change_account(self, request: Request) -> Response:
        """PATCH /api/v1/account."""
        caller, account = await self._owner(request)
        wanted = await read_json(request, AccountEdit)
        if wanted.password is not None:
            if wanted.old_password is None:
                raise BadParameter("A new password needs the old one, as old_password.")
            await self._callers.must_know_password(caller, account, wanted.old_password)
            await self._accounts.set_password(account, wanted.password, caller)
        if wanted.email is not msgspec.UNSET:
            await self._accounts.set_email(account, wanted.email, caller)
        return await self._account_reply(account)

    async def _account_reply(self, account: Account) -> Response:
        """The account as it is now."""
        now = await self._accounts.find(account.name)
        assert now.created is not None, "an account of the catalog has its date"
        space = await self._quotas.space_of(now)
        answer = AccountAnswer(
            name=now.name,
            role=cast("Literal['user', 'moderator', 'administrator']", now.role),
            email=now.email,
            created=rfc3339(now.created),
            used_bytes=space.bytes,
            used_images=space.images,
            allowed_bytes=space.allowed.bytes,
            allowed_images=space.allowed.images,
        )
        return json_reply(answer, headers=_PRIVATE)

    async def applications(self, request: Request) -> Response:
        """GET /api/v1/applications."""
        _, account = await self._owner(request)
        mine = await self._applications.listed(account)
        return json_reply(ApplicationList([_application(each) for each in mine]), headers=_PRIVATE)

    async def register(self, request: Request) -> Response:
        """POST /api/v1/applications. Who may is a matter of the settings."""
        caller = await self._native.caller(request)
        self._registration.must_be_open(caller)
        wanted = await read_json(request, NewApplication)
        made, secret = await self._registration.register(
            caller, wanted.name, wanted.redirects, with_secret=wanted.secret
        )
        return json_reply(_application(made, secret), 201, _PRIVATE)

    async def application(self, request: Request) -> Response:
        """GET /api/v1/applications/{id}."""
        _, found = await self._named(request)
        return json_reply(_application(found), headers=_PRIVATE)

    async def change(self, request: Request) -> Response:
        """PATCH /api/v1/applications/{id}."""
        caller, found = await self._named(request)
        wanted = await read_json(request, ApplicationEdit)
        changed = await self._applications.change(
            found, caller, name=wanted.name, redirects=wanted.redirects, enabled=wanted.enabled
        )
        return json_reply(_application(changed), headers=_PRIVATE)

    async def rotate(self, request: Request) -> Response:
        """POST /api/v1/applications/{id}/secret."""
        caller, found = await self._named(request)
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
        if passwords and _is_basic(request):
            caller = await self._native.caller_as(request, self._by_password(request))
        else:
            caller = await self._native.caller(request)
        return caller, account_of(caller, "account")

    async def _named(self, request: Request) -> tuple[Caller, Application]:
        """The application that the path names, for its owner, or who shows its secret. Raises NotFound."""
        client_id = request.path_params["id"]
        if not _is_basic(request):
            caller, account = await self._owner(request)
            return caller, await self._applications.find(client_id, account)
        caller = await self._native.caller_as(request, self._by_secret(request))
        if caller.application is None or caller.application.client_id != client_id:
            raise NotFound
        return caller, caller.application

    async def _by_password(self, request: Request) -> Caller:
        return await self._callers.by_password(request.scope["state"]["address"], *_name_and_password(request))

    async def _by_secret(self, request: Request) -> Caller:
        application = await self._applications.by_secret(*_name_and_password(request))
        if application is None:
            raise InvalidToken("The client id or the secret is wrong.")
        return Caller(request.scope["state"]["address"], application.client_id, application)


def _is_basic(request: Request) -> bool:
    return request.headers.get("authorization", "").lower().startswith("basic ")


def _name_and_password(request: Request) -> tuple[str, str]:
    """What the scheme Basic carries (RFC 7617, in UTF-8). Raises InvalidToken."""
    credential = request.headers["authorization"].partition(" ")[2]
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
        limits=application.limits,
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
