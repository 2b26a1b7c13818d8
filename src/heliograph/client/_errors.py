"""Everything that can keep the client from doing what it was asked; hides how the server spells its refusals.

The server explains a refusal with problem details (RFC 9457). What arrives is text from elsewhere, so it is cut to one
printable line before anybody shows it on a terminal.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

LONGEST_MESSAGE = 500
"""Characters of a server's explanation that are worth showing."""

ADVICE = {
    "NoKeySent": "Run 'heliograph login', set HELIOGRAPH_KEY, or pass a key.",
    "NoTokenSent": "Run 'heliograph login', set HELIOGRAPH_KEY, or pass a key.",
    "UnknownKey": "Check HELIOGRAPH_KEY, or the key that was passed.",
    "InvalidToken": "Run 'heliograph login', or check HELIOGRAPH_KEY or the key that was passed.",
}
"""What to do about a failure, by its name, where the server cannot know how this client is told."""


class HeliographError(Exception):
    """Anything that kept the client from doing what it was asked. `str(error)` is one line that says what to do.

    `name`: the failure's name in Heliograph's catalogue ("TooManyBytes"), else the class's own.
    `status`: the HTTP status of the answer, None where there was none.
    `request_id`: what the server's log knows the request by, "" if unknown.
    `retry_after`: seconds after which to try again, None if unknown.
    `may_be_done`: the server may have done it all the same, as an answer was lost.
    """

    def __init__(
        self,
        message: str,
        *,
        name: str = "",
        status: int | None = None,
        request_id: str = "",
        retry_after: float | None = None,
        may_be_done: bool = False,
    ) -> None:
        """Take `message`, any text, and the facts described at the class."""
        self.message = one_line(message)
        self.name = name or type(self).__name__.removesuffix("Error")
        self.status = status
        self.request_id = request_id
        self.retry_after = retry_after
        self.may_be_done = may_be_done
        super().__init__(self.message)


class InputError(HeliographError, ValueError):
    """What was given cannot be used: a missing file, an address that is none, a damaged config file."""


class ChangedError(InputError):
    """A file was written to while it was being sent. Nothing of what it held in between was published."""


class UnreachableError(HeliographError):
    """The server could not be reached, or did not answer in time."""


class KeptError(UnreachableError):
    """The picture could not be sent now. It is kept on this computer, and 'heliograph outbox send' sends it.

    `entry`: what it is called in the outbox.
    """

    entry = ""


class UnexpectedAnswerError(HeliographError):
    """Something answered, but not as a Heliograph server does: most often the address is wrong."""


class VerificationError(HeliographError):
    """A receipt is not genuine, or the bytes are not those that it speaks of."""


class RefusedError(HeliographError):
    """The server said no, for a reason of which there is no class of its own: see `name` and `status`."""


class NotAllowedError(RefusedError):
    """The key is missing, unknown or not the owner's (401, 403)."""


class NotFoundError(RefusedError):
    """There is no such image (404)."""


class GoneError(RefusedError):
    """The image was removed (410)."""


class LimitReachedError(RefusedError):
    """Too much in too short a time (429); `retry_after` says when to try again."""


class ServerFailedError(RefusedError):
    """The server failed or is overloaded (5xx). Nothing was kept; trying again is safe."""


BY_STATUS: Mapping[int, type[RefusedError]] = {
    401: NotAllowedError,
    403: NotAllowedError,
    404: NotFoundError,
    410: GoneError,
    429: LimitReachedError,
}


NOTHING_DONE = frozenset({"Busy"})
"""The server's failures, by name, at which it has surely done nothing. A gateway's own words say nothing of that."""


def one_line(text: str) -> str:
    """`text` without line breaks or control characters (they could steer a terminal), at most LONGEST_MESSAGE long."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= LONGEST_MESSAGE else line[: LONGEST_MESSAGE - 1] + "…"


def refusal(url: str, status: int, body: bytes, retry_after: float | None) -> HeliographError:
    """The error for an answer that is no success: `status` and `body` came from `url`; `retry_after` in seconds.

    A body that is neither problem details (RFC 9457) nor OAuth's failure (RFC 6749) gives UnexpectedAnswerError,
    except for 429 and 5xx, which a proxy before the server may send in its own words.
    """
    problem = _problem(body)
    kind = BY_STATUS.get(status, ServerFailedError if status >= 500 else RefusedError)
    if problem is None:
        if kind not in (ServerFailedError, LimitReachedError):
            return UnexpectedAnswerError(
                f"{url} answered {status}, but not as a Heliograph server does. Is the server's address right?",
                status=status,
            )
        problem = {"detail": f"{url} answered {status}."}
    name = _text(problem, "name")
    wait = f"Try again in {retry_after:.0f} s." if retry_after is not None else ""
    said = _text(problem, "detail") or _text(problem, "title") or f"{url} answered {status}."
    return kind(
        " ".join(part for part in (said, ADVICE.get(name, ""), wait) if part),
        name=name,
        status=status,
        request_id=one_line(_text(problem, "request_id")),
        retry_after=retry_after,
        may_be_done=status >= 500 and name not in NOTHING_DONE,
    )


def _problem(body: bytes) -> dict[str, Any] | None:
    """The problem details in `body`, or what becomes of OAuth's failures (RFC 6749 section 5.2); None if neither."""
    try:
        problem = json.loads(body)
    except ValueError:
        return None
    if not isinstance(problem, dict):
        return None
    if {"error", "error_description"} <= problem.keys():
        return {"name": problem["error"], "detail": problem["error_description"]}
    return problem if {"name", "title", "detail"} & problem.keys() else None


def _text(problem: Mapping[str, Any], member: str) -> str:
    """One text of the problem details, "" if it is missing or no text."""
    value = problem.get(member)
    return value if isinstance(value, str) else ""
