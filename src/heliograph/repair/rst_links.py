"""Pictures in reStructuredText: the directives that show them, and links to them; hides literal blocks and comments."""

from __future__ import annotations

import re
from collections.abc import Iterator

from heliograph.repair.html_links import html_links
from heliograph.repair.views import Link, View

DIRECTIVE = re.compile(r"(?:\|[^|\n]+\| )?([\w-]+(?::[\w-]+)?) ?::(?:[ \t]+|(?=\n|$))")
MARKUP = re.compile(r"( *)\.\.(?:[ \t]+|(?=\n|$))")
OPTION = re.compile(r" +:(\w+):[ \t]*(.*)")
TARGET = re.compile(r"_(?:`[^`\n]+`|[^:`\n]|\\:)*:[ \t]+")
EMBEDDED = re.compile(r"(?<!`)`[^`<>]*<([^<>`\s]+)>`__?")
LITERAL = re.compile(r"``.+?``", re.DOTALL)
PICTURES = {"image", "figure"}
HIDDEN = {"code", "code-block", "sourcecode", "literalinclude", "parsed-literal", "math", "highlight", "doctest", "raw"}
"""Directives whose content is no reStructuredText."""
BULLET = re.compile(r"(?:[-*+•] +|(?:\d+|[a-zA-Z#])[.)] +)+")


def rst_links(view: View) -> Iterator[Link]:
    """The links of a document, literal blocks, code and comments left out; raw HTML is read as HTML."""
    lines = view.text.splitlines(keepends=True)
    at = 0
    skipping: int | None = None  # lines deeper than this are hidden
    armed: int | None = None  # a literal block follows, deeper than this
    prose: list[str] = []
    for number, line in enumerate(lines):
        indent = len(line) - len(line.lstrip(" \t"))
        if line.strip():
            if skipping is not None and indent <= skipping:
                skipping = None
            if armed is not None and skipping is None:
                skipping, armed = (armed if indent > armed else None), None
        if skipping is not None:
            prose.append(" " * len(line))
        else:
            hides, found = _line(view, lines, number, at)
            yield from found
            skipping = indent if hides else None
            inner = indent + len(bullet[0]) if (bullet := BULLET.match(line, indent)) else indent
            is_markup = MARKUP.match(line) is not None
            if not is_markup and line.rstrip().endswith("::"):
                armed = inner if inner > indent else indent
            prose.append(line if not is_markup else " " * len(line))
        at += len(line)
    yield from _inline(view.masked("".join(prose)))


def _line(view: View, lines: list[str], number: int, at: int) -> tuple[bool, list[Link]]:
    """What explicit markup on this line means: whether the block under it is hidden, and the links."""
    line = lines[number]
    bullet = BULLET.match(line)
    markup = MARKUP.match(line, bullet.end() if bullet else 0)
    if markup is None:
        return False, []
    indent = len(line) - len(line.lstrip(" \t"))
    directive = DIRECTIVE.match(line, markup.end())
    if directive is None:
        target = TARGET.match(line, markup.end())
        if target is None:
            return not line[markup.end() :].startswith(("[", "_", "|")), []
        link = view.link(at + target.end(), at + len(line), shown=False)
        return False, [link] if link else []
    name = directive[1].rpartition(":")[2]
    if name == "raw" and "html" in line[directive.end() :]:
        return True, list(html_links(view.part(at + len(line), at + len(line) + _block(lines, number, indent))))
    if name not in PICTURES:
        return name in HIDDEN, []
    return name == "image", _picture(view, lines, number, at, directive.end())


def _picture(view: View, lines: list[str], number: int, at: int, start: int) -> list[Link]:
    """The address of an image or figure, also on the line after, and that of its `:target:`."""
    spans = [(at + start, at + len(lines[number]))]
    sides: dict[str, int] = {}
    after = at + len(lines[number])
    for line in lines[number + 1 :]:
        option = OPTION.match(line)
        if option is None and (line.strip() and not lines[number][start:].strip() and len(spans) == 1):
            spans[0] = (after, after + len(line))
        elif option is None:
            break
        elif option[1] == "target":
            spans.append((after + option.start(2), after + option.end(2)))
        elif option[1] in ("width", "height") and re.fullmatch(r"\d{1,5}(?: ?px)?", option[2].strip()):
            sides[option[1]] = int(re.sub(r"\D", "", option[2]))
        after += len(line)
    first = view.link(*spans[0], shown=True, width=sides.get("width"), height=sides.get("height"))
    others = [view.link(*span, shown=False) for span in spans[1:]]
    return [link for link in (first, *others) if link is not None]


def _block(lines: list[str], number: int, indent: int) -> int:
    """The length of the block under a line: blank lines, and lines that are deeper than `indent`."""
    length = 0
    for line in lines[number + 1 :]:
        if line.strip() and len(line) - len(line.lstrip(" \t")) <= indent:
            break
        length += len(line)
    return length


def _inline(view: View) -> Iterator[Link]:
    """Links within text: `` `words <address>`_ ``."""
    text = LITERAL.sub(lambda match: " " * len(match[0]), view.text)
    for match in EMBEDDED.finditer(text):
        link = view.link(*match.span(1), shown=False)
        if link is not None:
            yield link
