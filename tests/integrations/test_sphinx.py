"""Real builds of Sphinx with the extension: links on pages, and pictures that are published once."""

import json
import re
from pathlib import Path

import pytest

from tests.documents.conftest import SVG, shows
from tests.integrations.conftest import LINK, Program
from tests.running import FaultyProxy, RunningServer, free_port, picture

PAGE = """\
Page
====

.. image:: pictures/red.png
   :alt: Red & round

.. figure:: /pictures/blue.jpg
   :scale: 50

   A caption.

.. image:: drawn.svg

.. image:: pictures/kept.png

.. image:: https://pictures.example/a.png
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with five pictures on two pages, three of them to be published."""
    source = tmp_path / "docs"
    (source / "pictures").mkdir(parents=True)
    (source / "conf.py").write_text(
        "project = 'p'\nextensions = ['heliograph.sphinx']\nheliograph_keep = ['*kept.png']\nhtml_theme = 'basic'\n"
    )
    (source / "index.rst").write_text(PAGE + "\n.. toctree::\n\n   other/page\n")
    (source / "other").mkdir()
    (source / "other" / "page.rst").write_text("Other\n=====\n\n.. image:: ../pictures/red.png\n\n.. image:: b.*\n")
    (source / "pictures" / "red.png").write_bytes(picture(40, 20))
    (source / "pictures" / "kept.png").write_bytes(picture())
    (source / "pictures" / "blue.jpg").write_bytes(picture(40, 20, "JPEG"))
    (source / "other" / "b.gif").write_bytes(picture(form="GIF"))
    (source / "drawn.svg").write_text(SVG)
    return source


def build(program: Program, *more: object, env: dict[str, str] | None = None, kind: str = "html") -> str:
    """Build, and give what Sphinx had to say (stderr)."""
    done = program("sphinx", "-b", kind, "-q", *more, "docs", f"out/{kind}", env=env)
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_pages_show_their_pictures_by_links(program: Program, project: Path, tmp_path: Path) -> None:
    assert build(program, "-W") == ""
    page = (tmp_path / "out/html/index.html").read_text()
    red, blue = re.findall(r'<img[^>]* src="(http://127[^"]+)"', page)
    assert shows(red, (project / "pictures/red.png").read_bytes())
    assert shows(blue, (project / "pictures/blue.jpg").read_bytes())
    assert f'<img alt="Red &amp; round" src="{red}"' in page
    assert f'<img alt="pictures/blue.jpg" height="10" src="{blue}" width="20"' in page
    assert f'href="{blue}"' in page  # Sphinx links what is scaled to the whole of it
    assert 'src="_images/drawn.svg"' in page
    assert 'src="_images/kept.png"' in page
    assert 'src="https://pictures.example/a.png"' in page
    assert {each.name for each in (tmp_path / "out/html/_images").iterdir()} == {"drawn.svg", "kept.png"}
    other = (tmp_path / "out/html/other/page.html").read_text()
    assert LINK.findall(other)[0] == red
    assert len(set(LINK.findall(other))) == 2


def test_a_second_build_publishes_nothing_and_a_changed_picture_alone(
    program: Program, project: Path, tmp_path: Path, gate: FaultyProxy
) -> None:
    build(program)
    first, page = gate.connections, (tmp_path / "out/html/index.html").read_text()
    assert first > 0
    build(program, "-a")
    build(program, "-E")
    assert gate.connections == first
    assert (tmp_path / "out/html/index.html").read_text() == page
    (project / "pictures/red.png").write_bytes(changed := picture())
    build(program)
    assert gate.connections == first + 1
    links, before = LINK.findall((tmp_path / "out/html/index.html").read_text()), LINK.findall(page)
    assert shows(links[0], changed)
    assert links[1:] == before[1:]


def test_without_what_the_last_build_knew_the_links_are_the_same(
    program: Program, project: Path, tmp_path: Path
) -> None:
    build(program)
    page = (tmp_path / "out/html/index.html").read_text()
    build(program, "-E", "-d", "elsewhere")
    assert (tmp_path / "out/html/index.html").read_text() == page


def test_where_the_server_is_down_pictures_stay_local_with_one_warning_and_are_published_later(
    program: Program, project: Path, tmp_path: Path
) -> None:
    down = {"HELIOGRAPH_URL": f"http://127.0.0.1:{free_port()}"}
    warning = build(program, env=down)
    assert warning.count("WARNING") == 1
    assert "heliograph: 3 pictures stay on the site itself: " in warning
    assert 'src="_images/red.png"' in (tmp_path / "out/html/index.html").read_text()
    assert (tmp_path / "out/html/_images/red.png").exists()
    assert program("sphinx", "-W", "-E", "docs", "out/strict", env=down).returncode == 1
    build(program)
    assert LINK.search((tmp_path / "out/html/index.html").read_text())
    assert LINK.search((tmp_path / "out/html/other/page.html").read_text())


def test_a_picture_that_is_refused_stays_and_the_others_do_not(program: Program, project: Path, tmp_path: Path) -> None:
    (project / "pictures/red.png").write_bytes(picture()[:300])
    warning = build(program)
    assert warning.count("WARNING") == 1
    assert "red.png stays on the site itself" in warning
    page = (tmp_path / "out/html/index.html").read_text()
    assert 'src="_images/red.png"' in page
    assert len(set(LINK.findall(page))) == 1


def test_processes_that_read_and_write_at_once_give_the_same_pages(
    program: Program, project: Path, tmp_path: Path
) -> None:
    for number in range(20):
        (project / f"page{number}.rst").write_text(f":orphan:\n\nP\n=\n\n.. image:: p{number}.png\n\n{PAGE}")
        (project / f"p{number}.png").write_bytes(picture())
    assert build(program, "-W", "-j", "3") == ""
    for number in range(20):
        links = LINK.findall((tmp_path / f"out/html/page{number}.html").read_text())
        assert shows(links[0], (project / f"p{number}.png").read_bytes())
    known = json.loads((tmp_path / "out/html/.doctrees/heliograph.json").read_text())
    assert [len(links) for links in known.values()] == [23]


def test_books_keep_their_pictures(program: Program, project: Path, tmp_path: Path, gate: FaultyProxy) -> None:
    (project / "index.rst").write_text(PAGE.replace(".. image:: https://pictures.example/a.png\n", ""))
    (project / "other/page.rst").unlink()
    build(program, kind="latex")
    assert (tmp_path / "out/latex/red.png").exists()
    assert gate.connections == 0


def test_the_server_and_the_pictures_can_be_chosen(
    program: Program, project: Path, tmp_path: Path, server: RunningServer
) -> None:
    with (project / "conf.py").open("a") as conf:
        conf.write(f"heliograph_server = {server.url!r}\nheliograph_images = ['other/*']\n")
    build(program, env={"HELIOGRAPH_URL": f"http://127.0.0.1:{free_port()}"})
    assert not LINK.search((tmp_path / "out/html/index.html").read_text())
    assert LINK.search((tmp_path / "out/html/other/page.html").read_text())


def test_an_address_that_is_none_is_a_warning(program: Program, project: Path) -> None:
    warning = build(program, env={"HELIOGRAPH_URL": "nonsense"})
    assert "heliograph: all pictures stay on the site itself: 'nonsense' is not a server's address" in warning
