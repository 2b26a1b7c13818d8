"""Several pictures sent at once, and what came of them told in order; hides progress and turns."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, TypeAlias

import click

import heliograph
from heliograph import HeliographError, KeptError, UnreachableError
from heliograph.cli._jobs import Job
from heliograph.cli._progress import LARGE, MANY, Bars
from heliograph.cli._session import exit_code
from heliograph.cli._turns import in_order, run

FORMATS: dict[str, Callable[[heliograph.Image], str]] = {
    "url": str,
    "markdown": lambda image: image.markdown(),
    "html": lambda image: image.html(),
    "bbcode": lambda image: image.bbcode(),
    "rst": lambda image: image.rst(),
    "latex": lambda image: image.latex(),
    "json": lambda image: json.dumps(image.answer),
}

Outcome: TypeAlias = heliograph.Image | HeliographError


@dataclass
class Round:
    """What came of some jobs, in their order, and what was printed of the images."""

    outcomes: list[Outcome] = field(default_factory=list)
    printed: list[str] = field(default_factory=list)
    unwritten: int = 0

    @property
    def images(self) -> list[heliograph.Image]:
        """Those that are published."""
        return [each for each in self.outcomes if not isinstance(each, HeliographError)]

    @property
    def exit_code(self) -> int:
        """That of the first that failed; else 0, or 1 if something could not be printed."""
        codes = (exit_code(each) for each in self.outcomes if isinstance(each, HeliographError))
        return next(codes, min(self.unwritten, 1))


@dataclass(frozen=True)
class Uploads:
    """How to send: `form`, a name of FORMATS; `at_once`, how many at a time; `texts`, those of every picture.

    quiet: nothing but what was asked for is shown, not even to people.
    """

    form: str
    at_once: int
    texts: Mapping[str, Any]
    quiet: bool = False

    @property
    def for_people(self) -> bool:
        """Whether somebody looks on, who may want to know more than what is printed."""
        return not self.quiet and self.form != "json" and sys.stderr.isatty()

    def run(self, make: Callable[..., heliograph.AsyncClient], jobs: list[Job]) -> Round:
        """Upload all by clients that `make` makes (it may be told `retries`), print each outcome as soon as all before
        it are known, and close the clients.

        Raises BrokenPipeError where nobody reads the links any more; what is under way then is given up.
        """
        return run(self._all(_Clients(make), jobs))

    async def _all(self, clients: _Clients, jobs: list[Job]) -> Round:
        sizes, began, done = [job.size for job in jobs], time.monotonic(), Round()
        at_once = len(jobs) >= MANY or max(sizes) > LARGE
        bars = Bars(len(jobs), sum(sizes), wanted=self.for_people, at_once=at_once)
        turns = asyncio.Semaphore(1 if self.texts.get("album") else self.at_once)  # each becomes the album's last

        async def one(numbered: tuple[int, Job]) -> Outcome:
            number, job = numbered
            async with turns:
                bars.begin(number, _name(job), sizes[number])
                outcome = await self._outcome(clients.present(), job, lambda sent, _: bars.advance(number, sent))
                clients.learn(outcome)
                bars.end(number, failed=isinstance(outcome, HeliographError))
            return outcome

        def tell(numbered: tuple[int, Job], outcome: Outcome) -> None:
            done.outcomes.append(outcome)
            with bars.above():
                self._tell(numbered[1], outcome, done)

        async with aclosing(clients), bars.shown():
            await in_order(_each(jobs), one, tell)
        if len(jobs) >= MANY and self.for_people:
            _summarise(done, time.monotonic() - began)
        return done

    async def _outcome(self, client: heliograph.AsyncClient, job: Job, progress: Callable[[int, int], None]) -> Outcome:
        if isinstance(job.source, HeliographError):
            return job.source
        try:
            return await client.upload(job.source, progress=progress, **self.texts)
        except HeliographError as error:
            return error

    def _tell(self, job: Job, outcome: Outcome, done: Round) -> None:
        """Print one image, or why there is none."""
        if isinstance(outcome, HeliographError):
            click.echo(f"heliograph: {job.shown}: {outcome}", err=True)
            return
        text = FORMATS[self.form](outcome)
        try:
            click.echo(text)
        except BrokenPipeError:
            raise  # nobody reads it any more
        except OSError as error:  # a full disk: it is published all the same
            click.echo(f"heliograph: {job.shown}: cannot be written ({error.strerror}): {text}", err=True)
            done.unwritten += 1
        if self.for_people and outcome.delete_link:
            click.echo(f"To remove it one day: {outcome.delete_link}", err=True)
        done.printed.append(text)


class _Clients:
    """A client that is patient; and once a server could not be reached for as long as that one's patience lasts, one
    that asks once only, until it is reached again: thousands of files shall not wait for it one after the other.
    """

    def __init__(self, make: Callable[..., heliograph.AsyncClient]) -> None:
        self._make = make
        self._patient = make()
        self._hasty: heliograph.AsyncClient | None = None
        self._away = False

    def present(self) -> heliograph.AsyncClient:
        """The client for the next picture."""
        if not self._away:
            return self._patient
        self._hasty = self._hasty or self._make(retries=0)
        return self._hasty

    def learn(self, outcome: Outcome) -> None:
        """See from what came of one whether the server is away."""
        error = outcome.__cause__ if isinstance(outcome, KeptError) else outcome
        self._away = isinstance(error, UnreachableError) and not error.may_be_done

    async def aclose(self) -> None:
        """Close both."""
        for client in (self._patient, self._hasty):
            if client is not None:
                await client.aclose()


def _name(job: Job) -> str:
    """What a job is called beside its bar: a file without its folders."""
    is_file = isinstance(job.source, str) and "://" not in job.source
    return PurePath(job.shown).name if is_file else job.shown


async def _each(jobs: list[Job]) -> AsyncIterator[tuple[int, Job]]:
    for numbered in enumerate(jobs):
        yield numbered


def _summarise(done: Round, seconds: float) -> None:
    """One line for people: how many, how large, how long."""
    images, failed = done.images, len(done.outcomes) - len(done.images)
    size = sum(image.size for image in images) / 1e6
    told = f"{len(images)} published ({size:.1f} MB) in {seconds:.1f} s"
    click.echo(f"{told}, {failed} failed" if failed else told, err=True)
