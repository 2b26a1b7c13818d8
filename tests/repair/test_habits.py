"""Documents as people write them, beyond what the standards of their formats say."""

import time
from pathlib import Path

import pytest

from heliograph import InputError
from heliograph.repair.documents import Document, read_document
from heliograph.repair.patches import repaired

NEW = "http://127.0.0.1:8750/AbCdEfGhIj.png"
H = "https://h.example"

HTML = {
    "pictures that come late": (
        f'<img src="data:image/gif;base64,R0" data-src="{H}/1.png" data-srcset="{H}/2.png 1x, {H}/3.png 2x">'
        f"<img data-original='{H}/4.png'><img data-lazy-src={H}/5.png data-lazy-srcset='{H}/6.png 2x'>",
        [1, 2, 3, 4, 5, 6],
    ),
    "a picture in several forms": (
        f'<picture><source srcset="{H}/1.webp, {H}/2.webp 2x" type=image/webp><img src={H}/3.png></picture>',
        ["1.webp", "2.webp", 3],
    ),
    "what others show of the page": (
        f'<meta property="og:image" content="{H}/1"><meta name="twitter:image" content="{H}/2.png">'
        f'<meta name="url" content="{H}/no.png"><link rel="shortcut icon" href="{H}/3.png">'
        f'<link rel=stylesheet href="{H}/no.svg"><link rel=icon>',
        ["1", 2, 3],
    ),
    "frames for something": (
        f'<object data="{H}/1.svg"></object><embed src="{H}/2.svg"><embed src="{H}/no.pdf">'
        f'<section data-background-image="{H}/3.png" data-background="#fff"></section>',
        ["1.svg", "2.svg", 3],
    ),
    "text that is no markup": (
        f'<title><img src="{H}/no.png"></title>'
        f'<textarea><img src="{H}/no.png"></textarea><iframe><img src="{H}/no.png">'
        f'</iframe><script>"<img src={H}/no.png>"</script><p title="<img src=\'{H}/no.png\'>"><img src="{H}/1.png">',
        [1],
    ),
    "blanks and capitals": (
        f'<img src="{H}/a b.png"><img src="\n  {H}/1.png ">'
        f'<img src="HTTPS://h.example/2.PNG"><img src="//h.example/3.png">',
        ["a%20b.png", 1, "2.PNG", 3],
    ),
    "references in addresses": (
        f'<img src="{H}/1.png?a=1&amp;b=2&copy=3#top"><img src="{H}/2.png?q=&quot;">',
        ["1.png?a=1&b=2&copy=3#top"],
    ),
    "quotes in styles": (
        f'<div style="background: url(&quot;{H}/1.png&quot;)"></div><style>/* url({H}/no.png) */ a {{ background: '
        f"URL( '{H}/2.png' ) }} @font-face {{ src: url({H}/no.woff) }}</style>",
        [1, 2],
    ),
    "a base": (
        f'<base href="{H}/d/"><base href="https://no.example/"><img src="1.png"><img src="../2.png"><img src="">'
        f'<img src="https://h.example/3.png"><a href="4.jpg">x</a><a href="#top">y</a>',
        ["d/1.png", 2, 3, "d/4.jpg"],
    ),
    "a base below the page": ('<base href="pictures/"><img src="1.png">', []),
}

MARKDOWN = {
    "data in front": (
        f"---\ntitle: x\ncover: {H}/1.png\nimage: \"{H}/2.jpg\"\nmany: [{H}/3.png, '{H}/4.png']\nhome: {H}/\n"
        f'# {H}/no.png\ntext: "![a]({H}/no.png)"\n---\n\n![x]({H}/5.png)\n',
        [1, "2.jpg", 3, 4, 5],
    ),
    "data in front, as TOML, of a file with a mark of its byte order": (
        f'\ufeff+++\r\nimage = "{H}/1.png"\r\n+++\r\n![x]({H}/2.png)\r\n',
        [1, 2],
    ),
    "a rule that is no data": (f"---\n\n![x]({H}/1.png)\n\n---\n![x]({H}/2.png)\n", [1, 2]),
    "admonitions and tabs": (
        f'!!! note "T"\n\n    ![x]({H}/1.png)\n\n        ![no]({H}/no.png)\n\n??? tip\n    ![x]({H}/2.png)\n\n'
        f'=== "One"\n\n    ![x]({H}/3.png)\n\n    ```\n    ![no]({H}/no.png)\n    ```\n\n'
        f"Text\n\n    ![no]({H}/no.png)\n",
        [1, 2, 3],
    ),
    "footnotes and definitions": (
        f"A[^1]\n\n[^1]: Note\n\n    ![x]({H}/1.png)\n\nTerm\n\n:   ![x]({H}/2.png)\n\n    ![x]({H}/3.png)\n",
        [1, 2, 3],
    ),
    "directives": (
        f"```{{figure}} {H}/1.png\n:width: 30px\n:target: {H}/2.png\nA caption ![x]({H}/3.png)\n```\n"
        f":::{{image}} {H}/4.png\n:::\n\n````{{note}}\n![x]({H}/5.png)\n```python\n![no]({H}/no.png)\n```\n````\n"
        f"```{{code-block}} md\n![no]({H}/no.png)\n```\n```{{r}}\n![no]({H}/no.png)\n```\n![x]({H}/6.png)\n",
        [1, 2, 3, 4, 5, 6],
    ),
    "code that begins with a tab": (f"![x]({H}/1.png)\n\n\t![no]({H}/no.png)\n\n-\ta\n\n\t![x]({H}/2.png)\n", [1, 2]),
    "badges": (
        f'<p align="center">\n  <img width="10" src="{H}/1.png">\n</p>\n\n[![Build]({H}/2.svg)]({H}) [![D][d]][l]\n\n'
        f"[d]: {H}/3.svg\n[l]: {H}/\n",
        [1, "2.svg", "3.svg"],
    ),
    "signs in addresses": (
        f"![a]({H}/a_(b).png) ![b]({H}/a\\(b.png) ![c](<{H}/a b.png>) "
        f"![d]({H}/x&amp;y.png 't') ![e](HTTPS://h.example/1.png)",
        ["a_(b).png", "a(b.png", "a%20b.png", "x&y.png", 1],
    ),
    "sizes of several editors": (
        f"![a]({H}/1.png){{width=300}} ![b]({H}/2.png){{: .c}} ![c]({H}/3.png =3x4)",
        [1, 2, 3],
    ),
}

RST = {
    "a long description": (
        f".. |x| image:: {H}/1.png\n   :alt: a long\n      text\n   :target: {H}/2.png\n\n|x|\n",
        [1, 2],
    ),
    "tabs": (f".. figure:: {H}/1.png\n\t:width: 30\n\t:target: {H}/2.png\n\n\tSee `a <{H}/3.png>`_.\n", [1, 2, 3]),
    "a list that is a table": (
        f".. list-table::\n\n   * - .. image:: {H}/1.png\n     - .. figure:: {H}/2.png\n   * - .. code::\n\n"
        f"            .. image:: {H}/no.png\n     - .. image:: {H}/3.png\n",
        [1, 2, 3],
    ),
    "targets without names and on a line of their own": (
        f"__ {H}/1.png\n\n.. _a:\n   {H}/2.png\n\n.. _b:\n\nTitle\n",
        [1, 2],
    ),
    "an address on two lines, which is left alone": (f".. image:: {H}/\n   no.png\n\n.. image:: {H}/1.png\n", [1]),
    "marks of byte order and Windows' ends of lines": (f"\ufeff.. image:: {H}/1.png\r\n   :alt: a\r\n", [1]),
}

LATEX = {
    "files beside it": (
        r"\graphicspath{{figures/}{../}} \includegraphics[width=.5\textwidth]{plot} \includegraphics{a.b/c}"
        rf"\href{{{H}/a\_b.png}}{{x}} % \href{{{H}/no.png}}{{x}}"
        + "\n"
        + rf"\verb|\url{{{H}/no.png}}| \% \url{{{H}/1.png}}",
        ["a_b.png", 1],
    )
}

POSTS = {
    "a table of the Data Explorer.csv": (
        f'Post Link,Body,Title\r\n1,"<p>""q"", <img src=""{H}/1.png"">\n<img src=""{H}/2.png"">",T\r\n'
        f'2,<img src={H}/3.png>,"<img src={H}/no.png>"\r\n3,"unclosed',
        [1, 2, 3],
    ),
    "dump.xml": (
        '\ufeff<?xml version="1.0" encoding="utf-8"?>\r\n<posts>\r\n'
        '  <row Id="1" Body="&lt;img src=&quot;https://h.example/'
        "1.png?a=1&amp;amp;b=2&quot; "
        "alt=&quot;&amp;lt;img src=&amp;quot;no&amp;quot;&amp;gt;&quot;&gt;&#xD;&#xA;&lt;pre&gt;"
        "&amp;lt;img src='https://h.example/no.png'&amp;gt;&lt;/pre&gt;\" "
        "Title=\"&lt;img src='https://h.example/no.png'&gt;\" "
        "/>\r\n</posts>",
        ["1.png?a=1&b=2"],
    ),
    "discourse.json": (
        f'\ufeff{{"raw": "![a|690x388, 50%]({H}/1.png)\\n'
        f'![b](upload://x.png)", "cooked": "<a class=\\"lightbox\\" href='
        f'\\"{H}/2.png\\"><img src=\\"\\/\\/h.example\\/3.png\\" srcset=\\"{H}/4.png, {H}/5.png 1.5x\\"></a>"}}',
        [1, 2, 3, 4, 5],
    ),
    "several, one on each line.jsonl": (
        f'{{"body": "<img src={H}/1.png>", '
        f'"n": [1, {{"body": ["<img src={H}/no.png>"]}}]}}\n\n{{"raw": "![a]({H}/2.png)"}}\n',
        [1, 2],
    ),
}

CASES = [
    pytest.param(Path(f"{name}{ending}"), *case, id=f"{name}{ending}")
    for ending, cases in ((".html", HTML), (".md", MARKDOWN), (".rst", RST), (".tex", LATEX), ("", POSTS))
    for name, case in cases.items()
]


@pytest.mark.parametrize(("name", "text", "right"), CASES)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_picture_is_found_and_nothing_else_is_changed(
    tmp_path: Path, name: Path, text: str, right: list[str | int], end: str
) -> None:
    text = text.replace("\r\n", "\n").replace("\n", end)
    path = tmp_path / name
    path.write_bytes(text.encode())
    document = read_document(path)
    assert isinstance(document, Document)
    urls = [f"{H}/{each}.png" if isinstance(each, int) else f"{H}/{each}" for each in right]
    assert sorted(link.url for link in document.links) == sorted(urls)
    before, after = repaired(document, dict.fromkeys(urls, NEW))
    assert before == text.encode()
    path.write_bytes(after)
    again = read_document(path)
    assert isinstance(again, Document)
    assert [link.url for link in again.links] == [NEW] * len(urls)
    assert around(document, before.decode()) == around(again, after.decode())


def around(document: Document, text: str) -> list[str]:
    """What stands between the addresses."""
    ends = [0, *(link.end for link in document.links)]
    return [text[end:start] for end, start in zip(ends, [*(link.start for link in document.links), None], strict=True)]


def test_text_that_is_cut_off_is_said_to_be_no_json(tmp_path: Path) -> None:
    for number, text in enumerate(
        ('{"raw": "a"', "[1, 2", '{"raw" 3}', '{"a": 1 "b": 2}', "[1}", "]", "{1: 2}", '"a', "{,}")
    ):
        path = tmp_path / f"{number}.json"
        path.write_text(text)
        assert "it is no JSON" in getattr(read_document(path), "reason", ""), text


def test_what_has_changed_since_it_was_read_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(f"![a]({H}/1.png)")
    document = read_document(path)
    assert isinstance(document, Document)
    path.write_text(f"More. ![a]({H}/1.png)")
    with pytest.raises(InputError, match="has changed meanwhile"):
        repaired(document, {f"{H}/1.png": NEW})


@pytest.mark.parametrize(
    ("name", "piece"), [("a.html", "<a "), ("a.html", "<img src="), ("a.xml", "<row "), ("a.xml", "<!--")]
)
def test_tags_that_nothing_ends_take_no_time(tmp_path: Path, name: str, piece: str) -> None:
    path = tmp_path / name
    path.write_text(piece * 30_000)
    began = time.process_time()
    assert not getattr(read_document(path), "links", None)
    assert time.process_time() - began < 10  # the square of the text took minutes
