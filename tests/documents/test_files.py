"""Markdown and HTML files and notebooks, rewritten with the links of a real server."""

import json
import os
import re
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import v4

import heliograph
from heliograph import Client, Image, InputError, UnreachableError
from heliograph.documents.embedded import Embedded
from heliograph.documents.files import Document
from heliograph.documents.publishing import publish_all
from tests.documents.conftest import SVG, base64_of, data_uri, fetched, pixels, shows
from tests.running import free_port, picture

LINK = re.compile(r"http://127\.0\.0\.1:\d+/\w{10}\.\w+")
RED_URI = data_uri(picture())
Publish = Callable[[Sequence[Embedded]], Mapping[Embedded, Image]]


@pytest.fixture
def publish(client: Client) -> Publish:
    return lambda pictures: publish_all(client, pictures)


def output(data: dict[str, Any], metadata: dict[str, Any] | None = None) -> Any:
    return v4.new_output("display_data", data=data, metadata=metadata or {})


def notebook_file(path: Path, *cells: Any) -> Path:
    nbformat.write(v4.new_notebook(cells=list(cells)), path)
    return path


def code(*outputs: Any) -> Any:
    return v4.new_code_cell("draw()", outputs=list(outputs))


def test_in_markdown_nothing_but_addresses_changes(tmp_path: Path, publish: Publish) -> None:
    red, blue = picture(), picture(form="JPEG")
    template = (
        "\ufeff# Title\r\n\r\n![Red *one*]({red} \"t\")  \n<img width=3 src='{blue}' alt=x>\n"
        "`![code]({red})`\n\n[1]: <{red}>\n![by label][1]\nno line break at the end é"
    )
    file = tmp_path / "a page.md"
    before = template.format(red=data_uri(red), blue=data_uri(blue, "image/jpeg")).encode() + b"\xff\xfe"
    file.write_bytes(before)
    saved = Document(file).publish(publish)
    after = file.read_bytes()
    first, second, third = LINK.findall(after.decode("utf-8", "replace"))
    assert saved == len(before) - len(after)
    kept = f"`![code]({data_uri(red)})`"
    expected = template.format(red="•", blue=second).replace("`![code](•)`", kept)  # never in base64 or a link
    expected = expected.replace("•", first, 1).replace("•", third, 1)
    assert after == expected.encode() + b"\xff\xfe"
    assert shows(first, red)
    assert shows(second, blue)


def test_the_alt_text_goes_with_the_picture(tmp_path: Path, publish: Publish, client: Client) -> None:
    file = tmp_path / "page.md"
    file.write_text(f"![A \\[red\\] one]({data_uri(picture())})")
    Document(file).publish(publish)
    (link,) = LINK.findall(file.read_text())
    assert client.info(link).alt == "A [red] one"
    assert file.read_text() == f"![A \\[red\\] one]({link})"


def test_a_page_made_by_nbconvert_shows_links(tmp_path: Path, publish: Publish) -> None:
    import nbconvert

    red = picture()
    html, _ = nbconvert.HTMLExporter().from_notebook_node(
        v4.new_notebook(cells=[code(output({"image/png": base64_of(red)}, {"image/png": {"alt": "Red"}}))])
    )
    file = tmp_path / "page.html"
    file.write_text(html)
    Document(file).publish(publish)
    (link,) = LINK.findall(file.read_text())
    assert shows(link, red)
    assert re.sub(r'src="data:image/png[^"]*"', f'src="{link}"', html) == file.read_text()
    assert Document(file).pictures() == []


def test_what_cells_show_becomes_links_in_all_words_that_front_ends_know(
    tmp_path: Path, publish: Publish, client: Client
) -> None:
    red = picture(40, 20)
    data = {"image/png": base64_of(red) + "\n", "text/plain": "<Figure size 40x20>"}
    file = notebook_file(tmp_path / "n.ipynb", code(output(data, {"image/png": {"alt": 'A "red" one'}})))
    Document(file).publish(publish)
    notebook = nbformat.read(file, 4)
    nbformat.validate(notebook)
    shown = notebook.cells[0].outputs[0]
    (link,) = set(LINK.findall(file.read_text()))
    assert shows(link, red)
    assert client.info(link).alt == 'A "red" one'
    assert shown.data == {
        "text/html": f'<img src="{link}" alt="A &quot;red&quot; one" width="40" height="20">',
        "text/markdown": f'![A "red" one]({link})',
        "text/plain": "<Figure size 40x20>",
    }
    assert shown.metadata == {"image/png": {"alt": 'A "red" one'}}


@pytest.mark.parametrize("told", [{"width": 20, "height": 10}, {"width": 20}, {"height": 10}, {"width": "20"}])
def test_a_picture_keeps_the_size_that_the_notebook_gave_it(
    tmp_path: Path, publish: Publish, told: dict[str, object]
) -> None:
    metadata = {"image/png": told}
    file = notebook_file(tmp_path / "n.ipynb", code(output({"image/png": base64_of(picture(40, 20))}, metadata)))
    Document(file).publish(publish)
    assert 'width="20" height="10"' in nbformat.read(file, 4).cells[0].outputs[0].data["text/html"]


@pytest.mark.parametrize("told", [{"width": 20}, {"height": 10}])
def test_a_host_that_does_not_tell_the_size_of_a_picture_stops_nothing(
    tmp_path: Path, publish: Publish, told: dict[str, object]
) -> None:
    """As one shaped like Imgur may."""

    def elsewhere(pictures: Sequence[Embedded]) -> Mapping[Embedded, Image]:
        return {each: replace(image, width=0, height=0) for each, image in publish(pictures).items()}

    metadata = {"image/png": told}
    file = notebook_file(tmp_path / "n.ipynb", code(output({"image/png": base64_of(picture(40, 20))}, metadata)))
    Document(file).publish(elsewhere)
    assert LINK.search(nbformat.read(file, 4).cells[0].outputs[0].data["text/html"])


@pytest.mark.parametrize(
    ("media_type", "form"),
    [("image/jpeg", "JPEG"), ("image/gif", "GIF"), ("image/webp", "WEBP"), ("image/svg+xml", "")],
)
def test_pictures_of_every_type_are_published(tmp_path: Path, publish: Publish, media_type: str, form: str) -> None:
    shown = base64_of(picture(form=form)) if form else SVG
    file = notebook_file(tmp_path / "n.ipynb", code(output({media_type: shown, "text/plain": "x"})))
    Document(file).publish(publish)
    assert set(nbformat.read(file, 4).cells[0].outputs[0].data) == {"text/html", "text/markdown", "text/plain"}
    (link,) = set(LINK.findall(file.read_text()))
    assert pixels(fetched(link)).shape[2] == 3


def test_an_svg_stays_where_it_is_asked_to(tmp_path: Path, publish: Publish) -> None:
    red = picture()
    both = output({"image/png": base64_of(red), "image/svg+xml": SVG})
    file = notebook_file(tmp_path / "n.ipynb", code(both, output({"image/svg+xml": SVG})))
    Document(file, keep_svg=True).publish(publish)
    first, second = nbformat.read(file, 4).cells[0].outputs
    assert set(first.data) == {"text/html", "text/markdown", "image/svg+xml"}
    assert second.data == {"image/svg+xml": SVG}
    page = tmp_path / "page.md"
    page.write_text(before := f"![a]({data_uri(SVG.encode(), 'image/svg+xml')})")
    Document(page, keep_svg=True).publish(publish)
    assert page.read_text() == before


def test_attachments_become_links_where_they_are_shown_and_stay_where_not(tmp_path: Path, publish: Publish) -> None:
    red, blue, other = picture(), picture(), picture()
    source = (
        f"![image.png](attachment:image.png)\n<img src='attachment:a%20b.png'> `attachment:image.png`\n"
        f"![in the text]({data_uri(other)})"
    )
    cell = v4.new_markdown_cell(source)
    cell.attachments = {
        "image.png": {"image/png": base64_of(red)},
        "a b.png": {"image/png": base64_of(blue)},
        "unused.png": {"image/png": base64_of(red)},
    }
    used_up = v4.new_markdown_cell("![](attachment:x.png)", attachments={"x.png": {"image/png": base64_of(red)}})
    file = notebook_file(tmp_path / "n.ipynb", cell, used_up)
    Document(file).publish(publish)
    first, second = nbformat.read(file, 4).cells
    links = LINK.findall(first.source)
    assert [shows(link, each) for link, each in zip(links, (red, blue, other), strict=True)] == [True] * 3
    assert first.source == (
        f"![image.png]({links[0]})\n<img src='{links[1]}'> `attachment:image.png`\n![in the text]({links[2]})"
    )
    assert set(first.attachments) == {"unused.png"}
    assert "attachments" not in second


def test_pictures_in_what_cells_show_as_html_and_markdown_become_links(tmp_path: Path, publish: Publish) -> None:
    red = picture()
    data = {"text/html": f'<b><img src="{data_uri(red)}"></b>', "text/markdown": f"![]({data_uri(red)})"}
    file = notebook_file(tmp_path / "n.ipynb", code(output(dict(data))))
    Document(file).publish(publish)
    shown = nbformat.read(file, 4).cells[0].outputs[0].data
    (link,) = set(LINK.findall(file.read_text()))
    assert shown == {"text/html": f'<b><img src="{link}"></b>', "text/markdown": f"![]({link})"}


LAYOUTS: dict[str, Callable[[Any], str]] = {
    "Jupyter": lambda nb: json.dumps(nb, indent=1, sort_keys=True, ensure_ascii=False) + "\n",
    "no line break at the end": lambda nb: json.dumps(nb, indent=1, ensure_ascii=False),
    "Colab": lambda nb: json.dumps(nb, indent=2),
    "compact": lambda nb: json.dumps(nb, separators=(",", ":")),
    "Windows": lambda nb: json.dumps(nb, indent=1, ensure_ascii=False).replace("\n", "\r\n"),
    "tabs": lambda nb: "\ufeff" + json.dumps(nb, indent="\t", ensure_ascii=False),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_in_a_notebook_nothing_but_the_pictures_changes(tmp_path: Path, publish: Publish, layout: str) -> None:
    def notebook(shown: dict[str, Any]) -> Any:
        show = {"output_type": "display_data", "metadata": {"x": 1.5}, "data": shown}
        draw = {"cell_type": "code", "execution_count": 7, "metadata": {}, "source": ["é\n", "b"], "outputs": [show]}
        text = {"cell_type": "markdown", "metadata": {}, "source": []}
        return {
            "nbformat": 4,
            "metadata": {"numbers": "NUMBERS", "ü": {}},
            "cells": [draw, text],
            "nbformat_minor": 5,
        }

    def written(shown: dict[str, Any]) -> bytes:
        return (
            LAYOUTS[layout](notebook(shown))
            .replace('"NUMBERS"', "[1e-05, 0.00001, 1.50, 12345678901234567890]")
            .encode()
        )

    file = tmp_path / "n.ipynb"
    file.write_bytes(written({"image/png": base64_of(picture(6, 5)), "text/plain": ["x"]}))
    Document(file).publish(publish)
    (link,) = set(LINK.findall(file.read_text("utf-8")))
    html = [f'<img src="{link}" alt="" width="6" height="5">']
    assert file.read_bytes() == written({"text/html": html, "text/markdown": [f"![]({link})"], "text/plain": ["x"]})


def test_a_file_without_pictures_is_not_written(tmp_path: Path, publish: Publish) -> None:
    file = tmp_path / "page.md"
    file.write_text("![a](b.png) data:image/png;base64,AAAA ![c](data:image/png;base64,broken!)")
    os.utime(file, (1, 1))
    assert Document(file).publish(publish) == 0
    assert file.stat().st_mtime == 1


def test_publishing_again_has_nothing_to_do_and_a_copy_gets_the_same_links(tmp_path: Path, publish: Publish) -> None:
    file, copy = tmp_path / "page.md", tmp_path / "copy.md"
    for each in (file, copy):
        each.write_text(f"![a]({RED_URI})")
        Document(each).publish(publish)
        assert Document(each).pictures() == []
    assert LINK.search(file.read_text())
    assert file.read_text() == copy.read_text()


def test_a_picture_that_was_removed_is_published_anew(tmp_path: Path, publish: Publish, client: Client) -> None:
    file = tmp_path / "page.md"
    text = f"![a]({data_uri(picture())})"
    links = []
    for _ in range(3):
        file.write_text(text)
        Document(file).publish(publish)
        links += LINK.findall(file.read_text())
        if len(links) == 1:
            client.delete(links[0])
    assert links[0] != links[1] == links[2]


def test_a_file_stays_as_it_was_when_one_of_its_pictures_cannot_be_published(tmp_path: Path, publish: Publish) -> None:
    file = tmp_path / "page.md"
    broken = data_uri(picture()[:200])
    file.write_text(before := f"![a]({data_uri(picture())})\n\n![b]({broken})")
    with pytest.raises(heliograph.RefusedError, match=r"page\.md: line 3: "):
        Document(file).publish(publish)
    assert file.read_text() == before
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_stays_as_it_was_when_the_server_is_down(tmp_path: Path) -> None:
    file = notebook_file(tmp_path / "n.ipynb", code(output({"image/png": base64_of(picture())})))
    before = file.read_bytes()
    with Client(f"http://127.0.0.1:{free_port()}", "key", retries=0) as client, pytest.raises(UnreachableError):
        Document(file).publish(lambda pictures: publish_all(client, pictures))
    assert file.read_bytes() == before


def test_a_file_that_was_changed_meanwhile_is_left_as_it_is(tmp_path: Path, client: Client) -> None:
    file = tmp_path / "page.md"
    file.write_text(f"![a]({data_uri(picture())})")

    def somebody_writes(pictures: Sequence[Embedded]) -> Mapping[Embedded, Image]:
        file.write_text("new")
        return publish_all(client, pictures)

    with pytest.raises(InputError, match="changed meanwhile"):
        Document(file).publish(somebody_writes)
    assert file.read_text() == "new"


def test_permissions_and_symbolic_links_survive(tmp_path: Path, publish: Publish) -> None:
    real, link = tmp_path / "real.md", tmp_path / "link.md"
    real.write_text(f"![a]({data_uri(picture())})")
    real.chmod(0o640)
    link.symlink_to(real)
    Document(link).publish(publish)
    assert link.is_symlink()
    assert LINK.search(real.read_text())
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


def test_a_read_only_file_stays_as_it_is(tmp_path: Path, publish: Publish) -> None:
    file = tmp_path / "page.md"
    file.write_text(f"![a]({data_uri(picture())})")
    file.chmod(0o444)
    with pytest.raises(InputError, match="read-only"):
        Document(file).publish(publish)
    assert not LINK.search(file.read_text())


@pytest.mark.parametrize("address", ["http://[x/a.png", f"{'a' * 300}.png", "a%00b.png", "//[/a.png"])
def test_an_address_that_can_be_no_file_stays_and_stops_no_other(
    tmp_path: Path, publish: Publish, address: str
) -> None:
    (tmp_path / "red.png").write_bytes(picture())
    file = tmp_path / "page.md"
    file.write_text(f"![no]({address}) ![red](red.png)")
    Document(file, local=True).publish(publish)
    text = file.read_text()
    assert text.startswith(f"![no]({address}) ![red](http")
    assert len(LINK.findall(text)) == 1


def test_the_base_of_a_page_says_where_its_pictures_are(tmp_path: Path, publish: Publish) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "red.png").write_bytes(red := picture())
    (tmp_path / "red.png").write_bytes(picture())
    for base, published in (("pictures/", True), ("https://elsewhere.example/", False)):
        file = tmp_path / "page.html"
        file.write_text(f'<base href="{base}"><img src="red.png">')
        Document(file, local=True).publish(publish)
        links = LINK.findall(file.read_text())
        assert [shows(link, red) for link in links] == [True] * published


def test_local_pictures_are_published_where_that_is_asked_for(tmp_path: Path, publish: Publish) -> None:
    red = picture()
    (tmp_path / "pictures of").mkdir()
    (tmp_path / "pictures of" / "red.png").write_bytes(red)
    (tmp_path / "drawn.svg").write_text(SVG)
    page = (
        "![a](pictures%20of/red.png?x=1)\n![b](missing.png) ![c](/red.png) ![d](https://example.com/a.png)\n"
        "<img src='./drawn.svg'> [e](pictures%20of/red.png) `![f](drawn.svg)`"
    )
    file = tmp_path / "page.md"
    file.write_text(page)
    Document(file).publish(publish)
    assert file.read_text() == page
    Document(file, local=True).publish(publish)
    first, second = LINK.findall(file.read_text())
    assert shows(first, red)
    assert fetched(second).startswith(b"\x89PNG")
    assert file.read_text() == page.replace("![a](pictures%20of/red.png?x=1)", f"![a]({first})").replace(
        "'./drawn.svg'", f"'{second}'"
    )


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("n.ipynb", b"{", "no notebook"),
        ("n.ipynb", b"[1]", "no notebook"),
        ("n.ipynb", b'{"nbformat": 3, "worksheets": []}', "format 3"),
        ("page.md", "a".encode("utf-16"), "UTF-16"),
        ("page.pdf", b"a", "none of the files"),
        ("missing.md", None, "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_said_so(tmp_path: Path, name: str, content: bytes | None, reason: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=reason):
        Document(tmp_path / name).pictures()
