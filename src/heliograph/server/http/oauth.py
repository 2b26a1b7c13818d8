"""OAuth 2 for programs, in the native API: tokens (RFC 6749), devices (RFC 8628), revocation (RFC 7009), and where all of
that is (RFC 8414). Failures are the JSON of RFC 6749 section 5.2.
"""

import base64
import binascii
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote_plus

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from heliograph.server.callers import Callers
from heliograph.server.errors import GrantRefused, HeliographError
from heliograph.server.http.allowances import admitted
from heliograph.server.http.bodies import small_form
from heliograph.server.http.replies import failure_headers, json_reply
from heliograph.server.identity import Clients, Devices, Grants
from heliograph.server.identity.grants import Issued
from heliograph.server.limits import Limits, network_of
from heliograph.server.links import Links
from heliograph.server.model import SCOPES, Application, Caller

ANSWERS: dict[str, tuple[int, str]] = {
    "NoImageSent": (400, "invalid_request"),
    "UnsupportedFormat": (400, "invalid_request"),
    "CorruptImage": (400, "invalid_request"),
    "TooManyBytes": (413, "invalid_request"),
    "TooManyPixels": (400, "invalid_request"),
    "TooManyFrames": (400, "invalid_request"),
    "InvalidUrl": (400, "invalid_request"),
    "ForbiddenAddress": (400, "invalid_request"),
    "FetchFailed": (400, "invalid_request"),
    "LocalPathSent": (400, "invalid_request"),
    "NoKeySent": (401, "invalid_client"),
    "UnknownKey": (401, "invalid_client"),
    "NoTokenSent": (401, "invalid_client"),
    "InvalidToken": (401, "invalid_client"),
    "GrantRefused": (400, "invalid_request"),
    "InvalidFkey": (403, "invalid_request"),
    "Forbidden": (403, "invalid_request"),
    "NotFound": (404, "invalid_request"),
    "MethodNotAllowed": (405, "invalid_request"),
    "Gone": (410, "invalid_request"),
    "BadParameter": (400, "invalid_request"),
    "Conflict": (409, "invalid_request"),
    "UploadLimitReached": (429, "temporarily_unavailable"),
    "TooManyAttempts": (429, "temporarily_unavailable"),
    "QuotaExceeded": (403, "invalid_request"),
    "Busy": (503, "temporarily_unavailable"),
    "StorageUnavailable": (503, "temporarily_unavailable"),
    "Internal": (500, "server_error"),
}
"""Each failure -> its HTTP status and its word; a GrantRefused has a word of its own."""

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
DEFAULT_SCOPES = frozenset(SCOPES) - {"account"}
"""What a program gets that does not say what it wants (RFC 6749 section 3.3)."""

_PRIVATE = {"cache-control": "no-store", "access-control-allow-origin": "*"}
"""Programs in browsers may read the answers: nothing here looks at cookies."""


class OAuth:
    """The handlers for programs below /api/v1/oauth. Each request counts by its address."""

    def __init__(
        self, *, callers: Callers, limits: Limits, clients: Clients, grants: Grants, devices: Devices, links: Links
    ) -> None:
        self._callers = callers
        self._limits = limits
        self._clients = clients
        self._grants = grants
        self._devices = devices
        self._public = links.public

    async def token(self, request: Request) -> Response:
        """POST /api/v1/oauth/token."""
        form, application, by = await self._asked(request)
        kind = form.get("grant_type", "")
        if kind == "authorization_code":
            code, redirect, verifier = _must_say(form, "code"), form.get("redirect_uri"), form.get("code_verifier", "")
            issued = await self._grants.redeem_code(application, code, by, redirect=redirect, verifier=verifier)
        elif kind == "refresh_token":
            scopes = scopes_of(form["scope"]) if form.get("scope") else None
            token = _must_say(form, "refresh_token")
            issued = await self._grants.refresh(application, token, by, rotates=True, scopes=scopes)
        elif kind == DEVICE_GRANT:
            issued = await self._devices.collect(application, _must_say(form, "device_code"))
        else:
            raise GrantRefused("The grant_type is missing or not one of ours.", "unsupported_grant_type")
        return json_reply(_told(issued), headers=_PRIVATE)

    async def device(self, request: Request) -> Response:
        """POST /api/v1/oauth/device (RFC 8628 section 3.1)."""
        form, application, by = await self._asked(request)
        codes = await self._devices.begin(application, scopes_of(form.get("scope")), network_of(by.address))
        page = f"{self._public}/device"
        content = {
            "device_code": codes.device,
            "user_code": codes.user,
            "verification_uri": page,
            "verification_uri_complete": f"{page}?user_code={codes.user}",
            "expires_in": int(codes.lasts.total_seconds()),
            "interval": codes.pause,
        }
        return json_reply(content, headers=_PRIVATE)

    async def revoke(self, request: Request) -> Response:
        """POST /api/v1/oauth/revoke: the whole grant ends, whichever of its tokens is shown."""
        form, application, by = await self._asked(request)
        await self._grants.revoke(application, _must_say(form, "token"), by)
        return Response(status_code=200, headers=_PRIVATE)

    async def metadata(self, request: Request) -> Response:  # noqa: ARG002 - handlers are alike
        """GET /.well-known/oauth-authorization-server."""
        at, ways = f"{self._public}/api/v1/oauth", ["none", "client_secret_basic", "client_secret_post"]
        content = {
            "issuer": self._public,
            "authorization_endpoint": f"{at}/authorize",
            "token_endpoint": f"{at}/token",
            "device_authorization_endpoint": f"{at}/device",
            "revocation_endpoint": f"{at}/revoke",
            "scopes_supported": list(SCOPES),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "refresh_token", DEVICE_GRANT],
            "token_endpoint_auth_methods_supported": ways,
            "revocation_endpoint_auth_methods_supported": ways,
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }
        headers = {"cache-control": "public, max-age=3600", "access-control-allow-origin": "*"}
        return json_reply(content, headers=headers)

    def speak(self, request: Request, error: HeliographError) -> Response:
        """A failure as RFC 6749 section 5.2 has it."""
        status, word = ANSWERS[error.name]
        if isinstance(error, GrantRefused):
            word = error.reason
            status = HTTPStatus.UNAUTHORIZED if word == "invalid_client" else status
        headers = failure_headers(error) | _PRIVATE
        if status == HTTPStatus.UNAUTHORIZED:
            headers["www-authenticate"] = 'Basic realm="heliograph"'
        content = {"error": word, "error_description": error.message, "request_id": request.state.request_id}
        return json_reply(content, status, headers)

    async def _asked(self, request: Request) -> tuple[QueryParams, Application, Caller]:
        """The form, the client that has proven itself by it or by the header (RFC 6749 section 2.3.1), and who asks."""
        caller = await admitted(request, self._callers, self._limits)
        form = await small_form(request)
        if len(form) < len(form.multi_items()):
            raise GrantRefused("A parameter is sent twice.")
        name, secret = form.get("client_id"), form.get("client_secret")
        if (header := request.headers.get("authorization")) is not None:
            if secret is not None:
                raise GrantRefused("The client's secret is sent in two ways.")
            name, secret = _client_of(header)
        if not name:
            raise GrantRefused("The client_id is missing.", "invalid_client")
        application = await self._clients.proven(name, secret)
        return form, application, Caller(caller.address, key=application.client_id, application=application)


def scopes_of(asked: str | None) -> frozenset[str]:
    """The scopes that a program asks for, blanks between them. Raises GrantRefused (invalid_scope)."""
    scopes = frozenset((asked or "").split()) or DEFAULT_SCOPES
    if not scopes <= set(SCOPES):
        raise GrantRefused("The scope must be some of " + ", ".join(SCOPES) + ".", "invalid_scope")
    return scopes


def _must_say(form: QueryParams, field: str) -> str:
    value = form.get(field)
    if not value:
        raise GrantRefused(f"The parameter {field} is missing.")
    return value


def _client_of(header: str) -> tuple[str, str]:
    """Client id and secret of the scheme Basic, each form-encoded before (RFC 6749 section 2.3.1)."""
    scheme, _, credential = header.partition(" ")
    try:
        name, _, secret = base64.b64decode(credential.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as problem:
        raise GrantRefused("The Authorization header cannot be read.", "invalid_client") from problem
    if scheme.lower() != "basic":
        raise GrantRefused("A client proves itself by its secret.", "invalid_client")
    return unquote_plus(name), unquote_plus(secret)


def _told(issued: Issued) -> dict[str, Any]:
    """Tokens as RFC 6749 section 5.1 writes them."""
    return {
        "access_token": issued.access,
        "token_type": "Bearer",
        "expires_in": int(issued.lasts.total_seconds()),
        "refresh_token": issued.refresh,
        "scope": " ".join(sorted(issued.grant.scopes)),
        "account": issued.grant.account.name,
    }
