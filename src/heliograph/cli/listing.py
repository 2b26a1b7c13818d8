"""`heliograph list` and `heliograph search`: the images that the key's owner has."""

import json
from collections.abc import Callable
from itertools import islice
from typing import Any, TypeVar

import click

from heliograph.cli._session import session, with_server

F = TypeVar("F", bound=Callable[..., Any])


def _narrowing(command: F) -> F:
    """Add what both commands can be narrowed by."""
    for add in (
        with_server,
        click.option("--json", "as_json", is_flag=True, help="All that is known of each, one JSON object a line."),
        click.option("--limit", type=click.IntRange(min=1), help="Show this many at most."),
        click.option("--until", metavar="TIME", help="Only those from before this date, or date and time; UTC."),
        click.option("--since", metavar="TIME", help="Only those from this date, or date and time, on; UTC."),
    ):
        command = add(command)
    return command


@click.command("list")
@click.option("--query", default="", metavar="WORDS", help="Only those with all these in title, description or alt.")
@_narrowing
def listing(query: str, **narrowing: Any) -> None:  # noqa: ANN401 # click's own
    """List and search the images that you own.

    Newest first, one a line: link, date, width x height, bytes and title, with tabs between them.

    Exit codes: 0 done; 1 the server is at fault; 2 wrong usage; 3 it cannot be reached; 4 not allowed.
    """
    _show(query, **narrowing)


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="WORD...")
@_narrowing
def search(words: tuple[str, ...], **narrowing: Any) -> None:  # noqa: ANN401 # click's own
    """Find images that you own by words.

    An image is found if all the words are in its title, description or alt text, in any order. What is shown of each
    is as of 'heliograph list': link, date, width x height, bytes and title. Finding nothing is no error.

    Exit codes: 0 done; 1 the server is at fault; 2 wrong usage; 3 it cannot be reached; 4 not allowed.
    """
    _show(" ".join(words), **narrowing)


def _show(
    query: str,
    since: str | None,
    until: str | None,
    limit: int | None,
    as_json: bool,
    server: str | None,
    key: str | None,
) -> None:
    with session(server, key) as client:
        for image in islice(client.list(query, since=since, until=until), limit):
            columns = (image.link, image.created.isoformat(), f"{image.width}x{image.height}", image.size, image.title)
            click.echo(json.dumps(image.answer) if as_json else "\t".join(" ".join(str(c).split()) for c in columns))
