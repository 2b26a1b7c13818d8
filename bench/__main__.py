"""`python -m bench`: measure, print the table, and keep it in bench/RESULTS.md when asked to.

Each figure stands beside a control measured in the same run, in alternating rounds; the figure is the median of the
rounds' ratios. `python -m bench U1 D2` measures only what those rows need; `--quick` shows in under two minutes that
everything runs, and its figures mean nothing.
"""

import argparse
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench import rows_delivery, rows_start, rows_upload
from bench.controls import Nginx
from bench.machine import describe, load_average
from bench.pictures import WORK
from bench.report import Row, table
from bench.scale import FULL, QUICK, Scale
from bench.server import SETTINGS

Measurement = Callable[[Scale, Nginx], Iterator[Row]]
MEASUREMENTS: list[tuple[str, Measurement]] = [
    ("U1 U4 U5", lambda scale, nginx: rows_upload.uploads("small", scale, nginx)),
    ("U2 U4 U5", lambda scale, nginx: rows_upload.uploads("medium", scale, nginx)),
    ("U3 U4 U5", lambda scale, nginx: rows_upload.uploads("large", scale, nginx)),
    ("U5", lambda scale, _: rows_upload.crowd(scale)),
    ("U6", lambda scale, _: rows_upload.memory(scale)),
    ("U7", lambda scale, _: rows_upload.dialects(scale)),
    ("D1 D2 D3", rows_delivery.warm),
    ("D4 D7", lambda scale, _: rows_delivery.cold(scale)),
    ("S1 S2", lambda scale, _: rows_start.start(scale)),
    ("S4", lambda scale, _: rows_start.client(scale)),
]
"""The rows that each measurement gives, in the order of the table."""

NOT_YET = {
    "U8": "there is no setting yet that defers the full decode",
    "D5, D6, D10": "renditions are the six letter sizes as JPEG; recipes in links (w=, fm=) come later",
    "D8": "needs a generator for 2,048 connections with distinct renditions; comes with the recipes",
    "D9": "an hour with the hostile corpus of tests/corpus, which is still growing",
    "D11": "a claim of the tests (one render for many identical requests), not yet of a benchmark",
    "S3": "10 million images need a loader that writes rows without pictures; PostgreSQL comes with the cluster",
    "S5": "three nodes need the cluster's parts",
    "C1-C6": "counted by the test suites, not here",
}


HEADING = "# What was measured, newest first\n\n"


def main() -> None:
    """Measure what was asked for and print it."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("rows", nargs="*", help="rows of goals.md to measure, such as U1 D2; all unless given")
    parser.add_argument("--quick", action="store_true", help="one short round of everything")
    parser.add_argument("--keep", action="store_true", help="put the report into bench/RESULTS.md")
    options = parser.parse_args()
    scale = QUICK if options.quick else FULL
    WORK.mkdir(exist_ok=True)
    _clear_leftovers()
    before, began, rows = load_average(), time.perf_counter(), []
    nginx = Nginx(WORK)
    try:
        for names, measure in MEASUREMENTS:
            if options.rows and not set(options.rows) & set(names.split()):
                continue
            print(f"measuring {names} ...", file=sys.stderr)
            for row in measure(scale, nginx):
                print("  " + " | ".join(row.cells()), file=sys.stderr)
                rows.append(row)
        facts = [*describe(), ("control", f"nginx {nginx.version}, 2 workers; libvips and Pillow as above")]
    finally:
        nginx.stop()
    rows.sort(key=lambda row: ("UDS".index(row.name[0]), row.name))
    facts += [
        (
            "settings",
            ", ".join(f"{name}={value}" for name, value in SETTINGS.items()) + "; all else as it is by default",
        ),
        (
            "rounds",
            f"{scale.rounds}, alternating with the control; load average {before} before, {load_average()} after",
        ),
        ("took", f"{time.perf_counter() - began:.0f} s"),
    ]
    report = _report(facts, rows, options)
    print(report)
    if options.keep:
        _keep(report)


def _report(facts: list[tuple[str, str]], rows: list[Row], options: argparse.Namespace) -> str:
    command = " ".join(["python -m bench", *sys.argv[1:]])
    title = f"## Measured {time.strftime('%Y-%m-%d')} at commit {_commit()}"
    about = [
        f"Command: `{command}`. Each figure is the median of the rounds' own ratios to the control beside it; in",
        "brackets the lowest and the highest round. Server, load generator and control share the same cores.",
        *(["**A quick run: it shows that everything works, its figures mean nothing.**"] if options.quick else []),
    ]
    known = [f"- {name}: {value}" for name, value in facts]
    missing = [f"- {name}: {reason}" for name, reason in NOT_YET.items()]
    return "\n".join([title, "", *about, "", *known, "", table(rows), "", "Not measured yet:", "", *missing])


def _keep(report: str) -> None:
    """Put the report before the earlier ones, which stay as they are."""
    kept = Path(__file__).parent / "RESULTS.md"
    earlier = kept.read_text().removeprefix(HEADING) if kept.exists() else ""
    kept.write_text(HEADING + report + "\n" + ("\n" + earlier if earlier else ""))


def _commit() -> str:
    """The commit that is measured, as git abbreviates it, with a mark where the files differ from it."""
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent,
        check=False,
    )
    return told.stdout.strip() or "unknown"


def _clear_leftovers() -> None:
    """Remove the data of servers that an interrupted run left behind."""
    for pattern in ("data-*", "start-*", "nginx-*"):
        for folder in WORK.glob(pattern):
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
