"""The scanners find the links that real parsers of each format find, and say where these are spelled."""

import json
import random
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import quote

import docutils.core
import docutils.nodes
import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from heliograph.documents.views import View
from heliograph.repair.dump_links import NotReadable, json_links, notebook_links, stack_links
from heliograph.repair.latex_links import latex_links
from heliograph.repair.links import Link, html_links, markdown_links
from heliograph.repair.rst_links import rst_links

MARKDOWN = [
    "![a](U)",
    "[b](U)",
    "![c](<U>)",
    '![d](U "t")',
    "[![e](U)](U)",
    "![f\\]](U)",
    "<img src='U'>",
    '<img alt="x>y" src="U"/>',
    "<U>",
    "`![g](U)`",
    "`` ` ![h](U)``",
    "`",
    "``",
    "\\",
    "\\`",
    "[",
    "]",
    "!",
    "text",
    "a b",
    "*em*",
    "&amp;",
    "\n",
    "\n\n",
    "\n\n",
    "\n\n",
    "\n> ",
    "\n- ",
    "\n1. ",
    "\n    ",
    "\n  ",
    "\n\n    ",
    "\n\t",
    "\n\n\t",
    "\n-\t",
    "\t",
    "\n```\n",
    "\n~~~\n",
    "\n# ",
    "\n---\n",
    "\n\n<div>\n",
    "\n</div>\n\n",
    "\n<!-- ",
    " -->\n",
    "\n\n<pre>\n",
    "</pre>\n",
    "\n\n[R]: U\n\n",
    "\n\n[R]: <U> 'x'\n\n",
    "![R]",
    "[R]",
    "![a][R]",
    "[a][R]",
    "![R][]",
]


def numbered(pieces: list[str]) -> str:
    """The pieces as one text, in which every U is an address of its own, and every R one of three labels."""
    count = iter(range(10_000))
    chance = random.Random(len(pieces))
    text = re.sub("U", lambda _: f"https://h.example/{next(count)}.png", "".join(pieces))
    return re.sub(r"(?<=\[)R(?=\])", lambda _: chance.choice("xyz"), text)


class _Pictures(HTMLParser):
    """What Python's parser finds in HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {value for name, value in attrs if value and (tag, name) in (("img", "src"), ("a", "href"))}


def in_html(text: str) -> set[str]:
    parser = _Pictures()
    parser.feed(text)
    parser.close()
    return {each for each in parser.found if each.startswith("http")}


def by_markdown_it(text: str) -> set[str]:
    """What a parser of CommonMark finds."""
    return in_html(MarkdownIt("commonmark").render(text))


def urls(text: str, links: Iterator[Link]) -> set[str]:
    """The addresses found, each of which is spelled where it is said to be."""
    found = list(links)
    for link in found:
        assert text[link.start : link.end].replace("\\", "").replace("&amp;", "&") == link.url
    return {link.url for link in found}


def texts(pieces: list[str], most: int, number: int, seed: int = 1827) -> Iterator[str]:
    """Random texts made of pieces, always the same ones."""
    chance = random.Random(seed)
    for _ in range(number):
        yield numbered(chance.choices(pieces, k=chance.randrange(1, most)))


def test_markdown_as_a_parser_of_commonmark_reads_it() -> None:
    different = [
        (text, found, right)
        for text in texts(MARKDOWN, 9, 4000)
        if (found := urls(text, markdown_links(View.whole(text)))) != (right := by_markdown_it(text))
    ]
    assert len(different) <= 4, different  # 1 in 1,000: texts that nobody writes


HTML = [
    '<img src="U">',
    "<img src=U>",
    "<IMG alt='>' SRC='U'/>",
    '<a href="U">',
    "</a>",
    "<p>",
    "</p>",
    "<!-- ",
    " -->",
    "<pre>",
    "</pre>",
    "<script>",
    "</script>",
    "<style>",
    "</style>",
    " text ",
    "&",
    "&lt;",
    '<img data-elsewhere="U">',
    "<img src='U' src='U'>",
    '<img srcset="U 1x, U 2x">',
    "<picture><source srcset='U'></picture>",
    '"',
    "'",
    "<",
    ">",
    "<br/>",
    "</",
    "<!DOCTYPE html>",
]


def by_beautiful_soup(text: str) -> set[str]:
    soup = BeautifulSoup(text, "html.parser", on_duplicate_attribute="ignore")
    found = {str(each["src"]) for each in soup.find_all("img", src=True)}
    found |= {str(each["href"]) for each in soup.find_all("a", href=True)}
    for each in soup.find_all(["img", "source"], srcset=True):
        found |= {part.split()[0] for part in str(each["srcset"]).split(",")}
    return found


@pytest.mark.filterwarnings("ignore::bs4.MarkupResemblesLocatorWarning")
def test_html_as_beautiful_soup_reads_it() -> None:
    for text in texts(HTML, 9, 3000):
        assert urls(text, html_links(View.whole(text))) == by_beautiful_soup(text), text


RST = [
    ".. image:: U\n\n",
    ".. image::\n   U\n\n",
    ".. figure:: U\n   :alt: x\n\n   A caption.\n\n",
    "- .. image:: U\n\n",
    ".. image:: U\n   :target: U\n   :width: 10\n\n",
    ".. |N| image:: U\n\n",
    "Text `words <U>`_ more.\n\n",
    "Code::\n\n   .. image:: U\n\n",
    "::\n\n   .. image:: U\n\n   more\n\nafter\n\n",
    ".. a comment\n   .. image:: U\n\n",
    ".. code:: text\n\n   .. image:: U\n\n",
    "``.. image:: U``\n\n",
    ".. note::\n\n   .. image:: U\n\n",
    "Title N\n=======\n\n",
    "..\n   .. image:: U\n\n",
    "> quoted\n\n",
    "* item\n\n  .. image:: U\n\n",
    "quoting:\n\n   .. image:: U\n\n",
    "`tN <U>`__\n\n",
    "* item::\n\n    .. image:: U\n\n  .. image:: U\n\n",
]


def by_docutils(text: str) -> set[str]:
    quiet = {"report_level": 5, "halt_level": 5, "file_insertion_enabled": False, "raw_enabled": True}
    tree = docutils.core.publish_doctree(text, settings_overrides=quiet)
    found = {str(node["uri"]) for node in tree.findall(docutils.nodes.image)}
    return found | {str(node["refuri"]) for node in tree.findall(docutils.nodes.reference) if "refuri" in node}


def test_restructuredtext_as_docutils_reads_it() -> None:
    for text in texts(RST, 6, 600):
        count = iter(range(1000))
        named = re.sub("N", lambda _, count=count: str(next(count)), text)  # type: ignore[misc]
        assert urls(named, rst_links(View.whole(named))) == by_docutils(named), named


def test_rows_of_stack_exchange_as_parsers_of_xml_and_html_read_them() -> None:
    for text in texts([piece for piece in HTML if "srcset" not in piece and "src='U' src" not in piece], 9, 1000):
        row = ElementTree.Element("row", {"Id": "1", "Body": text, "Title": '<img src="https://h.example/title.png">'})
        dump = ElementTree.tostring(row, encoding="unicode")
        found = list(stack_links(View.whole(f"<posts><!-- {dump.replace('--', '')} -->{dump}</posts>")))
        assert {link.url for link in found} == in_html(text)


def test_fields_of_json_as_parsers_of_json_and_markdown_read_them() -> None:
    different = []
    for number, text in enumerate(texts(MARKDOWN, 9, 1000)):
        dump = json.dumps(
            {"posts": [{"raw": text + "ä\U0001f600", "other": "![](https://h.example/other.png)"}]},
            ensure_ascii=number % 2 == 0,
        )
        found = {link.url for link in json_links(View.whole(dump))}
        different += [text] if found != by_markdown_it(text + "ä\U0001f600") else []
    assert len(different) <= 1, different


def test_cells_of_notebooks_as_parsers_of_json_and_markdown_read_them() -> None:
    different = []
    for text in texts(MARKDOWN, 9, 1000):
        cells = [
            {"cell_type": "markdown", "metadata": {}, "source": text.splitlines(keepends=True)},
            {
                "cell_type": "code",
                "metadata": {},
                "source": [text],
                "outputs": [{"output_type": "stream", "text": text}],
            },
        ]
        notebook = json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5, "metadata": {}})
        found = {link.url for link in notebook_links(View.whole(notebook))}
        different += [text] if found != by_markdown_it(text) else []
    assert len(different) <= 1, different


@pytest.mark.parametrize(
    ("text", "right"),
    [
        (r"\includegraphics[width=3cm]{https://h.example/a.png}", ["https://h.example/a.png"]),
        (
            r"\includegraphics {https://h.example/a\_b\%20c.png} % \includegraphics{https://h.example/no.png}",
            ["https://h.example/a_b%20c.png"],
        ),
        (r"100\% \includegraphics{https://h.example/a}", ["https://h.example/a"]),
        (
            r"\href{https://h.example/a%20b.png}{text} \url{https://h.example/b.png} \url{https://h.example/page}",
            ["https://h.example/a%20b.png", "https://h.example/b.png"],
        ),
        (
            "\\begin{verbatim}\n\\includegraphics{https://h.example/no.png}\n\\end{verbatim}\\includegraphics{local.png}",
            [],
        ),
        (r"\verb|\includegraphics{https://h.example/no.png}| \lstinline!\url{https://h.example/no.png}!", []),
        ("\\begin{lstlisting}\n\\url{https://h.example/no.png}\n\\end{lstlisting}", []),
    ],
)
def test_latex_without_comments_and_verbatim_text(text: str, right: list[str]) -> None:
    found = list(latex_links(View.whole(text)))
    assert [link.url for link in found] == right
    assert all(text[link.start : link.end].replace("\\", "") == link.url for link in found)


@given(st.text(max_size=60), st.text("/%&#_ab", max_size=10))
def test_another_address_reads_back_as_itself_wherever_it_is_put(words: str, end: str) -> None:
    old, new = "https://h.example/old.png", f"https://h.example/{quote(end)}?a=1&b=2"
    page = f'<p>{words.replace("<", "")}</p><img src="{old}">'
    row = ElementTree.tostring(ElementTree.Element("row", {"Body": f'<img src="{old}">'}), encoding="unicode")
    post = json.dumps({"cooked": f'<img src="{old}">'}).replace("/", "\\/")
    for text, scan in ((page, html_links), (row, stack_links), (post, json_links)):
        link = next(link for link in scan(View.whole(text)) if link.url == old)
        changed = text[: link.start] + link.spell(new) + text[link.end :]
        assert [each.url for each in scan(View.whole(changed))] == [new]


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("![x](https://h.example/a.png =640x480)", (640, 480)),
        ("![x|690x388, 50%](https://h.example/a.png)", (690, 388)),
        ('<img width=64 src="https://h.example/a.png" height="48px">', (64, 48)),
        ('<img width="50%" src="https://h.example/a.png">', (None, None)),
    ],
)
def test_the_size_that_a_document_gives_a_picture_is_known(text: str, size: tuple[int | None, int | None]) -> None:
    (link,) = markdown_links(View.whole(text))
    assert (link.width, link.height) == size


def test_css_shows_pictures_too_and_protocol_relative_addresses_are_absolute() -> None:
    text = """<style>a { background: url( '//h.example/a.png' ) } /* url(https://h.example/no.png) */</style>
    <p style="background:url(&quot;https://h.example/b.png&quot;)">"""
    assert [link.url for link in html_links(View.whole(text))] == ["https://h.example/a.png", "https://h.example/b.png"]


def test_every_field_of_posts_is_read_as_what_it_is() -> None:
    post = {
        "body": '<img src="https://h.example/a.png">',
        "body_markdown": "&lt;img src=&quot;https://h.example/b.png&quot;&gt; ![x](https://h.example/c.png?a&amp;b)",
        "title": "![x](https://h.example/no.png)",
        "deep": [{"raw": "![x](https://h.example/d.png)", "cooked": None}, 1, True, {}, []],
    }
    text = f"{json.dumps(post)}\n{json.dumps({'raw': '![x](https://h.example/e.png)'})}\n"
    found = [link.url.removeprefix("https://h.example/") for link in json_links(View.whole(text))]
    assert found == ["a.png", "b.png", "c.png?a&b", "d.png", "e.png"]


def test_raw_html_in_restructuredtext_is_read_as_html() -> None:
    text = ".. raw:: html\n\n   <img src='https://h.example/a.png'>\n\n.. raw:: latex\n\n   <img src='https://h.example/b.png'>\n"
    assert urls(text, rst_links(View.whole(text))) == {"https://h.example/a.png"}


@pytest.mark.parametrize("text", ["{", '{"a": }', '["a" "b"]', "{1: 2}", '"open'])
def test_what_is_no_json_is_said_to_be_none(text: str) -> None:
    with pytest.raises(NotReadable):
        list(json_links(View.whole(text)))
