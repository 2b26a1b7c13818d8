"""Who calls Imgur API v3, by the odd spellings of `Authorization` that its clients were seen to send, and whose account
a path is about. Evidence: wire pages imgur-v3 and clients, point 8.
"""

import re

from starlette.requests import Request

from heliograph.server.callers import Callers, account_of
from heliograph.server.errors import Forbidden, InvalidToken, NoKeySent
from heliograph.server.http.allowances import admitted, count
from heliograph.server.http.imgur_v3_words import MALFORMED_HEADER, TOKEN_NOT_FOUND, UNAUTHORIZED
from heliograph.server.limits import Limits
from heliograph.server.model import Account, Caller


class ImgurV3Callers:
    """Lets v3's calls in: each is counted, whatever comes of it."""

    def __init__(self, *, callers: Callers, limits: Limits) -> None:
        self._callers = callers
        self._limits = limits

    async def caller(
        self,
        request: Request,
        *,
        upload: bool = False,
        scope: str = "images:write",
        look: bool = False,
        nobody: bool = False,
    ) -> Caller:
        """Who calls; an upload needs the scope (of SCOPES) where it comes with a token. look: tell all that is left.
        nobody: take the call without credentials too.

        Raises NoKeySent for a call that names neither a client id nor a token; InvalidToken, UnknownKey, Forbidden,
        UploadLimitReached, QuotaExceeded.
        """
        key, token = _credentials(request)
        if key is None and token is None and not nobody:
            await count(request, self._limits, Caller(request.scope["state"]["address"]))
            raise NoKeySent
        try:
            return await admitted(
                request, self._callers, self._limits, key=key, token=token, upload=upload, scope=scope, look=look
            )
        except InvalidToken as refused:
            if token == "":
                bare = not request.headers["authorization"].strip()
                raise InvalidToken(TOKEN_NOT_FOUND if bare else MALFORMED_HEADER) from refused
            raise

    async def account(self, request: Request, scope: str) -> tuple[Caller, Account]:
        """Who calls, and the account that the path's `user` names: `me`, or the caller's own by its name.

        Accounts are not public here: any other name is Forbidden, whether there is such an account or not. Raises
        NoTokenSent too, and what `caller` raises.
        """
        caller = await self.caller(request)
        account = account_of(caller, scope)
        if request.path_params["user"].lower() not in ("me", account.name):
            raise Forbidden(UNAUTHORIZED)
        return caller, account


_CREDENTIAL = re.compile(
    r"\s*(?:authorization\b[:\s]*)?(bearer|client[-_ ]?id)(?![\w-])[:=\s]*([^\s,;]*)", re.IGNORECASE
)
"""Imgur compared the scheme loosely, and people write it as they remember it."""


def _credentials(request: Request) -> tuple[str | None, str | None]:
    """Key and token; an empty token where the header has none, though it should; neither where nothing was sent."""
    header = request.headers.get("authorization")
    if header is not None and not header.strip():
        return None, ""
    if found := _CREDENTIAL.match(header or ""):
        scheme, credential = found.groups()
        return (None, credential) if scheme.lower() == "bearer" else (credential or None, None)
    return request.query_params.get("client_id") or None, None
