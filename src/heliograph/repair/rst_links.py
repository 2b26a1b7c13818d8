"""Pictures in reStructuredText: the directives that show them, and links to them; hides literal blocks and comments."""

from __future__ import annotations

import re
from collections.abc import Iterator

from heliograph.documents import html
from heliograph.documents.views import Reference, Use, View
from heliograph.repair.links import Link, links

LINE = re.compile(r"[^\n]*\n|[^\n]+")
DIRECTIVE = re.compile(r"(?:\|[^|\n]+\| )?([\w-]+(?::[\w-]+)?) ?::(?:[ \t]+|(?=[\r\n]|$))")
MARKUP = re.compile(r"([ \t]*)\.\.(?:[ \t]+|(?=[\r\n]|$))")
OPTION = re.compile(r"[ \t]+:(\w+):[ \t]*(.*)")
TARGET = re.compile(r"_(?:`[^`\n]+`|[^:`\n]|\\:)*:(?:[ \t]+|(?=[\r\n]))")
ANONYMOUS = re.compile(r"[ \t]*__[ \t]+(?=\S)")
EMBEDDED = re.compile(r"(?<!`)`[^`<>]*<([^<>`\s]+)>`__?")
LITERAL = re.compile(r"``.+?``", re.DOTALL)
PICTURES = {"image", "figure"}
HIDDEN = re.compile(
    "code(?:-block|-tab)?|doctest|graphviz|highlight|ipython|jupyter-execute|literalinclude|math|mermaid|parsed-literal"
    "|plot|prompt|raw|sourcecode|test(?:code|output|setup)"
)
"""Directives whose content is no reStructuredText."""
BULLET = re.compile(r"(?:[-*+•] +|(?:\d+|[a-zA-Z#])[.)] +)+")


def rst_links(view: View) -> Iterator[Link]:
    """The links of a document, literal blocks, code and comments left out; raw HTML is read as HTML."""
    lines = LINE.findall(view.text)
    hiding = _Hiding()
    prose: list[str] = []
    at = 0
    for number, line in enumerate(lines):
        is_prose = not hiding.hides(line)
        if is_prose:
            hides_block, found = _line(view, lines, number, at)
            yield from links(found)
            is_prose = MARKUP.match(line) is None
            hiding.begin(line, block=hides_block, literal=is_prose and line.rstrip().endswith("::"))
        prose.append(line if is_prose else " " * len(line))
        at += len(line)
    yield from links(_inline(view.masked("".join(prose))))


class _Hiding:
    """Which lines belong to a block that is no reStructuredText: those deeper than the line that began it."""

    def __init__(self) -> None:
        self._deeper_than: int | None = None
        self._literal: int | None = None  # a literal block follows, if the next line is deeper than this

    def hides(self, line: str) -> bool:
        """Whether the line belongs to one."""
        indent = _indent(line)
        if line.strip():
            if self._deeper_than is not None and indent <= self._deeper_than:
                self._deeper_than = None
            if self._literal is not None and self._deeper_than is None:
                self._deeper_than = self._literal if indent > self._literal else None
                self._literal = None
        return self._deeper_than is not None

    def begin(self, line: str, *, block: bool, literal: bool) -> None:
        """The line begins a hidden block, or announces a literal one."""
        indent = _indent(line)
        bullet = BULLET.match(line, indent)
        column = bullet.end() if bullet else indent
        self._deeper_than = column if block else None
        if literal:
            self._literal = column


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))


def _line(view: View, lines: list[str], number: int, at: int) -> tuple[bool, list[Reference]]:
    """What explicit markup on this line means: whether the block under it is hidden, and the addresses."""
    line = lines[number]
    indent = _indent(line)
    bullet = BULLET.match(line, indent)
    markup = MARKUP.match(line, bullet.end() if bullet else 0)
    if markup is None:
        anonymous = ANONYMOUS.match(line)
        return False, [view.reference(at + anonymous.end(), at + len(line), Use.LINK)] if anonymous else []
    directive = DIRECTIVE.match(line, markup.end())
    if directive is None:
        target = TARGET.match(line, markup.end())
        if target is None:
            return not line[markup.end() :].startswith(("[", "_", "|")), []
        end = at + len(line)
        if not line[target.end() :].strip() and _block(lines, number, indent):
            end += len(lines[number + 1])
        return False, [view.reference(at + target.end(), end, Use.LINK)]
    name = directive[1].rpartition(":")[2]
    if name == "raw" and "html" in line[directive.end() :]:
        return True, list(html.references(view.part(at + len(line), at + len(line) + _block(lines, number, indent))))
    if name not in PICTURES:
        return HIDDEN.fullmatch(name) is not None, []
    return name == "image", _picture(view, lines, number, at, (markup.end(1), directive.end()))


def _picture(view: View, lines: list[str], number: int, at: int, columns: tuple[int, int]) -> list[Reference]:
    """The address of an image or figure, also on the line after, and that of its `:target:`.

    columns: where the directive begins, and where its address may.
    """
    spans = [(at + columns[1], at + len(lines[number]))]
    sides: dict[str, int] = {}
    after = at + len(lines[number])
    has_options = False
    for line in lines[number + 1 :]:
        if not line.strip() or _indent(line) <= columns[0]:
            break
        option = OPTION.match(line)
        has_options = has_options or option is not None
        if option is None:  # an address on two lines is left alone: it has a break in it
            spans[0] = spans[0] if has_options else (spans[0][0], after + len(line))
        elif option[1] == "target":
            spans.append((after + option.start(2), after + option.end(2)))
        elif option[1] in ("width", "height") and re.fullmatch(r"\d{1,5}(?: ?px)?", option[2].strip()):
            sides[option[1]] = int(re.sub(r"\D", "", option[2]))
        after += len(line)
    first = view.reference(*spans[0], Use.PICTURE, width=sides.get("width"), height=sides.get("height"))
    return [first, *(view.reference(*span, Use.LINK) for span in spans[1:])]


def _block(lines: list[str], number: int, indent: int) -> int:
    """The length of the block under a line: blank lines, and lines that are deeper than `indent`."""
    length = 0
    for line in lines[number + 1 :]:
        if line.strip() and _indent(line) <= indent:
            break
        length += len(line)
    return length


def _inline(view: View) -> Iterator[Reference]:
    """Addresses within text: `` `words <address>`_ ``."""
    text = LITERAL.sub(lambda match: " " * len(match[0]), view.text)
    return (view.reference(*match.span(1), Use.LINK) for match in EMBEDDED.finditer(text))
