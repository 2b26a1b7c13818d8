"""Where Markdown shows pictures, held to what a real parser of CommonMark says."""

import re
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from markdown_it import MarkdownIt
from markdown_it.token import Token

from heliograph.documents import markdown

PNG = "data:image/png;base64,AAAA"


def found(text: str) -> list[tuple[str, str]]:
    """Address and alt text of each picture, as they stand in the text."""
    listed = sorted(markdown.pictures(text), key=lambda each: each.start)
    assert all(each.written(each.address) == text[each.start : each.end] for each in listed)
    return [(each.address, each.alt) for each in listed]


def parsed(text: str) -> list[tuple[str, str]]:
    """The same by markdown-it, in the order in which they are shown."""

    def pictures(tokens: list[Token]) -> list[tuple[str, str]]:
        own = []
        for token in tokens:
            if token.type == "image":
                own.append((str(token.attrs["src"]), token.content))
            own += pictures(token.children or [])
        return own

    return pictures(MarkdownIt("commonmark").parse(text))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"a ![b]({PNG}) c", [(PNG, "b")]),
        (f"![]({PNG})", [(PNG, "")]),
        (f'![b](<{PNG}> "title")', [(PNG, "b")]),
        (f"![b](\n  {PNG}\n  'title')", [(PNG, "b")]),
        (f"[![b]({PNG})](https://example.com)", [(PNG, "b")]),
        (f"![a [b] c]({PNG})", [(PNG, "a [b] c")]),
        (rf"![a \] c]({PNG})", [(PNG, "a ] c")]),
        (f"[b]({PNG})", []),
        (rf"\![b]({PNG})", []),
        (f"`![b]({PNG})`", []),
        (rf"\`![b]({PNG})\`", [(PNG, "b")]),
        (f"``a ` ![b]({PNG}) ``", []),
        (f"`a\n\n![b]({PNG}) `", [(PNG, "b")]),
        (f"```\n![b]({PNG})\n```\n![c]({PNG})", [(PNG, "c")]),
        (f"~~~~ python\n~~~\n![b]({PNG})\n~~~~\n", []),
        (f"> ```\n> ![b]({PNG})\n\n![c]({PNG})", [(PNG, "c")]),
        (f"- ```\n  ![b]({PNG})\n\n![c]({PNG})", [(PNG, "c")]),
        (f"a\n\n    ![b]({PNG})\n", []),
        (f"a\n    ![b]({PNG})\n", [(PNG, "b")]),
        (f"- a\n\n    ![b]({PNG})\n", [(PNG, "b")]),
        (f"- a\n\n      ![b]({PNG})\n", []),
        (f"1. a\n   - b\n\n     ![b]({PNG})\n", [(PNG, "b")]),
        (f"<!-- ![b]({PNG}) -->", []),
        (f"![b][One]\n\n[one]: {PNG}\n", [(PNG, "b")]),
        (f"![][one]\n\n![one]\n\n[one]: <{PNG}>\n", [(PNG, "one")]),
        (f"[b][one]\n\n[one]: {PNG}\n", []),
        (f"a <img alt='b' src='{PNG}'> c", [(PNG, "b")]),
        (f"`<img src='{PNG}'>`", []),
        (f"[c][one] ![][one] ![b][one]\n\n[one]: {PNG}\n", [(PNG, "b")]),
        ("![b &lt; c](d&amp;e.png)", [("d&e.png", "b < c")]),
        ("![b](a(b)c.png) ![d](e\\(.png)", [("a(b)c.png", "b"), ("e(.png", "d")]),
    ],
)
def test_what_is_a_picture(text: str, shown: list[tuple[str, str]]) -> None:
    listed = sorted(markdown.pictures(text), key=lambda each: each.start)
    assert [(each.address, each.alt) for each in listed] == shown


LINES = some.sampled_from(["text", "a `b` c", "", "*", "# heading", "\\`", "a ` b", "| a |", "~ b", "&amp;"])
PICTURE = some.just("![b](NEXT)")
LINE = some.one_of(LINES, PICTURE, some.just("`![b](NEXT)`"), some.just("a ``b` ![b](NEXT)`` ![b](NEXT)"))
LEAVES = some.one_of(
    some.lists(LINE, min_size=1, max_size=3),
    some.lists(LINE, max_size=3).map(lambda lines: ["```", *lines, "```"]),
    some.lists(LINE, max_size=3).map(lambda lines: ["~~~~ python", "~~~", *lines, "~~~~"]),
    some.just(["    ![b](NEXT)", "      ![b](NEXT)"]),
)


def nested(blocks: some.SearchStrategy[list[str]]) -> some.SearchStrategy[list[str]]:
    several = some.lists(blocks, min_size=1, max_size=3).map(lambda each: [line for b in each for line in [*b, ""]])
    return some.one_of(
        several,
        blocks.map(lambda lines: [f"> {line}" for line in lines]),
        blocks.map(lambda lines: [("- " if not at else "  ") + line for at, line in enumerate(lines)]),
        blocks.map(lambda lines: [("10. " if not at else "    ") + line for at, line in enumerate(lines)]),
    )


@settings(max_examples=400, deadline=None)
@given(some.recursive(LEAVES, nested, max_leaves=8))
def test_what_is_a_picture_is_what_commonmark_says(lines: list[str]) -> None:
    numbers = iter(range(10_000))
    text = re.sub("NEXT", lambda _: f"data:image/png;base64,A{next(numbers)}", "\n".join(lines))
    assert found(text) == parsed(text)


def test_a_long_page_is_read_in_little_time() -> None:
    text = ("![" * 2000 + "`" * 2000 + " ` `` [" * 2000 + "]\n") * 3 + f"\n\n![b]({PNG}{'A' * 5_000_000})"
    assert len(found(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "a <!--" * 20_000,
        "[" * 20_000 + "]" * 20_000,
        "![" * 10_000 + "](a)" * 10_000,
        "[a](b" * 20_000,
        "a " * 1_000_000,
    ],
    ids=["comments", "brackets", "pictures", "links", "words"],
)
def test_a_page_of_things_that_never_end_is_read_in_little_time(text: str) -> None:
    before = process_time()
    assert len(list(markdown.pictures(text))) <= 1
    assert process_time() - before < 2  # seconds; comments took 12 when each was searched to the end of the page
