"""Where the client programs lie that `make test` installs: Python packages, npm packages, and Debian's own places."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".clients"
PYTHON = FOLDER / "python" / "bin"
"""The environment of requirements/clients.txt."""

APART = FOLDER / "apart" / "bin"
"""The environment of requirements/clients-apart.txt."""

NODE = FOLDER / "node" / "node_modules"
"""What tests/clients/package.json names."""

DRIVERS = Path(__file__).parent / "drivers"
"""Small programs that call a library as its documentation does. They hold no knowledge of the server."""
