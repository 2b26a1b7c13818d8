"""Pictures in what keeps posts inside something else: notebooks, dumps of Stack Exchange, exports of Discourse.

Hides the JSON, XML or CSV around them. Only texts of known fields are read; the outputs of notebooks are left alone.
Dumps are read from end to end, one post at a time: what else they hold takes no memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from heliograph.documents.views import View, html_decoded, xml_decoded
from heliograph.repair.links import Link, html_links, markdown_links

Scanner = Callable[[View], Iterator[Link]]

JSON_TOKEN = re.compile(
    r'[ \t\r\n]*+(?:"(?P<string>(?:[^"\\\x00-\x1f]++|\\.)*+)"|(?P<sign>[{}\[\]:,])|(?P<other>[^\s{}\[\]:,"]++))'
)
SOMETHING = re.compile(r"\S")
JSON_ESCAPE = re.compile(r"(?:\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|\\(?:u[0-9a-fA-F]{4}|.)")
JSON_SIGNS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}

XML_TOKEN = re.compile(
    r"<!--(?:.*?-->|.*)|<!\[CDATA\[(?:.*?\]\]>|.*)|<\?(?:.*?\?>|.*)"
    r"|<row\b(?P<attributes>(?:\"[^\"<]*+\"|'[^'<]*+'|[^<>\"']++)*+)>",
    re.DOTALL,
)
XML_ATTRIBUTE = re.compile(r"([\w:.-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")


def _entities_then_markdown(view: View) -> Iterator[Link]:
    """`body_markdown` of the Stack Exchange API is Markdown whose `<`, `&` and quotes are references of HTML."""
    return markdown_links(html_decoded(view))


JSON_FIELDS: Mapping[str, Scanner] = {
    "raw": markdown_links,
    "cooked": html_links,
    "body": html_links,
    "Body": html_links,
    "body_html": html_links,
    "body_markdown": _entities_then_markdown,
}
"""Discourse's posts have `raw` (Markdown) and `cooked` (HTML); the Stack Exchange API `body` and `body_markdown`."""

XML_FIELDS: Mapping[str, Scanner] = {"Body": html_links, "AboutMe": html_links, "Text": markdown_links}
"""`Body` of Posts.xml and `AboutMe` of Users.xml are HTML; `Text` of PostHistory.xml and Comments.xml is Markdown."""

CSV_CELL = re.compile(r'(?:"(?P<quoted>(?:[^"]++|"")*+)"|(?P<plain>[^,\r\n]*+))(?P<end>,|\r?\n|\r|$)')
CSV_QUOTE = re.compile('""')
CSV_FIELDS: Mapping[str, Scanner] = {**JSON_FIELDS, **XML_FIELDS}
"""Stack Exchange's Data Explorer names columns as the dumps do."""


class NotReadable(Exception):  # noqa: N818 # said of the document
    """The document is not what its name says."""


@dataclass(frozen=True)
class _Value:
    """A JSON value: the token of a string, what is in an object or array, or None for all else."""

    string: re.Match[str] | None = None
    members: Mapping[str, _Value] | None = None
    items: tuple[_Value, ...] = ()


def json_links(view: View) -> Iterator[Link]:
    """The links in all fields of posts, however deep they lie; one JSON text, or one on each line.

    Raises NotReadable where it is no JSON.
    """
    for name, token in _members(view):
        if name in JSON_FIELDS:
            yield from JSON_FIELDS[name](_string(view, token))


def notebook_links(view: View) -> Iterator[Link]:
    """The links in the Markdown cells of a Jupyter notebook (nbformat 3 and 4). Raises NotReadable for no JSON."""
    notebook, _ = _json(view, 0)
    members = notebook.members or {}
    sheets = members.get("worksheets", _Value()).items or (notebook,)
    for sheet in sheets:
        for cell in (sheet.members or {}).get("cells", _Value()).items:
            fields = cell.members or {}
            kind = fields.get("cell_type", _Value()).string
            source = fields.get("source", _Value())
            tokens = [item.string for item in (*source.items, source) if item.string]
            if kind is not None and kind["string"] == "markdown" and tokens:
                lines = [_string(view, token) for token in tokens]
                yield from markdown_links(View.joined(lines, lines[0].spell))


def stack_links(view: View) -> Iterator[Link]:
    """The links in the rows of a Stack Exchange dump."""
    for row in XML_TOKEN.finditer(view.text):
        if row["attributes"] is None:
            continue
        for match in XML_ATTRIBUTE.finditer(view.text, *row.span("attributes")):
            if match[1] in XML_FIELDS:
                value = xml_decoded(view.part(*match.span(2 if match[2] is not None else 3)))
                yield from XML_FIELDS[match[1]](value)


def table_links(view: View) -> Iterator[Link]:
    """The links in a table of posts, whose first row names the columns (RFC 4180)."""
    names: list[str] = []
    column = at = rows = 0
    while at < len(view.text):
        cell = CSV_CELL.match(view.text, at)
        assert cell is not None  # an unclosed quote makes a plain cell
        if rows == 0:
            names.append(_cell(view, cell).text)
        elif column < len(names) and names[column] in CSV_FIELDS:
            yield from CSV_FIELDS[names[column]](_cell(view, cell))
        ends = cell["end"] != ","
        column, rows, at = (0, rows + 1, cell.end()) if ends else (column + 1, rows, cell.end())


def _cell(view: View, cell: re.Match[str]) -> View:
    if cell["quoted"] is None:
        return view.part(*cell.span("plain"))
    return view.part(*cell.span("quoted")).decoded(CSV_QUOTE, lambda _: '"', lambda text: text.replace('"', '""'))


def _members(view: View) -> Iterator[tuple[str, re.Match[str]]]:
    """Every string that an object holds, at any depth, with its name; of one JSON text (RFC 8259) or several."""
    open_: list[str] = []
    expected, name, at = "value", "", 0
    while at < len(view.text):
        token = JSON_TOKEN.match(view.text, at)
        if token is None:
            if SOMETHING.search(view.text, at) is None:
                break
            raise NotReadable(f"it is no JSON at character {at}")
        if expected == "value" and token["string"] is not None and open_ and open_[-1] == "{":
            yield name, token
        elif expected == "name" and token["string"] is not None:
            name = _string(view, token).text
        expected = _after(token, expected, open_)
        at = token.end()
    if open_ or expected != "value":
        raise NotReadable("it is no JSON: it breaks off")


def _after(token: re.Match[str], expected: str, open_: list[str]) -> str:
    """What may follow a token where `expected` was: "name", "colon", "value" or "next", which is a comma or an end."""
    sign = token["sign"]
    after = None
    if sign is None:
        is_string = token["string"] is not None
        after = {"name": "colon" if is_string else None, "value": "next"}.get(expected)
    elif sign in "{[" and expected == "value":
        open_.append(sign)
        return "name" if sign == "{" else "value"
    elif sign in "}]" and open_ and open_[-1] + sign in ("{}", "[]") and expected in _BEFORE_END[sign]:
        open_.pop()
        after = "next"
    elif sign == ":" and expected == "colon":
        after = "value"
    elif sign == "," and expected == "next":
        after = "name" if open_[-1] == "{" else "value"
    if after is None:
        raise NotReadable(f"it is no JSON at character {token.start()}")
    return after if open_ or after != "next" else "value"


_BEFORE_END = {"}": ("name", "next"), "]": ("value", "next")}


def _json(view: View, at: int) -> tuple[_Value, int]:
    """The value that begins at `at`, and where it ends (RFC 8259)."""
    token, at = _token(view, at)
    if token["string"] is not None:
        return _Value(string=token), at
    if token["other"] is not None:
        return _Value(), at
    if token["sign"] == "[":
        return _array(view, at)
    if token["sign"] == "{":
        return _object(view, at)
    raise NotReadable(f"it is no JSON at character {token.start('sign')}")


def _array(view: View, at: int) -> tuple[_Value, int]:
    items: list[_Value] = []
    token, after = _token(view, at)
    while token["sign"] != "]":
        item, at = _json(view, at)
        items.append(item)
        token, after = _token(view, at)
        if token["sign"] not in (",", "]"):
            raise NotReadable(f"it is no JSON at character {at}")
        at = after
    return _Value(items=tuple(items)), after


def _object(view: View, at: int) -> tuple[_Value, int]:
    members: dict[str, _Value] = {}
    token, after = _token(view, at)
    while token["sign"] != "}":
        key, after = _token(view, at)
        colon, after = _token(view, after)
        if key["string"] is None or colon["sign"] != ":":
            raise NotReadable(f"it is no JSON at character {at}")
        members[_string(view, key).text], at = _json(view, after)
        token, after = _token(view, at)
        if token["sign"] not in (",", "}"):
            raise NotReadable(f"it is no JSON at character {at}")
        at = after
    return _Value(members=members), after


def _token(view: View, at: int) -> tuple[re.Match[str], int]:
    token = JSON_TOKEN.match(view.text, at)
    if token is None:
        raise NotReadable(f"it is no JSON at character {at}")
    return token, token.end()


def _string(view: View, token: re.Match[str]) -> View:
    spell = _slashed if "\\/" in token["string"] else _json_spelled
    return view.part(*token.span("string")).decoded(JSON_ESCAPE, _json_meaning, spell)


def _json_meaning(match: re.Match[str]) -> str:
    escape = match[0]
    if len(escape) == 12:
        high, low = int(escape[2:6], 16), int(escape[8:12], 16)
        return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
    if escape[1] == "u" and len(escape) == 6:
        return chr(int(escape[2:], 16))
    return JSON_SIGNS.get(escape[1], escape[1])


def _json_spelled(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _slashed(text: str) -> str:
    """The same where slashes are escaped too, as PHP does."""
    return _json_spelled(text).replace("/", "\\/")
