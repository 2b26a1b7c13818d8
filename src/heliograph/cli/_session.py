"""What every command that speaks to a server shares: its options, and what exit code an error of the client has.

The clients are imported when one is made, not before, so that `heliograph upload --help` is quick too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import click

import heliograph
from heliograph import HeliographError, InputError, KeptError, NotAllowedError, UnreachableError, VerificationError
from heliograph.cli._table import CommandError

F = TypeVar("F", bound=Callable[..., Any])

EXIT_CODES: tuple[tuple[type[HeliographError], int], ...] = (
    (InputError, 2),
    (UnreachableError, 3),
    (NotAllowedError, 4),
    (VerificationError, 5),
    (HeliographError, 1),
)
"""The first class that fits gives the exit code."""

WRONG_USAGE = 2
AT_ONCE = 4
MOST_AT_ONCE = 32


def with_server(command: F) -> F:
    """Add the options `--server` (also `--url`) and `--key`."""
    server = click.option("--server", "--url", "server", metavar="URL", help="The server's address.")
    key = click.option("--key", metavar="KEY", help="Your key; HELIOGRAPH_KEY keeps it out of the process list.")
    return server(key(command))


def as_json(command: F) -> F:
    """Add the option `--json` to a command that tells of one thing."""
    return click.option("--json", "as_json", is_flag=True, help="The server's whole answer as JSON.")(command)


def at_once(command: F) -> F:
    """Add the option `--jobs` to a command that does several things at the same time."""
    jobs = click.IntRange(1, MOST_AT_ONCE)
    return click.option("--jobs", type=jobs, default=AT_ONCE, help=f"How many at the same time ({AT_ONCE}).")(command)


def quietly(command: F) -> F:
    """Add the option `--quiet` to a command that shows people how far it is."""
    told = "No bars, no summary: only what is printed, and errors."
    return click.option("--quiet", "-q", is_flag=True, help=told)(command)


def exit_code(error: HeliographError) -> int:
    """The exit code that `error` ends the program with: of a picture that is kept, that of why it could not be sent.

    Only the server can read times: what it calls a bad parameter is wrong usage.
    """
    if isinstance(error, KeptError) and isinstance(error.__cause__, HeliographError):
        error = error.__cause__
    if error.name == "BadParameter":
        return WRONG_USAGE
    return next(code for kind, code in EXIT_CODES if isinstance(error, kind))


@contextmanager
def speaking_errors() -> Iterator[None]:
    """Turn an error of the client into one line and an exit code."""
    try:
        yield
    except HeliographError as error:
        raise CommandError(str(error), exit_code(error)) from error


@contextmanager
def session(
    server: str | None, key: str | None, *, fallbacks: Sequence[str] | None = None
) -> Iterator[heliograph.Client]:
    """A client for the options given, whose errors end the program with one line. `fallbacks`: as for Client."""
    with speaking_errors(), heliograph.Client(server, key, fallbacks=fallbacks) as client:
        yield client
