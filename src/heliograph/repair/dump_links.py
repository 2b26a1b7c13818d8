"""Pictures in what keeps posts inside something else: notebooks, dumps of Stack Exchange, exports of Discourse.

Hides the JSON or XML around them. Only texts of known fields are read; the outputs of notebooks are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from heliograph.documents.views import View, html_decoded, xml_decoded
from heliograph.repair.links import Link, html_links, markdown_links

Scanner = Callable[[View], Iterator[Link]]

JSON_TOKEN = re.compile(
    r'[ \t\r\n]*(?:"(?P<string>(?:[^"\\\x00-\x1f]|\\.)*)"|(?P<sign>[{}\[\]:,])|(?P<other>[^\s{}\[\]:,"]+))'
)
SOMETHING = re.compile(r"\S")
JSON_ESCAPE = re.compile(r"(?:\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|\\(?:u[0-9a-fA-F]{4}|.)")
JSON_SIGNS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}

XML_TOKEN = re.compile(
    r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|<row\b(?P<attributes>(?:\"[^\"]*\"|'[^']*'|[^>\"'])*)>", re.DOTALL
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


class NotReadable(Exception):  # noqa: N818 # said of the document
    """The document is not what its name says."""


@dataclass(frozen=True)
class _Value:
    """A JSON value: the view of a string, what is in an object or array, or None for all else."""

    string: View | None = None
    members: Mapping[str, _Value] | None = None
    items: tuple[_Value, ...] = ()


def json_links(view: View) -> Iterator[Link]:
    """The links in all fields of posts, however deep they lie; one JSON text, or one on each line.

    Raises NotReadable where it is no JSON.
    """
    at = 0
    while SOMETHING.search(view.text, at):
        value, at = _json(view, at)
        yield from _posts(value)


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
            lines = [item.string for item in source.items if item.string] or ([source.string] if source.string else [])
            if kind is not None and kind.text == "markdown" and lines:
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


def _posts(value: _Value) -> Iterator[Link]:
    """The links in the fields of posts in `value`, and in what it holds."""
    for item in value.items:
        yield from _posts(item)
    for name, member in (value.members or {}).items():
        if member.string is not None and name in JSON_FIELDS:
            yield from JSON_FIELDS[name](member.string)
        yield from _posts(member)


def _json(view: View, at: int) -> tuple[_Value, int]:
    """The value that begins at `at`, and where it ends (RFC 8259)."""
    token, at = _token(view, at)
    if token["string"] is not None:
        return _Value(string=_string(view, token)), at
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
