"""S1, S2 and S4: start, idle memory, and how light the client is."""

import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from statistics import median

from packaging.requirements import Requirement

from bench.machine import pss_megabytes
from bench.pictures import WORK, variants
from bench.report import Row, spread
from bench.scale import Scale
from bench.server import COMMAND, Server

REST = 3.0
"""Seconds that a server is left alone before its idle memory is read."""


def start(scale: Scale) -> Iterator[Row]:
    """S1 and S2: from the start of the process to the first acknowledged upload; memory at rest before and after."""
    pictures = variants("small", scale.starts + 1)
    folder = Path(tempfile.mkdtemp(prefix="start-", dir=WORK))
    with Server(folder) as server:
        server.post_first(pictures[-1])
    seconds, fresh, used = [], [], []
    for picture in pictures[: scale.starts]:
        server = Server(folder)
        try:
            seconds.append(server.post_first(picture))
            time.sleep(REST)
            used.append(pss_megabytes(server.pid))
        finally:
            server.stop()
        with Server(folder) as idle:
            time.sleep(REST)
            fresh.append(pss_megabytes(idle.pid))
    shutil.rmtree(folder, ignore_errors=True)
    yield Row("S1", "start to first upload", spread(seconds, " s"), "absolute", median(seconds), 0.9, "at most", "s")
    yield Row("S2", "idle PSS after the start", spread(fresh, " MB"), "absolute", median(fresh), 120, "at most", "MB")
    yield Row("S2", "idle PSS after one upload", spread(used, " MB"), "absolute", median(used), 120, "at most", "MB")


def client(scale: Scale) -> Iterator[Row]:
    """S4: what a user of the client alone pays, in packages and in time."""
    code = "import time; began = time.perf_counter(); import heliograph; print(time.perf_counter() - began)"
    imports = [
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout) * 1000
        for _ in range(scale.starts + 1)
    ]
    helps = []
    for _ in range(scale.starts + 1):
        began = time.perf_counter()
        subprocess.run([COMMAND, "--help"], stdout=subprocess.DEVNULL, check=True)
        helps.append((time.perf_counter() - began) * 1000)
    packages = _needed("heliograph")
    yield Row(
        "S4", "import heliograph", spread(imports[1:], " ms"), "absolute", median(imports[1:]), 150, "at most", "ms"
    )
    yield Row("S4", "heliograph --help", spread(helps[1:], " ms"), "absolute", median(helps[1:]), 250, "at most", "ms")
    yield Row(
        "S4",
        "packages of pip install heliograph",
        f"{len(packages)}",
        "absolute",
        len(packages),
        12,
        "at most",
        remark=", ".join(sorted(packages)),
    )


def _needed(package: str) -> set[str]:
    """The package and everything that it needs here without extras, by what is installed."""
    found: set[str] = set()
    left = [package]
    while left:
        name = re.sub(r"[-_.]+", "-", left.pop()).lower()
        if name in found:
            continue
        found.add(name)
        try:
            needs = [Requirement(text) for text in requires(name) or []]
        except PackageNotFoundError:
            continue
        left += [need.name for need in needs if need.marker is None or need.marker.evaluate({"extra": ""})]
    return found
