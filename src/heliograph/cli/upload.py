"""`heliograph upload`: several pictures at once, their links in the order in which they were named."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import IO, Any

import click

import heliograph
from heliograph import HeliographError
from heliograph.cli._progress import ProgressLine
from heliograph.cli._session import exit_code, speaking_errors, with_server
from heliograph.cli.outbox import remind
from heliograph.client._source import spooled

AT_ONCE = 4
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


@dataclass(frozen=True)
class Job:
    """What to upload, as it was named, and as the client takes it."""

    shown: str
    source: str | IO[bytes]


@click.command()
@click.argument("pictures", nargs=-1, required=True, metavar="FILE|URL|-...")
@click.option("--format", "form", type=click.Choice(tuple(FORMATS)), default="url", help="What to print of each image.")
@click.option("--title", help="A title.")
@click.option("--description", help="A longer text.")
@click.option("--alt", help="What the picture shows, for those who cannot see it.")
@click.option("--name", help="A file name, instead of the file's own.")
@click.option("--album", metavar="ID|LINK|DELETE-HASH", help="Put them into this album, in the order of the names.")
@with_server
def upload(
    pictures: tuple[str, ...],
    form: str,
    title: str | None,
    description: str | None,
    alt: str | None,
    name: str | None,
    album: str | None,
    server: str | None,
    key: str | None,
) -> int:
    """Publish pictures and print their links.

    Each is a file, an http(s) URL that the server is to fetch, or - for standard input. They are sent a few at a time,
    into an album one after the other; the links come out in the order of the names. One that fails does not stop the
    others. What cannot be sent now is kept: see 'heliograph outbox'. The JSON format holds the delete hash and the
    receipt, one image a line: keep it if you have no key.

    Exit codes: 0 done; 1 the server or a picture is at fault; 2 wrong usage or no such file; 3 the server cannot be
    reached; 4 not allowed; 130 interrupted. With several pictures: that of the first that failed.
    """
    if pictures.count("-") > 1:
        raise click.UsageError("Standard input can be read only once: name - only once.")
    jobs = [Job(shown, _standard_input() if shown == "-" else shown) for shown in pictures]
    texts = {"title": title, "description": description, "alt": alt, "name": name, "album": album}
    with speaking_errors():
        client = heliograph.AsyncClient(server, key, outbox=True)
    code = asyncio.run(_upload_all(client, jobs, texts, FORMATS[form], warn=form != "json"))
    if code == 0:
        remind(client.server)
    return code


async def _upload_all(
    client: heliograph.AsyncClient,
    jobs: list[Job],
    texts: dict[str, Any],
    form: Callable[[heliograph.Image], str],
    warn: bool,
) -> int:
    """Upload all jobs, print what came of each as soon as all before it are done; returns the exit code."""
    sizes = [_size(job.source) for job in jobs]
    line = ProgressLine(len(jobs), sum(sizes), wanted=len(jobs) >= MANY or max(sizes) > LARGE)
    turns = asyncio.Semaphore(1 if texts["album"] else AT_ONCE)  # each becomes the album's last

    async def one(number: int, job: Job) -> heliograph.Image | HeliographError:
        async with turns:
            try:
                return await client.upload(job.source, progress=lambda sent, _: line.advance(number, sent), **texts)
            except HeliographError as error:
                return error
            finally:
                line.finish()

    codes = []
    async with aclosing(client), asyncio.TaskGroup() as group:
        for job, task in [(job, group.create_task(one(number, job))) for number, job in enumerate(jobs)]:
            outcome = await task
            line.wipe()
            codes.append(_report(job, outcome, form, warn))
    return next(filter(None, codes), 0)


def _report(
    job: Job, outcome: heliograph.Image | HeliographError, form: Callable[[heliograph.Image], str], warn: bool
) -> int:
    """Print one image, or why there is none; returns its exit code."""
    if isinstance(outcome, HeliographError):
        click.echo(f"heliograph: {job.shown}: {outcome}", err=True)
        return exit_code(outcome)
    click.echo(form(outcome))
    if warn and sys.stderr.isatty() and outcome.delete_link:
        click.echo(f"To remove it one day: {outcome.delete_link}", err=True)
    return 0


def _standard_input() -> IO[bytes]:
    """All of standard input, in a file that can be read again. Read before the event loop runs, so Ctrl-C ends it."""
    if sys.stdin.isatty():
        click.echo("Reading a picture from the terminal; end it with the end-of-file key.", err=True)
    return click.get_current_context().with_resource(spooled(sys.stdin.buffer))


def _size(source: str | IO[bytes]) -> int:
    """Bytes, 0 where that cannot be known (a URL, a missing file)."""
    try:
        return os.stat(source).st_size if isinstance(source, str) else os.fstat(source.fileno()).st_size  # noqa: PTH116
    except (OSError, ValueError):
        return 0
