"""`heliograph repair` and `heliograph mirror`: pictures of others, brought to where they stay."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from heliograph.cli._session import WRONG_USAGE, session, with_server
from heliograph.cli._table import CommandError
from heliograph.client._errors import one_line

F = TypeVar("F", bound=Callable[..., Any])

OUT = "heliograph-repair"
FIXABLE = ("dead", "placeholder", "http-only", "hot-link-blocked")


def _options(command: F) -> F:
    """Add the options that both commands have."""
    for option in reversed(
        (
            click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH..."),
            click.option("--patch", "mode", flag_value="patch", help="Upload the copies and write OUT/repair.patch."),
            click.option(
                "--write", "mode", flag_value="write", help="Also change the documents; OUT keeps the old ones."
            ),
            click.option("--out", type=click.Path(path_type=Path), default=OUT, help=f"Folder of results.  [{OUT}]"),
            click.option(
                "--page", default="https://reader.example/", metavar="URL", help="Where the documents are read."
            ),
            click.option("--placeholder", multiple=True, metavar="HASH|URL|FILE", help="A picture that says 'gone'."),
            click.option("--keep-host", multiple=True, metavar="HOST", help="A host whose links are left alone."),
            click.option(
                "--per-second", type=click.FloatRange(0.01), default=1.0, metavar="N", help="Requests to one host.  [1]"
            ),
            click.option(
                "--pause", type=click.FloatRange(0), default=60.0, metavar="N", help="Seconds between two looks.  [60]"
            ),
            click.option("--as-browser", is_flag=True, help="Ask as a browser where a host refuses programs."),
            click.option(
                "--connect-to", multiple=True, metavar="HOST:PORT:HOST:PORT", help="Connect elsewhere, as curl."
            ),
        )
    ):
        command = option(command)
    return with_server(command)


@click.command()
@_options
@click.option("--fix", multiple=True, type=click.Choice(FIXABLE), help="Repair only these; may be given several times.")
@click.option(
    "--folder", multiple=True, type=click.Path(path_type=Path, file_okay=False, exists=True), help="Saved pictures."
)
@click.option("--mapping", type=click.Path(path_type=Path, exists=True), help="JSON: address -> file or address.")
@click.option("--timemap", multiple=True, metavar="URL", help="Another archive's TimeMap (RFC 7089), less the address.")
@click.option("--no-archives", is_flag=True, help="Do not ask the archives of the web.")
def repair(
    fix: tuple[str, ...],
    folder: tuple[Path, ...],
    mapping: Path | None,
    timemap: tuple[str, ...],
    no_archives: bool,
    **shared: Any,  # noqa: ANN401 # the options of both commands
) -> None:
    """Find broken picture links in documents, and repair them.

    PATH is a document or a folder of them: Markdown, HTML, reStructuredText, LaTeX, Jupyter notebooks, and dumps of
    Stack Exchange and Discourse. Without --patch or --write nothing is uploaded and nothing is changed; OUT/report.html
    tells what would be. An interrupted run goes on where it was. More is in docs/repair.md.

    Exit codes: 0 done; 1 a copy could not be uploaded, or a document not be changed; 2 wrong usage, or OUT cannot be
    written; 3 the server cannot be reached; 4 not allowed.
    """
    places = (folder, _mapping(mapping), timemap, no_archives)
    _run("repair", fix or FIXABLE, places, **shared)


@click.command()
@_options
def mirror(**shared: Any) -> None:  # noqa: ANN401 # the options of both commands
    """Copy pictures that others host, and change the links to them.

    As 'heliograph repair', but for pictures that are still there, on hosts that do not promise to keep them. Name
    those that do with --keep-host.

    Exit codes: 0 done; 1 a copy could not be uploaded, or a document not be changed; 2 wrong usage, or OUT cannot be
    written; 3 the server cannot be reached; 4 not allowed.
    """
    _run("mirror", ("live",), ((), {}, (), True), **shared)


def _run(
    command: str,
    fix: Sequence[str],
    places: tuple[Sequence[Path], dict[str, str], Sequence[str], bool],
    *,
    paths: tuple[Path, ...],
    mode: str | None,
    out: Path,
    page: str,
    placeholder: tuple[str, ...],
    keep_host: tuple[str, ...],
    per_second: float,
    pause: float,
    as_browser: bool,
    connect_to: tuple[str, ...],
    server: str | None,
    key: str | None,
) -> None:
    """Put the parts together, run, and say what came of it."""
    from heliograph.repair.judging import Judge, Verdict
    from heliograph.repair.pictures import Placeholders
    from heliograph.repair.run import Run, Settings
    from heliograph.repair.web import Web

    web = Web(per_second=per_second, connect_to=_connections(connect_to))
    # A copy goes where it stays: not to whoever takes pictures while the server is down.
    with session(server, key, fallbacks=()) as client, _results_can_be_written():
        judge = Judge(web, Placeholders.with_own(placeholder), page, as_browser)
        verdicts = frozenset(map(Verdict, fix))
        kept = frozenset(host.lower() for host in keep_host)
        settings = Settings(command, verdicts, mode or "dry", out, pause=pause, kept_hosts=kept)
        report = Run(settings, judge, _finders(web, *places), client, _tell).over(paths)
    web.close()
    click.echo(report.summary())
    for entry in report.entries:
        if entry.wanted:
            click.echo(one_line(f"{entry.verdict} {entry.url} -> {entry.link or entry.origin or 'no good copy'}"))
    click.echo(f"report: {out / 'report.html'}")
    if mode is None:
        click.echo("Nothing was uploaded or changed. Add --patch or --write to do it.")
    for left in report.unreadable:
        click.echo(one_line(f"heliograph: {left.path}: left out: {left.reason}"), err=True)
    unsent = mode and any(entry.origin and not entry.link for entry in report.entries)
    if unsent or any(left.at_writing for left in report.unreadable):
        click.get_current_context().exit(1)


@contextmanager
def _results_can_be_written() -> Iterator[None]:
    """Say in one line where they cannot, such as on a full disk; the next run goes on where this one was."""
    try:
        yield
    except BrokenPipeError:
        raise  # nobody reads what is told any more
    except OSError as error:
        where = f" to {error.filename}" if error.filename else ""
        raise CommandError(f"Nothing can be written{where} ({error.strerror or error}).", WRONG_USAGE) from error


def _finders(
    web: Any,  # noqa: ANN401 # imported on demand
    folders: Sequence[Path],
    mapping: dict[str, str],
    timemaps: Sequence[str],
    no_archives: bool,
) -> list[Any]:
    """Where copies are looked for, in this order."""
    from heliograph.repair.archives import ARQUIVO, Archive, TimeMap, WaybackMachine
    from heliograph.repair.copies import Archived, Folder, Mapped, SameId, Seen
    from heliograph.repair.links import absolute

    own: list[Archive] = [TimeMap(web, base, base) for base in timemaps]
    public: list[Archive] = [] if no_archives else [WaybackMachine(web), TimeMap(web, ARQUIVO, "Arquivo.pt")]
    return [
        Mapped({absolute(url) or url: target for url, target in mapping.items()}, web),
        Seen(),
        *(Folder(folder) for folder in folders),
        SameId(web),
        *(Archived(archive, web) for archive in [*own, *public]),
    ]


def _mapping(path: Path | None) -> dict[str, str]:
    if path is None:
        return {}
    try:
        told = json.loads(path.read_bytes())
        if isinstance(told, dict) and all(isinstance(target, str) for target in told.values()):
            return {str(url): target for url, target in told.items()}
    except (OSError, ValueError):
        pass
    raise click.UsageError(f"{path} is no JSON object of addresses and what to take for them.")


def _connections(told: Sequence[str]) -> dict[tuple[str, str], tuple[str, int]]:
    """HOST1:PORT1:HOST2:PORT2, as curl's --connect-to; an empty HOST1 or PORT1 is any."""
    found = {}
    for each in told:
        parts = each.split(":")
        if len(parts) != 4 or not parts[3].isdecimal():
            raise click.UsageError(f"{each!r} is not HOST1:PORT1:HOST2:PORT2.")
        found[parts[0], parts[1]] = (parts[2], int(parts[3]))
    return found


def _tell(line: str) -> None:
    click.echo(line, err=True)
