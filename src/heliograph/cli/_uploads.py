"""Several pictures sent at once, and what came of them told in order; hides turns, progress and interruption."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, TypeAlias

import click

import heliograph
from heliograph import HeliographError
from heliograph.cli._jobs import Job
from heliograph.cli._progress import ProgressLine
from heliograph.cli._session import exit_code

LARGE = 1_000_000
"""Bytes from which on a progress line is worth its place."""
MANY = 4
"""Files from which on it is."""

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


@dataclass(frozen=True)
class Round:
    """What came of some jobs, in their order, and what was printed of the images."""

    outcomes: tuple[Outcome, ...]
    printed: tuple[str, ...]

    @property
    def images(self) -> list[heliograph.Image]:
        """Those that are published."""
        return [each for each in self.outcomes if not isinstance(each, HeliographError)]

    @property
    def exit_code(self) -> int:
        """That of the first that failed, 0 if none did."""
        return next((exit_code(each) for each in self.outcomes if isinstance(each, HeliographError)), 0)


@dataclass(frozen=True)
class Uploads:
    """How to send: `form`, a name of FORMATS; `at_once`, how many at a time; `texts`, those of every picture."""

    form: str
    at_once: int
    texts: Mapping[str, Any]

    def run(self, client: heliograph.AsyncClient, jobs: list[Job]) -> Round:
        """Upload all, print each outcome as soon as all before it are known, and close the client.

        Raises BrokenPipeError where nobody reads the links any more; what is under way then is given up.
        """
        try:
            return asyncio.run(self._all(client, jobs))
        except BaseExceptionGroup as group:
            if group.subgroup(BrokenPipeError):
                raise BrokenPipeError from group
            raise

    async def _all(self, client: heliograph.AsyncClient, jobs: list[Job]) -> Round:
        sizes, began = [job.size for job in jobs], time.monotonic()
        line = ProgressLine(len(jobs), sum(sizes), wanted=len(jobs) >= MANY or max(sizes) > LARGE)
        turns = asyncio.Semaphore(1 if self.texts.get("album") else self.at_once)  # each becomes the album's last

        async def one(number: int, job: Job) -> Outcome:
            async with turns:
                try:
                    return await client.upload(
                        job.source, progress=lambda sent, _: line.advance(number, sent), **self.texts
                    )
                except HeliographError as error:
                    return error
                finally:
                    line.finish()

        outcomes, printed = [], []
        async with aclosing(client), asyncio.TaskGroup() as group:
            for job, task in [(job, group.create_task(one(number, job))) for number, job in enumerate(jobs)]:
                outcomes.append(await task)
                line.wipe()
                printed += self._told(job, outcomes[-1])
        done = Round(tuple(outcomes), tuple(printed))
        if len(jobs) >= MANY and sys.stderr.isatty():
            _summarise(done, time.monotonic() - began)
        return done

    def _told(self, job: Job, outcome: Outcome) -> list[str]:
        """Print one image, or why there is none; returns what was printed of an image."""
        if isinstance(outcome, HeliographError):
            click.echo(f"heliograph: {job.shown}: {outcome}", err=True)
            return []
        text = FORMATS[self.form](outcome)
        click.echo(text)
        if self.form != "json" and sys.stderr.isatty() and outcome.delete_link:
            click.echo(f"To remove it one day: {outcome.delete_link}", err=True)
        return [text]


def _summarise(done: Round, seconds: float) -> None:
    """One line for people: how many, how large, how long."""
    images, failed = done.images, len(done.outcomes) - len(done.images)
    size = sum(image.size for image in images) / 1e6
    told = f"{len(images)} published ({size:.1f} MB) in {seconds:.1f} s"
    click.echo(f"{told}, {failed} failed" if failed else told, err=True)
