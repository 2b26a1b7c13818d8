"""`heliograph publish` as a program: what it prints, what it changes, and how it ends."""

import re
from pathlib import Path

import nbformat
from nbformat import v4

import heliograph
from tests.cli.conftest import Run
from tests.documents.conftest import base64_of, data_uri, shows
from tests.running import RunningServer, free_port, picture


def notebook(path: Path, *pictures: bytes) -> Path:
    outputs = [v4.new_output("display_data", data={"image/png": base64_of(each)}) for each in pictures]
    nbformat.write(v4.new_notebook(cells=[v4.new_code_cell("draw()", outputs=outputs)]), path)
    return path


def test_the_links_are_printed_with_their_places_and_the_file_holds_them(run: Run, tmp_path: Path) -> None:
    pictures = [picture(64, 64) for _ in range(6)]
    file = notebook(tmp_path / "n.ipynb", *pictures)
    size = file.stat().st_size
    done = run("publish", file)
    assert done.returncode == 0
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert [place for place, _ in lines] == [f"{file}: cell 1, output {number}" for number in range(1, 7)]
    assert all(shows(link, each) for (_, link), each in zip(lines, pictures, strict=True))
    assert all(f'src=\\"{link}\\"' in file.read_text() for _, link in lines)
    assert done.stderr == f"{file}: 6 pictures published, {size - file.stat().st_size:,} bytes smaller\n"
    again = run("publish", file)
    assert (again.stdout, again.stderr) == ("", f"{file}: 0 pictures published, 0 bytes smaller\n")


def test_a_page_that_grows_because_links_are_longer_than_paths_says_so(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(picture())
    page = tmp_path / "page.md"
    page.write_text(before := "![b](a.png)")
    done = run("publish", "--local", page)
    grown = len(page.read_text()) - len(before)
    assert (done.returncode, done.stderr) == (0, f"{page}: 1 picture published, {grown} bytes larger\n")


def test_a_dry_run_tells_all_and_does_nothing(run: Run, tmp_path: Path) -> None:
    red = picture()
    page = tmp_path / "page.md"
    page.write_text(before := f"a\n\n![b]({data_uri(red)})")
    nowhere = {"HELIOGRAPH_URL": f"http://127.0.0.1:{free_port()}"}
    done = run("publish", "--dry-run", page, env=nowhere)
    assert (done.returncode, done.stdout) == (0, f"{page}: line 3\timage/png, {len(red):,} bytes\n")
    assert page.read_text() == before


def test_another_file_can_be_written_instead(run: Run, tmp_path: Path) -> None:
    page, other = tmp_path / "page.html", tmp_path / "other.html"
    page.write_text(before := f'<img src="{data_uri(picture())}">')
    assert run("publish", page, "-o", other).returncode == 0
    assert page.read_text() == before
    assert re.fullmatch(r'<img src="http://[^"]+">', other.read_text())
    assert run("publish", page, page, "-o", other).returncode == 2


def test_one_file_that_fails_does_not_stop_the_others(run: Run, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"![b]({data_uri(picture())})")
    done = run("publish", tmp_path / "missing.md", page)
    assert done.returncode == 2
    assert "missing.md cannot be read" in done.stderr
    assert "data:" not in page.read_text()


def test_a_server_that_is_down_has_its_exit_code_and_leaves_the_file(run: Run, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(before := f"![b]({data_uri(picture())})")
    done = run("publish", page, env={"HELIOGRAPH_URL": f"http://127.0.0.1:{free_port()}"})
    assert done.returncode == 3
    assert done.stderr.startswith(f"heliograph: {page}: line 1: ")
    assert page.read_text() == before


def test_pictures_go_into_an_album_in_their_order(run: Run, tmp_path: Path, server: RunningServer) -> None:
    with heliograph.Client(server.url, server.key) as client:
        album = client.create_album(title="A notebook")
        done = run("publish", notebook(tmp_path / "n.ipynb", *(picture() for _ in range(5))), "--album", album.id)
        links = [line.split("\t")[1] for line in done.stdout.splitlines()]
        assert [image.link for image in client.album(album).images] == links
