"""D1 to D7: what is served, from a warm page cache beside nginx, and cold beside plain libvips."""

import hashlib
import json
import subprocess
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench.controls import Nginx, program, thumbnails_per_second
from bench.load import Job, run
from bench.pictures import variants
from bench.report import Row, ratio, spread
from bench.scale import Scale
from bench.server import Server

THUMBNAIL_QUALITY = 82
"""Of the letter thumbnails (imaging/recipe.py), so that the control encodes the same."""

COLD_OFFSET = 100
"""Cold measurements use pictures that no other row has uploaded to the same server."""


@dataclass(frozen=True)
class _Gets:
    """One round of wrk. p50 and p99 in milliseconds."""

    seconds: float
    done: int
    failed: int
    p50: float
    p99: float

    @property
    def rate(self) -> float:
        return (self.done - self.failed) / self.seconds


def _wrk(port: int, paths: Path, seconds: float) -> _Gets:
    """Ask for the paths listed in a file, in turn, over 16 connections of one thread."""
    command = [program("wrk", "wrk"), "-t1", "-c16", f"-d{max(1, round(seconds))}s", "--timeout", "10s"]
    script = ["-s", str(Path(__file__).with_name("get.lua")), f"http://127.0.0.1:{port}/", "--", str(paths)]
    told = subprocess.run([*command, *script], capture_output=True, text=True, check=True).stdout
    return _Gets(**json.loads(told.rpartition("RESULT ")[2]))


def warm(scale: Scale, nginx: Nginx) -> Iterator[Row]:
    """D1 to D3: originals and cached thumbnails, from memory or page cache, beside nginx serving the same bytes."""
    with Server() as server:
        small = server.links(variants("small", scale.files["small"]))
        medium = server.links(variants("medium", scale.files["medium"]))
        cases = [
            ("D1", "original, small", [_path(answer["link"]) for answer in small], 0.45),
            ("D2", "original, medium", [_path(answer["link"]) for answer in medium], 0.90),
            ("D3", "cached thumbnail m (about 20 kB)", [_path(answer["thumbnails"]["m"]) for answer in medium], 0.45),
            ("D3", "cached thumbnail h (about 150 kB)", [_path(answer["thumbnails"]["h"]) for answer in medium], 0.45),
        ]
        for name, what, paths, goal in cases:
            yield _beside_nginx(name, what, paths, goal, scale, server, nginx)


def _beside_nginx(
    name: str, what: str, paths: list[str], goal: float, scale: Scale, server: Server, nginx: Nginx
) -> Row:
    size = _mirror(server, nginx, paths)
    listed = nginx.root / "paths"
    listed.write_text("\n".join(paths) + "\n")
    ours, control = [], []
    for _ in range(scale.rounds):
        ours.append(_wrk(server.port, listed, scale.seconds))
        control.append(_wrk(nginx.port, listed, scale.seconds))
    failed = sum(gets.failed for gets in (*ours, *control))
    rates, others = [gets.rate for gets in ours], [gets.rate for gets in control]
    p99 = median(gets.p99 for gets in ours)
    what = what.partition(" (")[0] + f" ({size / 1000:.0f} kB), c16"
    return Row(
        name,
        what,
        spread(rates, "/s"),
        "nginx static " + spread(others, "/s"),
        ratio(rates, others),
        goal,
        remark=f"p99 {p99:.1f} ms" + (f", failures: {failed}" if failed else ""),
    )


def _mirror(server: Server, nginx: Nginx, paths: list[str]) -> float:
    """Put what the server answers under the same paths of nginx; both must then say the same. Mean size in bytes."""
    total = 0
    for path in paths:
        status, body = server.get(path)
        if status != 200 or hashlib.sha256(body).digest() != hashlib.sha256(server.get(path)[1]).digest():
            raise RuntimeError(f"{path} answered {status}, or not the same twice")
        (nginx.files / path.lstrip("/")).write_bytes(body)
        total += len(body)
    return total / len(paths)


def cold(scale: Scale) -> Iterator[Row]:
    """D4 and D7: the first request for a thumbnail, which has to be made, or was made at upload."""
    larges = variants("large", COLD_OFFSET + scale.cold)[COLD_OFFSET:]
    ours, control = [], []
    first_views: dict[str, list[float]] = {"medium": [], "large": []}
    for _ in range(scale.rounds):
        with Server() as server:
            paths = [_path(answer["thumbnails"]["l"]) for answer in server.links(larges)]
            ours.append(run(Job(server.port, "get", paths, 4, 200)).rate)
            control.append(thumbnails_per_second(larges, 640, THUMBNAIL_QUALITY))
            mediums = variants("medium", scale.cold)
            for kind, pictures in (("medium", mediums), ("large", larges)):
                seen = [_path(answer["thumbnails"]["m"]) for answer in server.links(pictures)]
                first_views[kind].append(run(Job(server.port, "get", seen, 1, 200)).percentile(0.5))
    yield Row(
        "D4",
        "cold 640 px JPEG of 12 MP, c4",
        spread(ours, "/s"),
        "pyvips, 2 threads " + spread(control, "/s"),
        ratio(ours, control),
        0.95,
        remark="letter l, first view",
    )
    for kind, milliseconds in first_views.items():
        yield Row(
            "D7",
            f"thumbnail m of {kind}, first view, p50",
            spread(milliseconds, " ms"),
            "absolute",
            median(milliseconds),
            10,
            "at most",
            "ms",
        )


def _path(link: Any) -> str:
    """The path of an absolute link: the server is asked by address, whatever its public name."""
    return urllib.parse.urlsplit(str(link)).path
