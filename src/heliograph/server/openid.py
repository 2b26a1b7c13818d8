"""Logging in with an OpenID Connect provider, and linking an account to one.

What a login needs until its answer comes back travels in a sealed cookie of the browser that began it, and in no table.
An answer counts in that browser alone, within ten minutes; that it counts once is the provider's promise: a code is
good for one exchange (RFC 6749, section 4.1.2).
"""

import base64
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import timedelta

from heliograph.server import catalog
from heliograph.server.audit import Audit, done_by
from heliograph.server.catalog.tables import moment, stamp
from heliograph.server.errors import Forbidden, InvalidFkey, InvalidToken, TooManyAttempts
from heliograph.server.identity import Persons, Seal
from heliograph.server.limits import network_of
from heliograph.server.model import Account, Bucket, Caller, Challenge, Person, Session
from heliograph.server.ports import IdentityProvider, Limiter

LIFETIME = timedelta(minutes=10)
"""How long somebody may take at the provider."""

REFUSALS = 30
_PERIOD = 900
"""Answers from an address that may prove nothing, and the seconds in which they come back one after the other."""

_SEALED_FOR = "openid"


@dataclass(frozen=True, slots=True)
class Journey:
    """A login under way. `back` is the page to come back to; `session_id` that of the login whose account is to be
    linked, empty where somebody logs in; `began` is in milliseconds since 1970.
    """

    challenge: Challenge
    back: str
    session_id: str
    began: int


@dataclass(frozen=True, slots=True)
class Arrived:
    """Whose account it is, and the page to go on to. `linked`: it was linked only; nobody is to be logged in."""

    account: Account
    back: str
    linked: bool


class OpenIDLogins:
    """Logins with one provider, which people call `name`. `open_to_all`: whether a new person gets an account."""

    def __init__(
        self,
        *,
        name: str,
        provider: IdentityProvider,
        persons: Persons,
        seal: Seal,
        limiter: Limiter,
        audit: Audit,
        open_to_all: bool,
    ) -> None:
        self.name = name
        self._provider = provider
        self._persons = persons
        self._seal = seal
        self._limiter = limiter
        self._audit = audit
        self._open_to_all = open_to_all

    async def begin(self, back: str, session: Session | None = None) -> tuple[str, str]:
        """Where to send a browser, and what it must bring back in a cookie; to link the account of `session`, if given.

        Raises Busy where the provider is away.
        """
        challenge = Challenge(*(secrets.token_urlsafe(32) for _ in range(3)))
        journey = Journey(challenge, back, session.id if session else "", stamp(catalog.now()))
        sealed = self._seal.sealed(json.dumps(asdict(journey)), _SEALED_FOR)
        return await self._provider.question(challenge), base64.urlsafe_b64encode(sealed).decode()

    async def finish(
        self, cookie: str | None, answer: Mapping[str, str], caller: Caller, session: Session | None
    ) -> Arrived:
        """What comes of the `answer` that a browser brings back in the address, and of its `cookie` from `begin`.

        Raises Forbidden where the provider or the operator says no, InvalidFkey where the answer belongs to no login
        that this browser has begun, InvalidToken, Busy, TooManyAttempts, and Conflict where there is another link.
        """
        if "error" in answer:  # in the provider's words, which anybody can put into a link: not repeated
            raise Forbidden(f"{self.name} did not let you in.")
        journey = self._opened(cookie)
        state = answer.get("state", "")
        if journey is None or not hmac.compare_digest(state.encode(), journey.challenge.state.encode()):
            raise InvalidFkey("This login was not begun in this browser, or took too long.")
        if answer.get("iss", self._provider.issuer) != self._provider.issuer:  # RFC 9207, section 2.4
            raise InvalidFkey("This answer comes from another provider.")
        person = await self._proven(answer.get("code", ""), journey, caller)
        if journey.session_id:
            account = await self._linked(journey, person, caller, session)
            return Arrived(account, journey.back, linked=True)
        return Arrived(await self._account_of(person, caller), journey.back, linked=False)

    async def is_linked(self, account: Account) -> bool:
        """Whether somebody logs in to the account with the provider."""
        return await self._persons.is_linked(account, self._provider.issuer)

    async def unlink(self, account: Account, by: Caller) -> None:
        """Let nobody log in to the account with the provider any more.

        Raises NotFound where nobody does, and Conflict where the account has no password.
        """
        await self._persons.unlink(account, self._provider.issuer, by)

    async def _proven(self, code: str, journey: Journey, caller: Caller) -> Person:
        """Who came back. What proves nothing is counted by address: each costs the provider a request."""
        bucket = Bucket(f"openid-from:{network_of(caller.address)}", REFUSALS, _PERIOD)
        for state in (await self._limiter.spend([replace(bucket, cost=0)])).buckets:
            if not state.left:
                raise TooManyAttempts(retry_after=-(-_PERIOD // REFUSALS))
        try:
            return await self._provider.person(code, journey.challenge)
        except InvalidToken:
            await self._limiter.spend([bucket])
            await self._audit.note(done_by(caller, "account.refuse", "", f"an answer that is not {self.name}'s"))
            raise

    async def _linked(self, journey: Journey, person: Person, caller: Caller, session: Session | None) -> Account:
        """Link the account of the login that asked for it, and of no other that has come into the browser since."""
        if session is None or not hmac.compare_digest(session.id, journey.session_id):
            raise Forbidden("You are not logged in any more as you were when you began. Log in, and link again.")
        await self._persons.link(session.account, person, caller)
        return session.account

    async def _account_of(self, person: Person, caller: Caller) -> Account:
        account = await self._persons.account_of(person)
        if account is None and not self._open_to_all:
            raise Forbidden(
                f"No account of this server is linked to your login with {self.name}. If you have one here, log in "
                "with its password and link it on the page of its settings. Otherwise ask the operator for one."
            )
        account = account or await self._persons.add_account(person, caller)
        if not account.enabled:
            raise Forbidden("This account cannot be used.")
        return account

    def _opened(self, cookie: str | None) -> Journey | None:
        """The login that a cookie speaks of; None where it is none of ours, or over its time."""
        try:
            text = self._seal.opened(base64.urlsafe_b64decode((cookie or "").encode()), _SEALED_FOR)
        except ValueError:
            return None
        if text is None:
            return None
        told = json.loads(text)
        journey = Journey(Challenge(**told.pop("challenge")), **told)
        return journey if catalog.now() - moment(journey.began) < LIFETIME else None
