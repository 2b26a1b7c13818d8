"""One request and its answer, with the retries between; hides when trying again is safe and how long to wait.

Nothing here touches the network. A plan is a generator that yields what to do (Send or Wait) and is sent what came of
it; the drivers in `_http` do it, blocking or not.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import IO, TypeAlias, TypeVar

from heliograph.client._errors import HeliographError, UnreachableError, refusal
from heliograph.client._pictures import Picture

TRY_AGAIN = frozenset({429, 500, 502, 503, 504})
"""Answers after which the same request may succeed (RFC 9110 section 15, RFC 6585 section 4)."""

FIRST_PAUSE = 0.4
"""Seconds before the second try, where the server names none; doubled for every further one."""


@dataclass(frozen=True)
class Send:
    """A request to make. With `picture` it is multipart, with `fields` as its text parts; `json` is sent as JSON, and
    `form` as a form.

    `hashed`: the answer's body is hashed as it arrives, not kept; a good one is also written to `into`, from its start
    at every try, and `progress` is told how many bytes of it are there. `done_before`: the status that, from the second
    try on, means that an earlier one did its work although its answer was lost.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    json: Mapping[str, object] | None = None
    form: Mapping[str, str] | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    picture: Picture | None = None
    hashed: bool = False
    into: IO[bytes] | None = None
    progress: Callable[[int], None] | None = None
    done_before: int | None = None


@dataclass(frozen=True)
class Wait:
    """A pause to make, in seconds."""

    seconds: float


@dataclass(frozen=True)
class Answer:
    """What came of a Send. Header names are in lower case; `sha256` (hex) and `size` (bytes) if it was to be hashed."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    sha256: str = ""
    size: int = 0


@dataclass(frozen=True)
class Patience:
    """How often to try again, and for how many seconds to wait in all while doing so."""

    retries: int = 3
    seconds: float = 30.0


T = TypeVar("T")
Plan: TypeAlias = Generator[Send | Wait, Answer | None, T]


def exchange(send: Send, patience: Patience, *, repeatable: bool = True) -> Plan[Answer]:
    """Make a request until it is answered well or patience ends.

    Not `repeatable`: it is made again only where it surely did not arrive. Raises UnreachableError, or what `refusal`
    makes of the last answer; such an error tells whether any of the tries may have done it.
    """
    left, may_be_done = patience.seconds, False
    for attempt in range(patience.retries + 1):
        answer, error = yield from _once(send)
        if answer is not None and (error is None or (attempt and answer.status == send.done_before)):
            return answer
        assert error is not None, "only a good answer comes without"
        may_be_done = error.may_be_done = error.may_be_done or may_be_done
        if may_be_done and not repeatable:
            break
        pause = _pause(answer, attempt)
        if pause is None or pause > left or attempt == patience.retries:
            break
        left -= pause
        yield Wait(pause)
    assert error is not None, "only a failure ends the loop"
    raise error


def _once(send: Send) -> Plan[tuple[Answer | None, HeliographError | None]]:
    """One try: the answer, if there was one, and the error to raise if there was none or no good one."""
    try:
        answer = yield send
    except UnreachableError as error:
        return None, error
    assert answer is not None, "a Send is answered"
    if 200 <= answer.status < 300:
        return answer, None
    return answer, refusal(send.url, answer.status, answer.body, retry_after(answer))


def _pause(answer: Answer | None, attempt: int) -> float | None:
    """Seconds until the next try; None if trying again would change nothing.

    409 with Retry-After means that an earlier try with the same idempotency key is still being worked on.
    """
    named = retry_after(answer) if answer is not None else None
    if answer is not None and answer.status not in TRY_AGAIN and not (answer.status == 409 and named is not None):
        return None
    jitter = 0.5 + secrets.randbelow(1000) / 1000
    return named if named is not None else FIRST_PAUSE * 2**attempt * jitter


def retry_after(answer: Answer) -> float | None:
    """The seconds of a Retry-After header, which may also name a date (RFC 9110 section 10.2.3); None without one."""
    value = answer.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    with suppress(ValueError, TypeError):
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    return None
