"""The hook in the contents manager of a real Jupyter server."""

import logging
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_server.services.contents.filemanager import FileContentsManager
from nbformat import v4

from heliograph.jupyter import publish_before_save
from tests.documents.conftest import base64_of, shows
from tests.integrations.conftest import LINK
from tests.running import FaultyProxy, RunningServer, free_port, picture


def saved(folder: Path, shown: bytes) -> str:
    """What is in the file after Jupyter saved a notebook that shows a picture."""
    manager = FileContentsManager(root_dir=str(folder))
    manager.pre_save_hook = publish_before_save
    output = v4.new_output("display_data", data={"image/png": base64_of(shown)})
    content: Any = v4.new_notebook(cells=[v4.new_code_cell("draw()", outputs=[output])])
    manager.save({"type": "notebook", "format": "json", "content": content}, "/n.ipynb")
    nbformat.validate(nbformat.read(folder / "n.ipynb", 4))
    return (folder / "n.ipynb").read_text()


def test_a_notebook_is_saved_with_links_and_saving_it_again_asks_nothing(
    tmp_path: Path, gate: FaultyProxy, server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HELIOGRAPH_URL", gate.url)
    monkeypatch.setenv("HELIOGRAPH_KEY", server.key)
    shown = picture()
    text = saved(tmp_path, shown)
    assert shows(LINK.findall(text)[0], shown)
    assert "image/png" not in text
    connections = gate.connections
    assert LINK.findall(saved(tmp_path, shown)) == LINK.findall(text)
    assert gate.connections == connections > 0


def test_a_notebook_is_saved_with_its_pictures_where_the_server_is_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("HELIOGRAPH_URL", f"http://127.0.0.1:{free_port()}")
    with caplog.at_level(logging.WARNING):
        text = saved(tmp_path, shown := picture())
    assert base64_of(shown) in text
    assert "stay in it" in caplog.text
