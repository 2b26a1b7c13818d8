"""Real builds of MkDocs with the plugin: links on pages, and pictures that are published once."""

import re
from pathlib import Path

import pytest

from tests.documents.conftest import SVG, shows
from tests.integrations.conftest import LINK, Program
from tests.running import FaultyProxy, free_port, picture

SETTINGS = "site_name: s\ntheme: {name: mkdocs}\nvalidation: {links: {not_found: ignore}}\nplugins:\n  - search\n"
PAGE = """\
# Page

![Red & round](pictures/red%20one.png "t") ![svg](drawn.svg) ![missing](missing.png) ![far](https://p.example/a.png)

<img class="x" src="pictures/blue.jpg" width="3"> <img src="http://[no/address.png">

`<img src="pictures/blue.jpg">`

![kept](pictures/kept.png)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A site with pictures on two pages."""
    docs = tmp_path / "docs"
    (docs / "pictures").mkdir(parents=True)
    (tmp_path / "mkdocs.yml").write_text(SETTINGS + "  - heliograph:\n      keep: ['*kept.png']\n")
    (docs / "index.md").write_text(PAGE)
    (docs / "deep").mkdir()
    (docs / "deep" / "page.md").write_text("# Deep\n\n![a](../pictures/red%20one.png) ![b](own.gif)\n")
    (docs / "pictures" / "red one.png").write_bytes(picture())
    (docs / "pictures" / "kept.png").write_bytes(picture())
    (docs / "pictures" / "blue.jpg").write_bytes(picture(form="JPEG"))
    (docs / "deep" / "own.gif").write_bytes(picture(form="GIF"))
    (docs / "drawn.svg").write_text(SVG)
    return docs


def build(program: Program, *more: object, env: dict[str, str] | None = None) -> str:
    done = program("mkdocs", "build", *more, env=env)
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_pages_show_their_pictures_by_links(program: Program, project: Path, tmp_path: Path) -> None:
    build(program, "--strict")
    page = (tmp_path / "site/index.html").read_text()
    red, blue = re.findall(r'src="(http://127[^"]+)"', page)
    assert shows(red, (project / "pictures/red one.png").read_bytes())
    assert shows(blue, (project / "pictures/blue.jpg").read_bytes())
    assert f'<img alt="Red &amp; round" src="{red}" title="t" />' in page
    assert f'<img class="x" src="{blue}" width="3">' in page
    assert "&lt;img src=&#34;pictures/blue.jpg&#34;&gt;" in page or '&lt;img src="pictures/blue.jpg"&gt;' in page
    for kept in ("drawn.svg", "missing.png", "https://p.example/a.png", "pictures/kept.png", "http://[no/address.png"):
        assert f'src="{kept}"' in page
    deep = (tmp_path / "site/deep/page/index.html").read_text()
    assert re.findall(r'src="(http://127[^"]+)"', deep)[0] == red
    assert len(LINK.findall(deep)) == 2


def test_a_second_build_publishes_nothing_and_a_changed_picture_alone(
    program: Program, project: Path, tmp_path: Path, gate: FaultyProxy
) -> None:
    build(program)
    first, page = gate.connections, (tmp_path / "site/index.html").read_text()
    assert first > 0
    build(program)
    assert gate.connections == first
    assert LINK.findall((tmp_path / "site/index.html").read_text()) == LINK.findall(page)
    (project / "pictures/blue.jpg").write_bytes(changed := picture(form="JPEG"))
    build(program)
    assert gate.connections == first + 1
    assert shows(LINK.findall((tmp_path / "site/index.html").read_text())[1], changed)


def test_where_the_server_is_down_pictures_stay_local_with_one_warning(
    program: Program, project: Path, tmp_path: Path
) -> None:
    down = {"HELIOGRAPH_URL": f"http://127.0.0.1:{free_port()}"}
    warning = build(program, env=down)
    assert warning.count("WARNING") == 1
    assert "heliograph: 3 pictures stay on the site itself: " in warning
    page = (tmp_path / "site/index.html").read_text()
    assert 'src="pictures/red%20one.png"' in page
    assert (tmp_path / "site/pictures/red one.png").exists()
    assert program("mkdocs", "build", "--strict", env=down).returncode == 1
    build(program)
    assert LINK.search((tmp_path / "site/index.html").read_text())


def test_addresses_with_file_names_are_understood_too(program: Program, project: Path, tmp_path: Path) -> None:
    with (tmp_path / "mkdocs.yml").open("a") as settings:
        settings.write("use_directory_urls: false\n")
    build(program)
    assert len(LINK.findall((tmp_path / "site/deep/page.html").read_text())) == 2


def test_the_plugin_can_be_switched_off_and_told_where_to_remember(
    program: Program, project: Path, tmp_path: Path, gate: FaultyProxy
) -> None:
    options = (
        "  - heliograph:\n      enabled: !ENV [PUBLISH, false]\n      images: ['deep/*']\n      cache_dir: known\n"
    )
    (tmp_path / "mkdocs.yml").write_text(SETTINGS + options)
    build(program)
    assert gate.connections == 0
    build(program, env={"PUBLISH": "true"})
    assert not LINK.search((tmp_path / "site/index.html").read_text())
    assert len(LINK.findall((tmp_path / "site/deep/page/index.html").read_text())) == 1
    assert (tmp_path / "known/heliograph.json").exists()


def test_an_address_that_is_none_ends_the_build_with_one_line(program: Program, project: Path) -> None:
    done = program("mkdocs", "build", env={"HELIOGRAPH_URL": "nonsense"})
    assert done.returncode == 1
    assert "heliograph: 'nonsense' is not a server's address" in done.stderr
    assert "Traceback" not in done.stderr
