"""Tokens and applications: the records, and what a client can do with them as plans of requests; hides their API calls.

What makes a secret is never sent again where it may have arrived: there would be two, and one of them nobody knows.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from heliograph.client._errors import InputError, UnexpectedAnswerError
from heliograph.client._exchange import Plan, Send, exchange
from heliograph.client._operations import Operations, json_of

WORD = re.compile(r"[\w-]+", re.ASCII)

T = TypeVar("T")


@dataclass(frozen=True)
class Token:
    """A personal access token. `secret`, what programs send as their key, is told by `Client.make_token` only.

    `scopes`: some of account, albums, images:read and images:write. `expires`: None for never. `used`: when it was last
    used, to the minute; None for never. `answer` is the server's whole answer, unknown members too.
    """

    id: str
    name: str
    scopes: tuple[str, ...]
    created: datetime
    expires: datetime | None = None
    used: datetime | None = None
    secret: str | None = field(default=None, repr=False)
    answer: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def parse(cls, answer: object) -> Token:
        """Read the JSON object of a token. Raises UnexpectedAnswerError if what every token has is missing."""
        return _understood("a token", cls._read, answer)

    @classmethod
    def _read(cls, answer: Mapping[str, Any]) -> Token:
        return cls(
            id=str(answer["id"]),
            name=str(answer["name"]),
            scopes=tuple(map(str, answer["scopes"])),
            created=datetime.fromisoformat(answer["created"]),
            expires=_time(answer.get("expires")),
            used=_time(answer.get("used")),
            secret=answer.get("token"),
            answer=answer,
        )


@dataclass(frozen=True)
class Application:
    """A program that uses the API. Its `client_id` and `key` are public: programs carry the one their dialect knows.

    `redirects`: the addresses that a login may come back to. `limits`: rules of its own that the operator gave it.
    `secret` is told by `Client.register_application` and `Client.renew_secret` only. `answer` is the server's whole
    answer, unknown members too.
    """

    client_id: str
    key: str
    name: str
    redirects: tuple[str, ...]
    enabled: bool
    has_secret: bool
    created: datetime
    limits: str | None = None
    secret: str | None = field(default=None, repr=False)
    answer: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def parse(cls, answer: object) -> Application:
        """Read the JSON object of an application. Raises UnexpectedAnswerError if what every one has is missing."""
        return _understood("an application", cls._read, answer)

    @classmethod
    def _read(cls, answer: Mapping[str, Any]) -> Application:
        return cls(
            client_id=str(answer["client_id"]),
            key=str(answer["key"]),
            name=str(answer["name"]),
            redirects=tuple(map(str, answer["redirects"])),
            enabled=bool(answer["enabled"]),
            has_secret=bool(answer["has_secret"]),
            created=datetime.fromisoformat(answer["created"]),
            limits=answer.get("limits"),
            secret=answer.get("secret"),
            answer=answer,
        )


@dataclass(frozen=True)
class KeyOperations:
    """The operations on tokens and applications. What each raises is said at `Client`."""

    operations: Operations

    def tokens(self) -> Plan[tuple[Token, ...]]:
        """The account's tokens that are not revoked."""
        return (yield from self._listed("tokens", Token.parse))

    def make_token(
        self, name: str, scopes: Iterable[str], expires: datetime | None, login: tuple[str, str] | None
    ) -> Plan[Token]:
        """Make a token, by the client's key, or by an account's name and password."""
        if isinstance(scopes, str):
            raise InputError("Pass a list of scopes, also where it is only one.")
        wanted = {"name": name, "scopes": list(scopes), "expires": _zoned(expires) if expires else None}
        send = Send("POST", self._address("tokens"), self._headers(login), json=wanted)
        return Token.parse(json_of((yield from exchange(send, self.operations.patience, repeatable=False))))

    def revoke_token(self, token: Token | str) -> Plan[None]:
        """End a token. If an answer was lost and the next try does not find it, this was our own doing."""
        named = _named(token.id if isinstance(token, Token) else token, "token")
        send = Send("DELETE", self._address(f"tokens/{named}"), self._headers(None), done_before=404)
        yield from exchange(send, self.operations.patience)

    def applications(self) -> Plan[tuple[Application, ...]]:
        """The account's applications."""
        return (yield from self._listed("applications", Application.parse))

    def register(self, name: str, redirects: Iterable[str], *, secret: bool) -> Plan[Application]:
        """Register an application, by the client's key or as nobody."""
        wanted = {"name": name, "redirects": _addresses(redirects), "secret": secret}
        send = Send("POST", self._address("applications"), self._headers(None), json=wanted)
        return Application.parse(json_of((yield from exchange(send, self.operations.patience, repeatable=False))))

    def application(self, application: Application | str, secret: str | None) -> Plan[Application]:
        """One application, for its owner or who has its secret."""
        send = self._about("GET", application, secret)
        return Application.parse(json_of((yield from exchange(send, self.operations.patience))))

    def change(
        self,
        application: Application | str,
        secret: str | None,
        name: str | None,
        redirects: Iterable[str] | None,
        *,
        enabled: bool | None,
    ) -> Plan[Application]:
        """Change what is not None."""
        addresses = _addresses(redirects) if redirects is not None else None
        wanted = {"name": name, "redirects": addresses, "enabled": enabled}
        changes = {member: value for member, value in wanted.items() if value is not None}
        if not changes:
            raise InputError("Nothing to change: pass a name, redirects or enabled.")
        send = self._about("PATCH", application, secret, json=changes)
        return Application.parse(json_of((yield from exchange(send, self.operations.patience))))

    def renew_secret(self, application: Application | str, secret: str | None) -> Plan[Application]:
        """Give an application another secret; the one before is good no more."""
        send = self._about("POST", application, secret, "/secret")
        return Application.parse(json_of((yield from exchange(send, self.operations.patience, repeatable=False))))

    def _listed(self, what: str, parse: Callable[[object], T]) -> Plan[tuple[T, ...]]:
        send = Send("GET", self._address(what), self._headers(None))
        answer = json_of((yield from exchange(send, self.operations.patience)))
        listed = answer.get(what) if isinstance(answer, dict) else None
        if not isinstance(listed, list):
            raise UnexpectedAnswerError(f"{send.url} answered with no list of {what}. Is the server's address right?")
        return tuple(map(parse, listed))

    def _about(
        self,
        method: str,
        application: Application | str,
        secret: str | None,
        path: str = "",
        json: Mapping[str, object] | None = None,
    ) -> Send:
        """A request about one application, by the client's key, or by the application's secret where it is passed."""
        given = application.client_id if isinstance(application, Application) else application
        client_id = _named(given, "application")
        headers = self._headers((client_id, secret) if secret else None)
        return Send(method, self._address(f"applications/{client_id}{path}"), headers, json=json)

    def _address(self, path: str) -> str:
        return self.operations.address(f"api/v1/{path}")

    def _headers(self, login: tuple[str, str] | None) -> dict[str, str]:
        """What shows who calls: the client's key, or a name and its password (RFC 7617, in UTF-8)."""
        if login is None:
            return self.operations.headers()
        name, password = login
        if ":" in name:
            raise InputError("A name that holds a colon cannot be sent with a password.")
        try:
            credentials = base64.b64encode(f"{name}:{password}".encode()).decode()
        except UnicodeEncodeError as error:
            raise InputError("The name or the password holds what is no character.") from error
        return {"Authorization": f"Basic {credentials}"}


def _named(name: str, what: str) -> str:
    """The id that the path names; raises InputError where it is none, so that it cannot name another path."""
    if not WORD.fullmatch(name):
        raise InputError(f"{name!r} names no {what}. Pass its id, as it is listed.")
    return name


def _addresses(redirects: Iterable[str]) -> list[str]:
    if isinstance(redirects, str):
        raise InputError("Pass a list of redirects, also where it is only one.")
    return list(redirects)


def _zoned(time: datetime) -> str:
    """A time as the server reads it; without a zone it is UTC."""
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).isoformat()


def _time(told: Any) -> datetime | None:  # noqa: ANN401 # JSON may be anything
    return datetime.fromisoformat(told) if told else None


def _understood(what: str, read: Callable[[Any], T], answer: object) -> T:
    """What `read` makes of an answer, or UnexpectedAnswerError."""
    try:
        return read(answer)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnexpectedAnswerError(
            f"The server described {what} in a way that this client does not understand ({error!r}). "
            "Is it a Heliograph server, and is this client as new as it?"
        ) from error
