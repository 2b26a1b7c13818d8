"""Jupyter's web front ends on 127.0.0.1, with folders of their own, which ask nobody for news."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import nbformat
from nbformat import v4

from tests.servers.ports import free_ports

TOKEN = "of-this-test-alone"
START_SECONDS = 60
MILLISECONDS = 90_000
"""What the first cell may take: a kernel starts, and matplotlib looks for its fonts."""

CELLS = (
    "%load_ext heliograph",
    "import matplotlib.pyplot as plt\nplt.fill_between([0, 1], [1, 1], color='red')\n%publish --alt 'All red' --source",
    "%%publish --title both\nplt.bar(['a'], [1], color='red');",
)


@dataclass(frozen=True)
class Jupyter:
    """A front end that is up, and the folder that it shows."""

    url: str
    folder: Path

    def saved(self, word: str) -> str:
        """The notebook's file as soon as it was saved with `word` in it, all its cells run."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            text = (self.folder / "figure.ipynb").read_text()
            with suppress(ValueError):
                if word in text and json.loads(text)["cells"][-1]["execution_count"]:
                    return text
            time.sleep(0.2)
        raise AssertionError(text)


@contextmanager
def jupyter(module: str, server: str, tmp_path: Path, *options: str) -> Iterator[Jupyter]:
    """The front end that `python -m MODULE` starts, with a notebook of CELLS, which publish on `server`."""
    port, folder = free_ports(1)[0], tmp_path / "notebooks"
    folder.mkdir()
    made = v4.new_notebook(cells=[v4.new_code_cell(cell) for cell in CELLS])
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(made, folder / "figure.ipynb")
    own = {f"JUPYTER_{name}_DIR": str(tmp_path / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    own |= {"IPYTHONDIR": str(tmp_path / "ipython"), "MPLCONFIGDIR": str(tmp_path / "matplotlib")}
    own |= {
        "JUPYTERLAB_SETTINGS_DIR": str(tmp_path / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(tmp_path / "spaces"),
    }
    own |= {"HELIOGRAPH_URL": server, "HOME": str(tmp_path), "JUPYTER_PLATFORM_DIRS": "1"}
    common = [f"--port={port}", "--ip=127.0.0.1", "--no-browser", "--allow-root", f"--IdentityProvider.token={TOKEN}"]
    command = [sys.executable, "-m", module, *common, *options, f"--ServerApp.root_dir={folder}"]
    with (tmp_path / "jupyter.log").open("w") as log:
        process = subprocess.Popen(command, env=os.environ | own, stdout=log, stderr=log, cwd=folder)
        try:
            _wait_for(f"http://127.0.0.1:{port}/api?token={TOKEN}", process, tmp_path / "jupyter.log")
            yield Jupyter(f"http://127.0.0.1:{port}", folder)
        finally:
            process.terminate()
            process.wait(30)


def _wait_for(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        with suppress(OSError), urlopen(address, timeout=2):
            return
        time.sleep(0.2)
    raise AssertionError(log.read_text())
