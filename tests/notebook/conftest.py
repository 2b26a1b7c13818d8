"""Real Jupyter kernels that speak to a real server."""

import copy
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import v4

from tests.running import RunningServer

LINK = re.compile(r"http://127\.0\.0\.1:\d+/\w{10}\.\w+")
Run = Callable[..., Any]


@pytest.fixture
def run(server: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs cells in a new kernel: run("code", "code") gives the notebook, as a front end would save it."""
    monkeypatch.setenv("HELIOGRAPH_URL", server.url)
    monkeypatch.setenv("HELIOGRAPH_KEY", server.key)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))

    def run_cells(*cells: str, allow_errors: bool = False) -> Any:
        notebook = v4.new_notebook(cells=[v4.new_code_cell(cell) for cell in ("%load_ext heliograph", *cells)])
        client = NotebookClient(notebook, timeout=120, kernel_name="python3", allow_errors=allow_errors)
        client.execute(cwd=str(tmp_path))
        return notebook

    return run_cells


def saved_size(notebook: Any) -> int:
    """Bytes of the notebook's file."""
    file = io.StringIO()
    nbformat.write(notebook, file)
    return len(file.getvalue().encode())


def emptied(notebook: Any) -> Any:
    """The same notebook without what its cells show."""
    bare = copy.deepcopy(notebook)
    for cell in bare.cells:
        cell.outputs = []
    return bare


def printed(cell: Any) -> str:
    """What a cell has printed."""
    return "".join(each.text for each in cell.outputs if each.output_type == "stream" and each.name == "stdout")


def shown(cell: Any) -> list[Any]:
    """The MIME bundles that a cell shows, its result included."""
    return [each.data for each in cell.outputs if each.output_type in ("display_data", "execute_result")]
