"""The operations on accounts, applications and tokens, as rows that `openapi` spells out."""

from dataclasses import dataclass
from typing import Any

from heliograph.server.http.native_identity import (
    AccountAnswer,
    AccountEdit,
    ApplicationAnswer,
    ApplicationEdit,
    ApplicationList,
    NewApplication,
    NewToken,
    TokenAnswer,
    TokenList,
    Whose,
)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation; `failures` besides those of every operation that needs an account."""

    path: str
    method: str
    name: str
    summary: str
    success: str
    answer: type[Any] | None = None
    body: type[Any] | None = None
    failures: tuple[str, ...] = ()
    by_password: bool = False


TYPES = (
    AccountAnswer,
    AccountEdit,
    ApplicationAnswer,
    ApplicationEdit,
    ApplicationList,
    NewApplication,
    NewToken,
    TokenAnswer,
    TokenList,
    Whose,
)

ACCOUNT_FAILURES = ("NoTokenSent", "InvalidToken", "UnknownKey", "Forbidden", "UploadLimitReached")

_APPLICATIONS, _APPLICATION = "/api/v1/applications", "/api/v1/applications/{id}"
_ACCOUNT = "/api/v1/account"
_TOKENS = "/api/v1/tokens"

OPERATIONS = (
    Operation(_ACCOUNT, "get", "account", "Describe one's own account, and how much it holds", "200", AccountAnswer),
    Operation(
        _ACCOUNT,
        "patch",
        "changeAccount",
        "Change one's own e-mail address or password",
        "200",
        AccountAnswer,
        AccountEdit,
        ("BadParameter", "TooManyAttempts"),
    ),
    Operation(_APPLICATIONS, "get", "listApplications", "List one's own applications", "200", ApplicationList),
    Operation(
        _APPLICATIONS,
        "post",
        "registerApplication",
        "Register an application",
        "201",
        ApplicationAnswer,
        NewApplication,
        ("BadParameter",),
    ),
    Operation(
        _APPLICATION, "get", "findApplication", "Describe an application", "200", ApplicationAnswer, None, ("NotFound",)
    ),
    Operation(
        _APPLICATION,
        "patch",
        "changeApplication",
        "Change, disable or enable an application",
        "200",
        ApplicationAnswer,
        ApplicationEdit,
        ("NotFound", "BadParameter"),
    ),
    Operation(
        _APPLICATION + "/secret",
        "post",
        "rotateSecret",
        "Give an application a new secret; the old one is void at once",
        "200",
        ApplicationAnswer,
        None,
        ("NotFound",),
    ),
    Operation("/api/v1/whoami", "get", "whoami", "Tell whose token is sent, and what it may do", "200", Whose),
    Operation(_TOKENS, "get", "listTokens", "List one's own tokens", "200", TokenList),
    Operation(
        _TOKENS,
        "post",
        "makeToken",
        "Make a token, by a token or by name and password",
        "201",
        TokenAnswer,
        NewToken,
        ("BadParameter", "TooManyAttempts"),
        by_password=True,
    ),
    Operation(_TOKENS + "/{id}", "delete", "revokeToken", "Revoke a token at once", "204", None, None, ("NotFound",)),
)
