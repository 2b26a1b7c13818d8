"""Writes docs/settings.md from the table of settings; `--check` only says whether it is up to date."""

import sys
from pathlib import Path

from heliograph.server.config import described

PAGE = Path(__file__).parents[1] / "docs" / "settings.md"
HEAD = """\
# Settings

This page is generated from `src/heliograph/server/config.py` by `make settings`. None is needed on one machine.

A setting is an option of `heliograph serve`, a variable, or a line of the TOML file that `HELIOGRAPH_CONFIG` names (the
option's name with underscores: `max_bytes = "20 MiB"`). Options win over variables, variables over the file.

| variable | option | default | meaning |
|---|---|---|---|
"""


def page() -> str:
    """The page's text."""
    rows = (
        f"| `{each.variable}` | `{each.option}` | {each.default or 'empty'} | {each.help} |" for each in described()
    )
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(0 if PAGE.read_text() == page() else "docs/settings.md is out of date: run `make settings`.")
    PAGE.write_text(page())
