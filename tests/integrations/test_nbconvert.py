"""Real runs of nbconvert with the preprocessor."""

import re
from pathlib import Path

import nbformat
import pytest
from nbformat import v4

from tests.documents.conftest import base64_of, shows
from tests.integrations.conftest import LINK, Program
from tests.running import free_port, picture

OURS = "preprocessors=heliograph.nbconvert.PublishPreprocessor"


@pytest.fixture
def pictures(tmp_path: Path) -> list[bytes]:
    """What the notebook n.ipynb shows: attached, and drawn."""
    attached, drawn = picture(), picture()
    text = v4.new_markdown_cell("![a](attachment:a.png)", attachments={"a.png": {"image/png": base64_of(attached)}})
    output = v4.new_output("display_data", data={"image/png": base64_of(drawn)}, metadata={"image/png": {"alt": "B"}})
    nbformat.write(v4.new_notebook(cells=[text, v4.new_code_cell("draw()", outputs=[output])]), tmp_path / "n.ipynb")
    return [attached, drawn]


@pytest.mark.parametrize(("form", "exporter", "name"), [("markdown", "Markdown", "n.md"), ("html", "HTML", "n.html")])
def test_what_is_made_of_a_notebook_shows_links_and_no_files_are_left_beside_it(
    program: Program, pictures: list[bytes], tmp_path: Path, form: str, exporter: str, name: str
) -> None:
    before = (tmp_path / "n.ipynb").read_bytes()
    done = program("nbconvert", "--to", form, f"--{exporter}Exporter.{OURS}", "n.ipynb")
    assert done.returncode == 0, done.stderr
    links = LINK.findall((tmp_path / name).read_text())
    assert [shows(link, each) for link, each in zip(links, pictures, strict=True)] == [True, True]
    assert not [each for each in pictures if base64_of(each) in (tmp_path / name).read_text()]
    assert not (tmp_path / "n_files").exists()
    assert (tmp_path / "n.ipynb").read_bytes() == before


def test_nothing_is_written_where_the_server_is_down(program: Program, pictures: list[bytes], tmp_path: Path) -> None:
    server = f"--PublishPreprocessor.server=http://127.0.0.1:{free_port()}"
    done = program("nbconvert", "--to", "markdown", f"--MarkdownExporter.{OURS}", server, "n.ipynb")
    assert done.returncode != 0
    assert re.search("could not be reached", done.stderr)
    assert not (tmp_path / "n.md").exists()
