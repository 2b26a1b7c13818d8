"""`heliograph upload`: pictures from wherever they are, their links in the order in which they were named."""

from __future__ import annotations

import os
import webbrowser
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import click

import heliograph
from heliograph import HeliographError, InputError, RefusedError, ServerFailedError, UnreachableError
from heliograph.cli._jobs import Job, named, pasted, shot
from heliograph.cli._session import at_once, exit_code, quietly, speaking_errors, with_server
from heliograph.cli._uploads import FORMATS, Round, Uploads
from heliograph.cli._watch import Watch
from heliograph.cli.outbox import remind
from heliograph.client._config import load
from heliograph.client._desktop import copy as copy_text

F = TypeVar("F", bound=Callable[..., Any])


def _region(_: click.Context, __: click.Parameter, value: str | None) -> tuple[int, int, int, int] | None:
    """Read `x,y,width,height`."""
    if value is None:
        return None
    numbers = [int(part) for part in value.split(",") if part.strip().lstrip("-").isdigit()]
    if len(numbers) != 4 or min(numbers[2:]) < 1:
        raise click.BadParameter("A region is x,y,width,height in pixels: 0,0,640,480.")
    return numbers[0], numbers[1], numbers[2], numbers[3]


def _sources(command: F) -> F:
    """Add the names, and the options that stand for pictures too."""
    path = click.Path(readable=False)
    for add in (
        click.option("--watch", metavar="FOLDER", type=path, help="Publish what comes into this folder from now on."),
        click.option("--region", metavar="X,Y,W,H", callback=_region, help="Of the screen only this, in pixels."),
        click.option("--screenshot", is_flag=True, help="Publish what the screen shows."),
        click.option("--paste", is_flag=True, help="Publish the picture on the clipboard."),
        click.option("--from-file", multiple=True, metavar="LIST", type=path, help="Names, one a line; - for a pipe."),
        click.argument("pictures", nargs=-1, metavar="[FILE|FOLDER|URL|-]...", type=path),
    ):
        command = add(command)
    return command


def _texts(command: F) -> F:
    """Add what is said of every picture."""
    for add in (
        click.option("--album", metavar="ID|LINK|DELETE-HASH", help="Put them into this album, in their order."),
        click.option("--name", help="A file name, instead of the file's own."),
        click.option("--alt", help="What the picture shows, for those who cannot see it."),
        click.option("--description", help="A longer text."),
        click.option("--title", help="A title."),
    ):
        command = add(command)
    return command


@click.command()
@_sources
@click.option("--format", "form", type=click.Choice(tuple(FORMATS)), default="url", help="What to print of each image.")
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@quietly
@click.option("--copy", is_flag=True, help="Put what is printed on the clipboard, too.")
@click.option("--open", "open_", is_flag=True, help="Open the pictures' pages in a browser.")
@at_once
@_texts
@with_server
def upload(
    pictures: tuple[str, ...],
    from_file: tuple[str, ...],
    paste: bool,
    screenshot: bool,
    region: tuple[int, int, int, int] | None,
    watch: str | None,
    form: str,
    as_json: bool,
    quiet: bool,
    copy: bool,
    open_: bool,
    jobs: int,
    server: str | None,
    key: str | None,
    **texts: str | None,
) -> int:
    """Publish pictures and print their links.

    Each is a file, a folder (all pictures in it and below, by their names; what is hidden is passed over), a pattern
    like 'figures/**/*.png', an http(s) URL that the server is to fetch, or - for standard input. They are sent a few at
    a time, into an album one after the other; the links come out in the order of the names. One that fails does not
    stop the others. Files are only read, never moved or removed. What cannot be sent now is kept: see 'heliograph
    outbox'. The JSON format holds the delete hash and the receipt, one image a line: keep it if you have no key.

    With --watch, new pictures in a folder are published once they are whole, each content once, until Ctrl-C.

    Exit codes: 0 done; 1 the server or a picture is at fault; 2 wrong usage or no such file; 3 the server cannot be
    reached; 4 not allowed; 130 interrupted. With several pictures: that of the first that failed.
    """
    if region is not None and not screenshot:
        raise click.UsageError("--region says which part of the screen: it needs --screenshot.")
    if watch is not None and not os.path.isdir(watch):  # noqa: PTH112 # a name that is no path is none
        raise click.UsageError(f"There is no folder {watch} to watch.")
    uploads = Uploads("json" if as_json else form, jobs, texts, quiet)
    with speaking_errors():
        target = load(server, key)  # says early what is wrong with the address, the key or the config file
        watching = Watch(watch) if watch is not None else None
        found = named(pictures, from_file)
        found += [pasted()] if paste else []
        found += [shot(region)] if screenshot else []
    if not found and watching is None:
        if from_file:
            return 0
        raise click.UsageError("Name a picture: a file, a folder, a URL, or - for standard input.")

    def publish(some: list[Job], outbox: bool = True) -> Round:
        with speaking_errors():
            done = uploads.run(partial(heliograph.AsyncClient, server, key, outbox=outbox), some)
        _show(done, copy=copy, open_=open_)
        if outbox and done.exit_code == 0:
            remind(target.url)
        return done

    code = publish(found).exit_code if found else 0
    return code if watching is None else _follow(watching, partial(publish, outbox=False)) or code


def _follow(watching: Watch, publish: Callable[[list[Job]], Round]) -> int:
    """Publish what comes, until Ctrl-C while nothing is under way; the exit code of the first that failed, and is not
    published by then.

    What cannot be sent yet needs no outbox: the file is there, and is tried again. What is left at the end is told.
    """
    failed = dict[str, HeliographError]()
    batches = watching.batches()
    while True:
        try:
            paths = next(batches)
        except KeyboardInterrupt:
            for path in (path for path, error in failed.items() if _may_pass(error)):
                click.echo(f"heliograph: {path}: it has not been sent", err=True)
            return next(map(exit_code, failed.values()), 0)
        done = publish([Job(path, path) for path in paths])
        for path, outcome in zip(paths, done.outcomes, strict=True):
            failed.pop(path, None)
            if isinstance(outcome, HeliographError):
                failed[path] = outcome
                if _may_pass(outcome):
                    watching.again(path)


def _may_pass(error: HeliographError) -> bool:
    """Whether the same picture may be taken later."""
    waits = isinstance(error, RefusedError) and error.retry_after is not None
    return waits or isinstance(error, UnreachableError | ServerFailedError)


def _show(done: Round, *, copy: bool, open_: bool) -> None:
    """Put what was printed on the clipboard, and open pages. That fails without undoing what is published."""
    if copy and done.printed:
        try:
            copy_text("\n".join(done.printed))
        except InputError as error:
            click.echo(f"heliograph: not copied: {error}", err=True)
    opened = [webbrowser.open(image.page) for image in done.images if open_]
    if not all(opened):
        click.echo("heliograph: no browser could be opened.", err=True)
