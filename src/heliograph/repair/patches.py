"""Documents with other addresses: as a patch that `git apply` and `patch -p1` take, or in place.

Hides the unified format, encodings, and how a file is replaced as a whole or not at all.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from heliograph import InputError
from heliograph.client._durable import write, write_document
from heliograph.repair.documents import Document

CONTEXT = 3
PLAIN_NAME = re.compile(r"[\w ./+,=@~()\[\]-]+", re.ASCII)


def repaired(document: Document, links: Mapping[str, str]) -> tuple[bytes, bytes]:
    """The document's bytes, and those with every address in `links` (old -> new) replaced, as its place spells them.

    Raises InputError where the file has changed since it was read, and OSError.
    """
    before, whole = document.read()
    text: list[str] = []
    done = 0
    for link in document.links:
        if link.url in links and link.start >= done:
            text += whole[done : link.start], link.spell(links[link.url])
            done = link.end
    text.append(whole[done:])
    return before, document.encoded("".join(text))


def unified(name: str, before: bytes, after: bytes) -> bytes:
    """The difference, in unified format. Both have the same number of lines, as addresses have no line breaks."""
    old, new = (content.split(b"\n") for content in (before, after))
    assert len(old) == len(new)
    changed = [number for number, lines in enumerate(zip(old, new, strict=True)) if lines[0] != lines[1]]
    last = len(old) - 1 if old[-1] == b"" else len(old)
    hunks = b"".join(_hunk(old, new, group, last) for group in _groups(changed))
    return b"--- %s\n+++ %s\n%s" % (_shown(f"a/{name}"), _shown(f"b/{name}"), hunks) if hunks else b""


def replace_file(path: Path, before: bytes, after: bytes, backup: Path) -> None:
    """Put `after` where `before` was, as a whole, and keep `before` at `backup`, which is on the disk first.

    A backup that is there stays: it is the oldest. Raises InputError where the file has changed since it was read, and
    OSError; the file is as it was then.
    """
    if path.read_bytes() != before:
        raise InputError(f"{path} has changed meanwhile, and was left as it is. Run this again.")
    backup.parent.mkdir(parents=True, exist_ok=True)
    if not backup.exists():
        write(backup, [before])
        shutil.copystat(path, backup)
    write_document(path, after)


def _groups(changed: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First and last changed line of each hunk: changes whose contexts touch are in one."""
    start = previous = None
    for number in changed:
        if start is None or previous is None:
            start = number
        elif number - previous > 2 * CONTEXT:
            yield start, previous
            start = number
        previous = number
    if start is not None and previous is not None:
        yield start, previous


def _hunk(old: Sequence[bytes], new: Sequence[bytes], group: tuple[int, int], last: int) -> bytes:
    """The lines around the changes of a group; `last`: how many lines there are."""
    start, end = max(0, group[0] - CONTEXT), min(last, group[1] + 1 + CONTEXT)
    lines: list[bytes] = []
    number = start
    while number < end:
        run = number
        while run < end and old[run] != new[run]:
            run += 1
        if run == number:
            lines.append(_line(b" ", old, number))
            number += 1
            continue
        lines += [_line(b"-", old, each) for each in range(number, run)]
        lines += [_line(b"+", new, each) for each in range(number, run)]
        number = run
    place = b"%d,%d" % (start + 1, end - start)
    return b"@@ -%s +%s @@\n%s" % (place, place, b"".join(lines))


def _line(mark: bytes, lines: Sequence[bytes], number: int) -> bytes:
    ends = number == len(lines) - 1
    return mark + lines[number] + b"\n" + (b"\\ No newline at end of file\n" if ends else b"")


def _shown(name: str) -> bytes:
    """A name as git writes it: quoted where it holds what could be misread, and ended by a tab where it has blanks."""
    if PLAIN_NAME.fullmatch(name):
        return name.encode() + (b"\t" if " " in name else b"")
    escaped = "".join(
        chr(byte) if 0x20 <= byte < 0x7F and byte not in b'"\\' else f"\\{byte:03o}" for byte in os.fsencode(name)
    )
    return f'"{escaped}"'.encode()
