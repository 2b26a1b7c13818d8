"""Answers of the server as records, and links in other people's markup."""

from html import escape as escaped
from html.parser import HTMLParser

import pytest
from docutils import nodes
from docutils.core import publish_doctree
from markdown_it import MarkdownIt

from heliograph import HeliographError, Image, UnexpectedAnswerError
from heliograph.client._errors import LONGEST_MESSAGE
from heliograph.client._references import Reference, refer

ANSWER = {
    "id": "aB3xY7qmTz",
    "page": "https://h.example/aB3xY7qmTz",
    "link": "https://h.example/aB3xY7qmTz.png",
    "thumbnails": {"s": "https://h.example/aB3xY7qmTzs.jpg"},
    "title": None,
    "width": 3,
    "height": 2,
    "media_type": "image/png",
    "size": 99,
    "animated": False,
    "sha256": "00",
    "created": "2026-01-02T03:04:05Z",
    "delete_hash": "s3cr3tS3cr3tabc",
    "delete_link": "https://h.example/delete/s3cr3tS3cr3tabc",
    "from_the_future": {"x": 1},
}


def image(**changes: object) -> Image:
    return Image.parse(ANSWER | changes)


def test_members_that_this_version_does_not_know_are_kept_aside() -> None:
    assert image().answer["from_the_future"] == {"x": 1}


def test_a_missing_text_is_an_empty_one() -> None:
    assert (image().title, image().alt) == ("", "")


def test_the_time_of_creation_knows_its_zone() -> None:
    assert image().created.isoformat() == "2026-01-02T03:04:05+00:00"


@pytest.mark.parametrize("answer", [None, [], "x", {}, ANSWER | {"created": "yesterday"}, ANSWER | {"width": "wide"}])
def test_an_answer_that_is_no_image_is_called_so(answer: object) -> None:
    with pytest.raises(UnexpectedAnswerError, match="Is it a Heliograph server"):
        Image.parse(answer)


def test_the_representation_keeps_the_delete_hash_to_itself() -> None:
    assert "s3cr3t" not in repr(image())


def test_an_image_reads_as_its_link() -> None:
    assert f"{image()}" == "https://h.example/aB3xY7qmTz.png"


@pytest.mark.parametrize(
    ("alt", "written"),
    [
        ("plain words", "plain words"),
        ("a [b] c", r"a \[b\] c"),
        ("](evil)", r"\](evil)"),
        ("back\\slash", r"back\\slash"),
        ("*not* _emphasis_ `code`", r"\*not\* \_emphasis\_ \`code\`"),
        ("<b> & &copy;", "&lt;b&gt; & &amp;copy;"),
        ("two\n\nparagraphs", "two paragraphs"),
    ],
)
def test_markdown_keeps_the_alt_text_as_text(alt: str, written: str) -> None:
    assert image(alt=alt).markdown() == f"![{written}](https://h.example/aB3xY7qmTz.png)"


def test_markdown_is_not_ended_by_a_bracket_in_the_link() -> None:
    assert image(link="https://h.example/a)b.png").markdown() == "![](https://h.example/a%29b.png)"


def test_html_says_the_same_alt_text_again() -> None:
    told: dict[str, str | None] = {}

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            told.update(attrs)

    Reader().feed(image(alt="\"><script>'&amp;").html())
    assert told == {"src": ANSWER["link"], "alt": "\"><script>'&amp;", "width": "3", "height": "2"}


def test_bbcode_holds_the_link() -> None:
    assert image().bbcode() == "[img]https://h.example/aB3xY7qmTz.png[/img]"


HARD_TEXTS = [
    "plain",
    "a [b] (c)",
    "\\ ` * _ {x} $y$ 50% #1 ~ ^ | <b> & &copy;",
    ":name: value",
    "two\n\nparagraphs",
    ".. note:: x",
    "```",
]


@pytest.mark.parametrize("alt", HARD_TEXTS)
def test_a_reader_of_markdown_sees_one_picture_with_the_same_text(alt: str) -> None:
    html = MarkdownIt("commonmark").render(image(alt=alt).markdown())
    assert html == f'<p><img src="{ANSWER["link"]}" alt="{escaped(" ".join(alt.split()))}" /></p>\n'


@pytest.mark.parametrize("alt", HARD_TEXTS)
def test_a_reader_of_restructuredtext_sees_one_picture_with_the_same_text(alt: str) -> None:
    strict = {"halt_level": 2, "report_level": 5}
    found = list(publish_doctree(image(alt=alt).rst(), settings_overrides=strict).findall(nodes.image))
    assert [(each["uri"], each["alt"]) for each in found] == [(ANSWER["link"], " ".join(alt.split()))]


def test_restructuredtext_without_words_is_the_picture_alone() -> None:
    assert image().rst() == ".. image:: https://h.example/aB3xY7qmTz.png\n"


def test_latex_gets_a_link_whose_text_is_text() -> None:
    written = image(alt="50% of {A_1} & $x$ #2 \\ ~^", link="https://h.example/a.png?x=1&y=%20#z").latex()
    assert written == (
        r"\href{https://h.example/a.png?x=1\&y=\%20\#z}"
        r"{50\% of \{A\_1\} \& \$x\$ \#2 \textbackslash{} \textasciitilde{}\textasciicircum{}}"
    )


def test_latex_without_words_shows_the_link() -> None:
    assert image().latex() == r"\url{https://h.example/aB3xY7qmTz.png}"


def test_a_notebook_shows_the_picture_by_its_link() -> None:
    assert image(alt="x")._repr_html_() == image(alt="x").html()
    assert image(alt="x")._repr_markdown_() == image(alt="x").markdown()


def test_the_title_stands_in_for_a_missing_alt_text() -> None:
    assert image(title="A cat").markdown().startswith("![A cat]")


def test_a_message_is_one_short_line_that_cannot_steer_a_terminal() -> None:
    message = str(HeliographError("red \x1b[31m\nsecond line\r" + "x" * 9999))
    assert message.isprintable()
    assert len(message) == LONGEST_MESSAGE


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("aB3xY7qmTz", Reference(id="aB3xY7qmTz")),
        ("https://h.example/aB3xY7qmTz", Reference(id="aB3xY7qmTz")),
        ("https://h.example/deep/path/aB3xY7qmTz.png?w=640#x", Reference(id="aB3xY7qmTz")),
        ("https://h.example/aB3xY7qmTzl.jpg", Reference(id="aB3xY7qmTz")),
        ("https://h.example/aB3xY7qmTz/", Reference(id="aB3xY7qmTz")),
        ("abcde", Reference(id="abcde")),
        ("abcdefgm", Reference(id="abcdefgm")),
        ("s3cr3tS3cr3tabc", Reference(delete_hash="s3cr3tS3cr3tabc")),
        ("https://h.example/delete/s3cr3tS3cr3tabc", Reference(delete_hash="s3cr3tS3cr3tabc")),
        ("https://h.example/delete/short", Reference(delete_hash="short")),
    ],
)
def test_ids_links_and_delete_links_name_the_same_image(text: str, meant: Reference) -> None:
    assert refer(text) == meant


@pytest.mark.parametrize("text", ["", "/", "https://h.example/", "../../etc/passwd?", "a b", "ïd"])
def test_what_names_no_image_is_refused(text: str) -> None:
    with pytest.raises(HeliographError, match="names no image"):
        refer(text)
