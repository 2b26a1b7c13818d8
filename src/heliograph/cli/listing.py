"""`heliograph list`: the images that the key's owner has."""

import json
from itertools import islice

import click

from heliograph.cli._session import session, with_server


@click.command("list")
@click.option("--query", default="", metavar="WORDS", help="Only those with all these in title, description or alt.")
@click.option("--since", metavar="TIME", help="Only those from this date, or date and time, on; UTC.")
@click.option("--until", metavar="TIME", help="Only those from before this date, or date and time; UTC.")
@click.option("--limit", type=click.IntRange(min=1), help="Show this many at most.")
@click.option("--json", "as_json", is_flag=True, help="All that is known of each, one JSON object a line.")
@with_server
def listing(
    query: str,
    since: str | None,
    until: str | None,
    limit: int | None,
    as_json: bool,
    server: str | None,
    key: str | None,
) -> None:
    """List and search the images that you own.

    Newest first, one a line: link, date, width x height, bytes and title, with tabs between them.

    Exit codes: 0 done; 1 the server is at fault; 2 wrong usage; 3 it cannot be reached; 4 not allowed.
    """
    with session(server, key) as client:
        for image in islice(client.list(query, since=since, until=until), limit):
            columns = (image.link, image.created.isoformat(), f"{image.width}x{image.height}", image.size, image.title)
            click.echo(json.dumps(image.answer) if as_json else "\t".join(" ".join(str(c).split()) for c in columns))
