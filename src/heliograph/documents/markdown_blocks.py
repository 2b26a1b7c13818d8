"""Which lines of Markdown are prose, which are HTML, and which are code; hides containers, fences and indentation.

Follows CommonMark 0.31, sections 4 and 5, as far as pictures are concerned, and four habits beyond it whose content is
indented or fenced and is no code all the same: footnotes, definition lists, the admonitions and tabs of Python-Markdown
(`!!! note`, `=== "Tab"`), and the directives of MyST.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

LINE = re.compile(r"[^\n]*\n|[^\n]+")
QUOTE = re.compile(r" {0,3}> ?")
ITEM = re.compile(r"( {0,3})([-+*]|\d{1,9}[.)])( {1,4}(?=\S)| (?= {4})|(?=\s*$))")
FENCE = re.compile(r"(`{3,}(?=[^`\n]*$)|~{3,})")
NOTE = re.compile(r" {0,3}(?:\[\^[^\]\s]+\]:|:) +")
"""The mark of a footnote or of a definition."""
TITLE = re.compile(r" {0,3}(?:!!!|\?\?\?\+?|===[+!]?) +\S")
"""The line above the content of an admonition or a tab."""
DIRECTIVE = re.compile(
    r"\{(?:admonition|aside|attention|card|caution|container|danger|deprecated|div|dropdown|epigraph|error|exercise|figure"
    r"|figure-md|grid|grid-item|grid-item-card|hint|image|important|list-table|margin|note|only|seealso|sidebar|solution"
    r"|tab-item|tab-set|table|tip|topic|versionadded|versionchanged|warning)\}"
)
"""Those of MyST, and of what is used with it, whose content is Markdown; others hold code."""
PICTURES = {"{figure}", "{image}"}
RULE = re.compile(r" {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$")
HEADING = re.compile(r" {0,3}#{1,6}(?:[ \t]|$)")
BLOCK_TAGS = (
    "address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd|details|dialog|dir|div|dl|dt|"
    "fieldset|figcaption|figure|footer|form|frame|frameset|h[1-6]|head|header|hr|html|iframe|legend|li|link|main|menu|"
    "menuitem|nav|noframes|ol|optgroup|option|p|param|search|section|summary|table|tbody|td|tfoot|th|thead|title|tr|"
    "track|ul"
)
ATTRIBUTE = r"""(?:\s+[A-Za-z_:][\w.:-]*(?:\s*=\s*(?:[^\s"'=<>`]+|'[^']*'|"[^"]*"))?)"""
OPEN_TAG = rf"<[A-Za-z][A-Za-z0-9-]*{ATTRIBUTE}*\s*/?>"
HTML_STARTS: tuple[tuple[re.Pattern[str], re.Pattern[str] | None], ...] = (
    (
        re.compile(r"<(?:script|pre|style|textarea)(?:\s|>|$)", re.I),
        re.compile(r"</(?:script|pre|style|textarea)>", re.I),
    ),
    (re.compile(r"<!--"), re.compile(r"-->")),
    (re.compile(r"<\?"), re.compile(r"\?>")),
    (re.compile(r"<!\[CDATA\["), re.compile(r"\]\]>")),
    (re.compile(r"<![A-Za-z]"), re.compile(r">")),
    (re.compile(rf"</?(?:{BLOCK_TAGS})(?:\s|/?>|$)", re.I), None),
)
"""How a block of HTML begins and ends; None: at a blank line."""
LONE_TAG = re.compile(rf"(?:{OPEN_TAG}|</[A-Za-z][A-Za-z0-9-]*\s*>)\s*$")


EDGE = "\x00"
TAB = 4
"""Tabs reach to the next column that this divides (section 2.2); so deep is what admonitions and notes hold, too."""


@dataclass
class Blocks:
    """The text twice, in its full length: `prose` with all but prose blank, and `markup` with all but HTML blank.

    The first line of a directive that shows a picture is prose. In `prose`, EDGE stands for the end of a line where a
    block ends though no blank line follows.
    """

    prose: str
    markup: str


@dataclass
class _Reading:
    """Where a reader of the lines stands."""

    containers: list[int | None] = field(default_factory=list)  # indentation of a list's item; None: a quote
    fence: str = ""
    directives: list[str] = field(default_factory=list)  # the fences of those that are open
    html: re.Pattern[str] | None = None
    in_html: bool = False
    paragraph: bool = False
    hollow: bool = False  # the line before began an item, and nothing more
    begins: bool = False  # this line begins a block
    ends: bool = False  # and ends it

    def leave(self) -> None:
        """Whatever block was open ends."""
        self.fence, self.in_html, self.paragraph = "", False, False


def blocks(text: str) -> Blocks:
    """Tell prose, HTML and code apart. In `prose`, the marks of lists and quotes are blanks too."""
    reading = _Reading()
    prose: list[str] = []
    markup: list[str] = []
    for line in LINE.findall(text):
        content = line.rstrip("\r\n")
        ending = line[len(content) :]
        kind, column = _kind(reading, content.expandtabs(TAB))
        start = _index(content, column)
        if reading.begins and prose:
            prose[-1] = prose[-1][:-1] + EDGE
        reading.begins, reading.ends = reading.ends, False
        blank = " " * len(content)
        prose.append((" " * start + content[start:] if kind == "prose" else blank) + ending)
        markup.append((" " * start + content[start:] if kind == "html" else blank) + ending)
    return Blocks("".join(prose), "".join(markup))


def _index(content: str, column: int) -> int:
    """Which character of a line stands at a column, or would."""
    at = 0
    for index, sign in enumerate(content):
        if at >= column:
            return index
        at += TAB - at % TAB if sign == "\t" else 1
    return len(content)


def _kind(reading: _Reading, line: str) -> tuple[str, int]:
    """What a line is (prose, html, code or blank), and where it begins behind the marks of its containers."""
    if reading.hollow and not line.strip():
        reading.containers.pop()  # an item cannot begin with a blank line below its mark (section 5.2)
    reading.hollow = False
    start = _continued(reading, line)
    if reading.fence or reading.in_html:
        return _inside(reading, line, start), start
    start = _opened(reading, line, start)
    rest = line[start:]
    if not rest.strip():
        reading.paragraph = False
        return "blank", start
    indent = len(rest) - len(rest.lstrip(" "))
    if indent >= 4 and not reading.paragraph:
        return "code", start
    if indent < 4:
        if fence := FENCE.match(rest, indent):
            return _fence(reading, fence[1], rest[fence.end() :].strip()), start
        if _begins_html(reading, rest.strip()):
            return "html", start
    is_title = TITLE.match(rest) is not None
    reading.paragraph = not (is_title or HEADING.match(rest) or RULE.match(rest))
    if is_title:
        reading.containers.append(TAB)
    if not reading.paragraph:
        reading.begins = reading.ends = True
    return "prose", start


def _fence(reading: _Reading, fence: str, info: str) -> str:
    """A fence begins: of code, or of a directive. Or it ends a directive."""
    directive = DIRECTIVE.match(info)
    reading.leave()
    if not info and reading.directives and fence.startswith(reading.directives[-1]):
        reading.directives.pop()
    elif directive is not None:
        reading.directives.append(fence)
        if directive[0] in PICTURES:
            reading.begins = True
            return "prose"
    else:
        reading.fence = fence
    return "code"


def _continued(reading: _Reading, line: str) -> int:
    """How far the marks of the containers reach that this line continues; the others end here."""
    at = 0
    for depth, container in enumerate(reading.containers):
        if container is None and (quote := QUOTE.match(line, at)):
            at = quote.end()
        elif container is not None and (line[at : at + container].isspace() or not line[at:].strip()):
            at = min(at + container, len(line))
        else:
            lazy = reading.paragraph and _is_lazy(line[at:])
            if not lazy:
                del reading.containers[depth:]
                reading.leave()
                reading.begins = True
            return at
    return at


def _is_lazy(rest: str) -> bool:
    """Whether a line goes on with the paragraph above, though it lacks the marks of its container."""
    stripped = rest.lstrip(" ")
    return bool(stripped) and not (
        QUOTE.match(rest) or ITEM.match(rest) or FENCE.match(stripped) or RULE.match(rest) or HEADING.match(rest)
    )


def _opened(reading: _Reading, line: str, at: int) -> int:
    """Take the marks of quotes and items that begin on this line; returns where its content begins."""
    while True:
        if quote := QUOTE.match(line, at):
            reading.containers.append(None)
            reading.begins = True
            at = quote.end()
        elif (item := ITEM.match(line[at:])) and not RULE.match(line[at:]) and not _is_text(reading, item, line[at:]):
            width = item.end() if item[3] else item.end() + 1
            reading.containers.append(width)
            reading.begins, reading.hollow = True, not line[at + width :].strip()
            at = min(at + width, len(line))
        elif note := NOTE.match(line, at):
            reading.containers.append(TAB)
            reading.begins = True
            at = note.end()
        else:
            return at
        reading.paragraph = False


def _is_text(reading: _Reading, item: re.Match[str], rest: str) -> bool:
    """Whether what looks like an item's mark is text: only some may interrupt a paragraph (section 5.2)."""
    starts_at_one = item[2] in "-+*" or item[2][:-1] == "1"
    return reading.paragraph and (not rest[item.end() :].strip() or not starts_at_one)


def _inside(reading: _Reading, line: str, start: int) -> str:
    """A line within a fence or a block of HTML, which it may end."""
    rest = line[start:]
    if reading.fence:
        closing = rest.strip()
        is_one_run = closing == closing[:1] * len(closing) and closing.startswith(reading.fence)
        if is_one_run and len(rest) - len(rest.lstrip(" ")) < 4:
            reading.fence = ""
        return "code"
    if reading.html is None and not rest.strip():
        reading.in_html = False
        return "blank"
    if reading.html is not None and reading.html.search(rest):
        reading.in_html = False
    return "html"


def _begins_html(reading: _Reading, rest: str) -> bool:
    """Whether a block of HTML begins with this line."""
    for start, end in HTML_STARTS:
        if begun := start.match(rest):
            reading.leave()
            reading.html, reading.in_html = end, end is None or end.search(rest, begun.end()) is None
            return True
    if not reading.paragraph and LONE_TAG.match(rest):
        reading.html, reading.in_html = None, True
        return True
    return False
