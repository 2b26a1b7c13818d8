"""`heliograph man`: manual pages, made from the help of the commands; hides the roff language (man(7) of groff)."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import click

from heliograph.cli._table import CommandError


@click.command()
@click.argument("words", nargs=-1, metavar="[COMMAND]...")
@click.option(
    "--to", "folder", metavar="FOLDER", type=click.Path(file_okay=False), help="Write the pages of all commands here."
)
@click.pass_context
def man(context: click.Context, words: tuple[str, ...], folder: str | None) -> None:
    """Print the manual page of a command, for man.

    'heliograph man upload | man -l -' shows one; 'heliograph man --to ~/.local/share/man/man1' installs them all,
    so that 'man heliograph-upload' does.

    Exit codes: 0 done; 2 wrong usage, or the folder cannot be written.
    """
    root = context.find_root()
    if folder is None:
        click.echo(page(_found(root, words)), nl=False)
        return
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        for each in _all(root):
            name = each.command_path.replace(" ", "-")
            (Path(folder) / f"{name}.1").write_text(page(each), encoding="utf-8")
    except OSError as error:
        raise CommandError(f"The pages cannot be written to {folder} ({error.strerror}).", 2) from error


def page(context: click.Context) -> str:
    """The manual page of a command, as roff."""
    command, title = context.command, context.command_path.replace(" ", "-")
    paragraphs = [" ".join(each.split()) for each in inspect.cleandoc(command.help or "").split("\n\n")]
    usage = " ".join(command.collect_usage_pieces(context))
    lines = [
        f'.TH "{_text(title.upper())}" "1" "" "heliograph {version("heliograph")}" "Heliograph"',
        ".SH NAME",
        f"{_text(title)} \\- {_text(paragraphs[0].rstrip('.'))}",
        ".SH SYNOPSIS",
        f".B {_text(context.command_path)}",
        _text(usage),
        ".SH DESCRIPTION",
        *_spaced(paragraphs),
    ]
    lines += _table("OPTIONS", _options(context))
    if isinstance(command, click.Group):
        lines += _table("COMMANDS", list(_commands(context, command)))
    if command.epilog:
        lines += [".SH NOTES", *_spaced(" ".join(each.split()) for each in command.epilog.split("\n\n"))]
    return "\n".join(lines) + "\n"


def _found(root: click.Context, words: tuple[str, ...]) -> click.Context:
    """The command that `words` name, below `root`."""
    found = root
    for word in words:
        command = found.command.get_command(found, word) if isinstance(found.command, click.Group) else None
        if command is None:
            raise click.UsageError(f"There is no command '{' '.join(words)}'.")
        found = click.Context(command, parent=found, info_name=word)
    return found


def _all(context: click.Context) -> Iterator[click.Context]:
    """A command and all below it; those that need the server only where it is installed."""
    yield context
    if isinstance(context.command, click.Group):
        for name in context.command.list_commands(context):
            try:
                command = context.command.get_command(context, name)
            except CommandError:
                continue
            if command is not None:
                yield from _all(click.Context(command, parent=context, info_name=name))


def _commands(context: click.Context, group: click.Group) -> Iterator[tuple[str, str]]:
    """Name and one line of each command of a group, without loading those of a table."""
    table: dict[str, tuple[str, str]] = getattr(group, "commands_at", {})
    for name in group.list_commands(context):
        if name in table:
            yield name, table[name][1]
        elif (command := group.get_command(context, name)) is not None:
            yield name, command.get_short_help_str(limit=200)


def _options(context: click.Context) -> list[tuple[str, str]]:
    records = (
        each.get_help_record(context) for each in context.command.get_params(context) if isinstance(each, click.Option)
    )
    return [record for record in records if record is not None]


def _table(heading: str, rows: list[tuple[str, str]]) -> list[str]:
    lines = [f".SH {heading}"] if rows else []
    for name, meaning in rows:
        lines += [".TP", f".B {_text(name)}", _text(meaning)]
    return lines


def _spaced(paragraphs: Iterator[str] | list[str]) -> list[str]:
    """Paragraphs, each but the first after a break."""
    lines: list[str] = []
    for each in filter(None, paragraphs):
        lines += [".PP", _text(each)] if lines else [_text(each)]
    return lines


def _text(text: str) -> str:
    """`text` as roff takes it: no escapes, no request at the start of a line, hyphens that can be searched for."""
    line = " ".join(text.split()).replace("\\", "\\e").replace("-", "\\-").replace("~", "\\(ti").replace("^", "\\(ha")
    line = re.sub(r"'", r"\\(aq", line).replace('"', "\\(dq")
    return f"\\&{line}" if line.startswith(".") else line
