"""Pictures in Markdown: inline, by reference, and in HTML within it; hides brackets, code spans and escapes.

Follows CommonMark 0.31, section 6, and some habits beyond it: a size behind the address (`=640x480`, some editors) or
behind the description (`|640x480`, Discourse), the data in front of a page (YAML or TOML), and MyST's directives.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from heliograph.documents import html
from heliograph.documents.markdown_blocks import EDGE, OPEN_TAG, blocks
from heliograph.documents.views import ENTITY, Reference, Use, View, html_meaning

DEFINITION = re.compile(
    r"\[(?P<label>(?:[^\[\]\\]|\\.){1,999})\]:[ \t]*\n?[ \t]*"
    r"(?:<(?P<angled>[^<>\n]*+)>|(?P<plain>[^\s<\x00][^\s\x00]*+))"
    r"(?P<title>[ \t]*\n?[ \t]+(?:\"(?:[^\"\\]|\\.)*+\"|'(?:[^'\\]|\\.)*+'|\((?:[^()\\]|\\.)*+\)))?"
    r"[ \t]*(?=\r?[\n\x00]|$)"
)
DESTINATION = re.compile(
    r"\(\s*(?:<(?P<angled>(?:[^<>\n\\]++|\\.)*+)>"
    r"|(?P<plain>(?!<)(?:[^\s()\\]++|\\.|\((?:[^\s()\\]++|\\.|\([^\s()]*+\))*+\))++))"
    r"(?:\s+(?:\"(?:[^\"\\]|\\.)*+\"|'(?:[^'\\]|\\.)*+'|\((?:[^()\\]|\\.)*+\)))?"
    r"(?:\s+=(?P<width>\d{1,5})?x(?P<height>\d{1,5})?)?\s*\)",
    re.DOTALL,
)
FRONT_MATTER = re.compile(
    r"(?P<mark>---|\+\+\+)[ \t]*\r?\n(?=[\w\"'.-]+[ \t]*[:=]|[ \t]*#)(?P<data>(?:[^\n]*\n)*?)(?P=mark)[ \t]*(?:\r?\n|$)"
)
DATUM = re.compile(r"^[ \t]*#[^\n]*|(?<![^\s\"'\[,=])((?:https?:)?//[^\s\"'\[\],<>]+)", re.MULTILINE | re.IGNORECASE)
FIGURE = re.compile(
    r"(?:^|(?<=[\n\x00]))[ ]*(?:`{3,}|~{3,}|:{3,})[ ]*\{(?:image|figure)\}[ \t]+(?P<address>\S+)[^\n\x00]*"
    r"(?P<options>(?:[\n\x00][ ]*:\w+:[^\n\x00]*)*)"
)
OPTION = re.compile(r"[\n\x00][ ]*:(\w+):[ \t]*([^\n\x00]*)")
SIDE = re.compile(r"(\d{1,5})(?: ?px)?\s*")
SIGN = re.compile(r"[\\`<!\[\]\n\x00]")
"""What a token begins with; looked for first, because most of a text is none."""
TOKEN = re.compile(
    rf"\\[!-/:-@\[-`{{-~]|(?P<ticks>`+)|(?P<comment><!--)|(?P<tag>{OPEN_TAG})|(?P<auto><[A-Za-z][A-Za-z0-9+.-]{{1,31}}:[^\s<>]*>)"
    r"|(?P<open>!?\[)|(?P<close>\])|(?P<blank>\n[ \t]*\r?\n|\x00)",
    re.DOTALL,
)
PARAGRAPH_END = re.compile(rf"\n[ \t]*\r?\n|{EDGE}")
TAG_NAME = re.compile(r"[A-Za-z0-9-]+")
LABEL = re.compile(r"\[((?:[^\[\]\\]|\\.)*)\]", re.DOTALL)
LONGEST_LABEL = 1000
"""Characters (section 4.7)."""
LONGEST_SIZE = 40
"""Characters of a size at the end of a description, blanks around it counted."""
DISCOURSE_SIZE = re.compile(r"\|(\d{1,5})x(\d{1,5})(?:\s*,\s*\d{1,3}%)?\s*$")
ESCAPED = re.compile(rf"\\[!-/:-@\[-`{{-~]|{ENTITY.pattern}")


@dataclass(frozen=True)
class _Use:
    """A picture or link in prose: its address's span, or the label of a definition; `described`: the brackets' span."""

    shown: bool
    described: tuple[int, int]
    span: tuple[int, int] | None
    label: str = ""
    size: tuple[int | None, int | None] = (None, None)


def references(view: View) -> Iterator[Reference]:
    """The addresses in a document, in the order in which they stand there; code left out."""
    front, view = _front_matter(view)
    yield from front
    parts = blocks(view.text)
    prose = view.masked(parts.prose)
    definitions, text = _definitions(parts.prose)
    inline = _Inline(text, definitions)
    found = [_reference(prose, use, definitions) for use in inline.uses]
    found += [prose.reference(*span, Use.LINK) for span in inline.autolinks]
    found += [each for figure in FIGURE.finditer(text) for each in _figure(prose, figure)]
    for start, end in inline.tags:
        name = TAG_NAME.match(text, start + 1, end)
        assert name is not None
        found += html.tag_references(prose, name[0].lower(), start, end)
    found += html.references(view.masked(parts.markup))
    seen: dict[int, Reference] = {}
    for each in found:
        before = seen.get(each.start)
        if before is None or _says_more(each, before):
            seen[each.start] = each
    yield from (seen[start] for start in sorted(seen))


def pictures(text: str) -> Iterator[Reference]:
    """Only the pictures, in Markdown's words or as HTML."""
    return (each for each in references(View.whole(text)) if each.use is Use.PICTURE)


def _front_matter(view: View) -> tuple[list[Reference], View]:
    """The addresses in the data that stands in front of a page, and the page with blanks in its place."""
    front = FRONT_MATTER.match(view.text)
    if front is None:
        return [], view
    data = DATUM.finditer(view.text, *front.span("data"))
    found = [view.reference(*each.span(1), Use.NAMED) for each in data if each[1]]
    blank = "\n".join(" " * len(line) for line in front[0].split("\n"))
    return found, view.masked(blank + view.text[front.end() :])


def _figure(prose: View, figure: re.Match[str]) -> Iterator[Reference]:
    """The addresses of a directive of MyST that shows a picture."""
    first = figure.start("options")
    options = {option[1]: option for option in OPTION.finditer(figure["options"])}
    sides = (SIDE.fullmatch(options[name][2]) if name in options else None for name in ("width", "height"))
    width, height = (int(side[1]) if side else None for side in sides)
    yield prose.reference(*figure.span("address"), Use.PICTURE, width=width, height=height)
    if "target" in options:
        start, end = options["target"].span(2)
        yield prose.reference(first + start, first + end, Use.LINK)


def _says_more(one: Reference, other: Reference) -> bool:
    """Whether, of two uses of one definition, the first tells more about the picture."""
    if (one.use is Use.PICTURE) != (other.use is Use.PICTURE):
        return one.use is Use.PICTURE
    return bool(one.alt) and not other.alt


def _reference(prose: View, use: _Use, definitions: dict[str, tuple[int, int]]) -> Reference:
    span = use.span or definitions[use.label]
    alt = " ".join(_unescaped(prose.text[slice(*use.described)]).split()) if use.shown else ""
    kind = Use.PICTURE if use.shown else Use.LINK
    width, height = use.size
    return prose.reference(*span, kind, read=_unescaped, alt=alt, width=width, height=height)


def _unescaped(text: str) -> str:
    """What a text in prose means, escapes and character references read (sections 2.4 and 2.5)."""
    return ESCAPED.sub(_meaning, text)


def _meaning(match: re.Match[str]) -> str:
    if match[0][0] == "\\":
        return match[0][1]
    return html_meaning(match[0]) if match[0].endswith(";") else match[0]


def _definitions(prose: str) -> tuple[dict[str, tuple[int, int]], str]:
    """Label -> span of the address, of all definitions; and the prose without these. The first of a label counts."""
    found: dict[str, tuple[int, int]] = {}

    def take(match: re.Match[str]) -> str:
        line = match.start()
        while line and prose[line - 1] == " ":
            line -= 1
        if not (_begins_block(prose, line) or line in ends) or not match["label"].strip():
            return match[0]
        found.setdefault(_normal(match["label"]), match.span("angled" if match["angled"] is not None else "plain"))
        ends.update((match.end() + 1, match.end() + 2))
        return "\n".join(" " * len(line) for line in match[0].split("\n"))

    ends: set[int] = set()
    text = DEFINITION.sub(take, prose)
    return found, text


def _begins_block(prose: str, at: int) -> bool:
    """Whether a line starts at `at` that has a blank line or the end of a block above it."""
    if at == 0 or prose[at - 1] == EDGE:
        return True
    above = prose.rfind("\n", 0, at - 1) + 1
    above = max(above, prose.rfind(EDGE, above, at - 1) + 1)
    return prose[at - 1] == "\n" and not prose[above : at - 1].strip()


def _normal(label: str) -> str:
    return " ".join(label.split()).casefold()


class _Inline:
    """The pictures and links in prose, the spans of its HTML tags, and those of the addresses in angle brackets."""

    def __init__(self, text: str, definitions: dict[str, tuple[int, int]]) -> None:
        self.uses: list[_Use] = []
        self.tags: list[tuple[int, int]] = []
        self.autolinks: list[tuple[int, int]] = []
        self._text, self._definitions = text, definitions
        self._openers: list[tuple[int, bool]] = []
        self._paragraph_end = 0
        self._comment_end = 0  # -1: no comment ends any more
        self._unclosed: set[str] = set()  # runs of backticks that nothing closes in this paragraph
        at = 0
        while sign := SIGN.search(text, at):
            token = TOKEN.match(text, sign.start())
            at = self._after(token) if token else sign.end()

    def _after(self, match: re.Match[str]) -> int:
        """Take one token; returns where to go on."""
        if match["ticks"]:
            return self._code(match[0], match.end())
        if match["comment"]:
            self._comment_end = self._text.find("-->", match.end()) if self._comment_end >= 0 else -1
            return max(self._comment_end, match.end())
        if match["tag"]:
            self.tags.append(match.span())
        elif match["auto"]:
            self.autolinks.append((match.start() + 1, match.end() - 1))
        elif match["open"]:
            self._openers.append((match.end(), match[0] == "!["))
        elif match["close"] and self._openers:
            return self._bracket(match.start())
        elif match["blank"]:
            self._openers.clear()
            return match.end() - (match[0] != EDGE)
        return match.end()

    def _code(self, ticks: str, at: int) -> int:
        """Where a code span ends, or only its backticks."""
        if at > self._paragraph_end:
            end = PARAGRAPH_END.search(self._text, at)
            self._paragraph_end = end.start() if end else len(self._text)
            self._unclosed.clear()
        if ticks not in self._unclosed:
            closing = re.compile(rf"(?<!`){ticks}(?!`)").search(self._text, at, self._paragraph_end)
            if closing:
                return closing.end()
            self._unclosed.add(ticks)
        return at

    def _bracket(self, end: int) -> int:
        """A bracket closes: what it and the one that opened it are, and where to go on."""
        start, shown = self._openers.pop()
        use, after = _closed(self._text, start, end, shown, self._definitions)
        if use is None:
            return after
        if shown:  # what describes a picture is only text
            for within in (self.tags, self.autolinks):
                while within and within[-1][0] >= start:
                    within.pop()
            while self.uses and self.uses[-1].described[0] >= start:
                self.uses.pop()
        else:  # a link holds no other link
            self._openers = [opener for opener in self._openers if opener[1]]
        self.uses.append(use)
        return after


def _closed(
    text: str, start: int, end: int, shown: bool, definitions: dict[str, tuple[int, int]]
) -> tuple[_Use | None, int]:
    """What the brackets from `start` to `end` are, and where it ends: None where they are only brackets."""
    size = DISCOURSE_SIZE.search(text, max(start, end - LONGEST_SIZE), end)
    sides: tuple[int | None, int | None] = (int(size[1]), int(size[2])) if size else (None, None)
    if destination := DESTINATION.match(text, end + 1):
        span = destination.span("angled" if destination["angled"] is not None else "plain")
        if destination["width"] or destination["height"]:
            sides = tuple(int(side) if side else None for side in destination.group("width", "height"))  # type: ignore[assignment]
        return _Use(shown, (start, end), span, size=sides), destination.end()
    reference = LABEL.match(text, end + 1)
    label, after = (reference[1], reference.end()) if reference else ("", end + 1)
    if not label.strip():
        label = text[start:end] if end - start < LONGEST_LABEL else ""
    label = _normal(label)
    return (_Use(shown, (start, end), None, label, sides), after) if label in definitions else (None, end + 1)
