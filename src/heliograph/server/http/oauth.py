"""OAuth 2 for programs: `/api/v1/oauth/*`. People answer on the pages of `consent`. Failures are those of RFC 6749."""

from http import HTTPStatus

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from heliograph.server.callers import Callers
from heliograph.server.errors import GrantRefused, HeliographError
from heliograph.server.http.allowances import admitted, rate_limit_fields
from heliograph.server.http.fields import basic_credentials, small_form
from heliograph.server.http.replies import failure_headers, json_reply
from heliograph.server.identity import Devices, Given, Grants
from heliograph.server.identity.grants import checked_scopes
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
    "InvalidFkey": (403, "access_denied"),
    "Forbidden": (403, "access_denied"),
    "NotFound": (404, "invalid_request"),
    "MethodNotAllowed": (405, "invalid_request"),
    "Gone": (410, "invalid_request"),
    "BadParameter": (400, "invalid_request"),
    "Conflict": (409, "invalid_request"),
    "UploadLimitReached": (429, "temporarily_unavailable"),
    "TooManyAttempts": (429, "temporarily_unavailable"),
    "QuotaExceeded": (403, "access_denied"),
    "Busy": (503, "temporarily_unavailable"),
    "StorageUnavailable": (503, "temporarily_unavailable"),
    "Internal": (500, "server_error"),
}
"""Each failure -> its HTTP status and its word; a GrantRefused has a word of its own."""

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_PRIVATE = {"cache-control": "no-store", "pragma": "no-cache", "access-control-allow-origin": "*"}
"""Programs that run in browsers may read the answers: nothing here looks at cookies."""

_PUBLIC = {"cache-control": "public, max-age=3600", "access-control-allow-origin": "*"}


class OAuth:
    """The handlers for programs. Each request is counted by its address, so that guessing has a limit."""

    def __init__(self, *, callers: Callers, limits: Limits, grants: Grants, devices: Devices, links: Links) -> None:
        self._callers = callers
        self._limits = limits
        self._grants = grants
        self._devices = devices
        self._links = links

    async def token(self, request: Request) -> Response:
        """POST /api/v1/oauth/token: grant types authorization_code, refresh_token and that of RFC 8628."""
        by, application, form = await self._asked(request)
        kind = form.get("grant_type")
        if kind == "authorization_code":
            given = await self._grants.use_code(
                by,
                form.get("code", ""),
                redirect=form.get("redirect_uri"),
                verifier=form.get("code_verifier"),
                rotates=True,
            )
        elif kind == "refresh_token":
            given = await self._grants.refresh(by, form.get("refresh_token", ""), rotates=True)
        elif kind == DEVICE_GRANT:
            given = await self._devices.ask(application, form.get("device_code", ""))
        else:
            raise GrantRefused(
                f"The grant_type must be authorization_code, refresh_token or {DEVICE_GRANT}.", "unsupported_grant_type"
            )
        return json_reply(_answer(given), headers=_PRIVATE)

    async def device(self, request: Request) -> Response:
        """POST /api/v1/oauth/device: codes for a program without a browser (RFC 8628 section 3.1)."""
        by, application, form = await self._asked(request)
        codes = await self._devices.begin(application, checked_scopes(form.get("scope")), network_of(by.address))
        page = f"{self._links.public}/device"
        answer = {
            "device_code": codes.device,
            "user_code": codes.user,
            "verification_uri": page,
            "verification_uri_complete": f"{page}?code={codes.user}",
            "expires_in": codes.expires_in,
            "interval": codes.interval,
        }
        return json_reply(answer, headers=_PRIVATE)

    async def revoke(self, request: Request) -> Response:
        """POST /api/v1/oauth/revoke: 200 whatever the token was (RFC 7009 section 2.2)."""
        by, _, form = await self._asked(request)
        await self._grants.revoke(by, form.get("token", ""))
        return Response(status_code=200, headers=_PRIVATE)

    async def metadata(self, request: Request) -> Response:  # noqa: ARG002 - handlers are alike
        """GET /.well-known/oauth-authorization-server (RFC 8414)."""
        base = f"{self._links.public}/api/v1/oauth"
        answer = {
            "issuer": self._links.public,
            "authorization_endpoint": f"{base}/authorize",
            "token_endpoint": f"{base}/token",
            "revocation_endpoint": f"{base}/revoke",
            "device_authorization_endpoint": f"{base}/device",
            "scopes_supported": list(SCOPES),
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "refresh_token", DEVICE_GRANT],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
            "service_documentation": f"{self._links.public}/docs/api",
        }
        return json_reply(answer, headers=_PUBLIC)

    def speak(self, request: Request, error: HeliographError) -> Response:
        """A failure as RFC 6749 section 5.2 has it."""
        status, reason = ANSWERS[error.name]
        reason = getattr(error, "reason", "") if isinstance(error, GrantRefused) else reason
        if reason == "invalid_client":
            status = HTTPStatus.UNAUTHORIZED
        headers = {**_PRIVATE, **failure_headers(error)}
        if status == HTTPStatus.UNAUTHORIZED and "authorization" in request.headers:
            headers["www-authenticate"] = 'Basic realm="heliograph"'
        return json_reply({"error": reason, "error_description": error.message}, status, headers)

    def headers_of_all(self, request: Request) -> dict[str, str]:
        """What limits leave, on every answer."""
        return rate_limit_fields(request)

    async def _asked(self, request: Request) -> tuple[Caller, Application, QueryParams]:
        """The application that asks, which has shown who it is, and the fields of its form. Raises GrantRefused."""
        caller = await admitted(request, self._callers, self._limits)
        form = await small_form(request)
        if len(form) < len(form.multi_items()):
            raise GrantRefused("A parameter is sent twice.")
        client_id, secret = basic_credentials(request) or (form.get("client_id", ""), form.get("client_secret"))
        application = await self._grants.proven(client_id, secret)
        return Caller(caller.address, application=application), application, form


def _answer(given: Given) -> dict[str, object]:
    """RFC 6749 section 5.1, and whose account it is."""
    return {
        "access_token": given.access,
        "token_type": "Bearer",
        "expires_in": given.expires_in,
        "refresh_token": given.refresh,
        "scope": " ".join(sorted(given.grant.scopes)),
        "account": given.grant.account.name,
    }
