"""docs/figures.md: its code is run as it stands, in an interpreter of its own, against a real server."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import RunningServer

PAGE = (Path(__file__).parents[2] / "docs" / "figures.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def printed(server: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What all the page's code prints, run in one go."""
    told = {"HELIOGRAPH_URL": server.url, "HELIOGRAPH_KEY": server.key, "MPLBACKEND": "agg"}
    folder = tmp_path_factory.mktemp("reader")
    (folder / "page.py").write_text("\n".join(BLOCKS))
    command = [sys.executable, "-W", "error", "page.py"]
    return subprocess.check_output(command, env=os.environ | told, cwd=folder, text=True)


def test_the_code_of_the_page_runs_and_prints_what_its_comments_say(printed: str) -> None:
    assert len(BLOCKS) >= 4
    link = r"http://127\.0\.0\.1:\d+/\w{10}\.png"
    says = [
        link,
        rf"!\[Growth\]\({link}\)",
        r"The array's values go from -0\.99\d+ to 0\.99\d+, but float64 means a picture only in 0 to 1\. .*",
        link.replace("png", "svg"),
        r"def doubled\(\):",
        r"    return heliograph\.upload\(growth\(\), source=True\)",
        "",
        r"# Versions: Python 3\..*, matplotlib .*",
        "",
        link,
        link,
        link,
        rf"!\[Twice as much each year \\\[2026\\\]\]\({link}\)",
        rf'<img src="{link}" alt="Twice as much each year \[2026\]" width="640" height="480">',
        rf"\.\. image:: {link}",
        r"   :alt: Twice as much each year \[2026\]",
        "",
        rf"\\href{{{link}}}{{Twice as much each year \[2026\]}}",
        rf"\[img\]{link}\[/img\]",
    ]
    lines = printed.splitlines()
    assert len(lines) == len(says)
    assert [line for line, pattern in zip(lines, says, strict=True) if not re.fullmatch(pattern, line)] == []
