"""A dump of 1,000 posts with links of all kinds is repaired, and what came of it is what docs/repair.md says."""

import hashlib
import json
import re
import subprocess
from dataclasses import dataclass
from io import BytesIO
from itertools import zip_longest
from pathlib import Path
from typing import Any

import httpx2
import pytest
from PIL import Image as Pillow

from tests.repair.dump import POSTS, SECURE, Dump, Maker
from tests.repair.internet import internet
from tests.running import SCRIPT, RunningServer, clean_environment

DOCS = Path(__file__).parents[2] / "docs" / "repair.md"


@dataclass
class Outcome:
    """The dump, the report, and the documents as the program left them."""

    dump: Dump
    report: dict[str, Any]
    folder: Path
    links: dict[str, str]

    def of(self, url: str) -> dict[str, Any]:
        return self.by_url[url]

    def __post_init__(self) -> None:
        self.by_url = {entry["url"]: entry for entry in self.report["links"]}


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory, server: RunningServer) -> Outcome:
    """`heliograph repair` as a program of its own, over the whole dump."""
    folder = tmp_path_factory.mktemp("dump")
    with internet(folder, *SECURE) as net:
        dump = Maker(net, folder).make()
        for name, content in dump.contents().items():
            path = folder / "docs" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        (folder / "placeholder.png").write_bytes(dump.placeholder)
        (folder / "mapping.json").write_text(json.dumps(dump.mapping))
        options = ["--per-second=100000", "--pause=0.5", "--placeholder=placeholder.png", "--folder=saved"]
        done = subprocess.run(
            [SCRIPT, "repair", "docs", "--patch", *options, "--mapping=mapping.json", *net.options],
            cwd=folder,
            env=clean_environment()
            | {"HELIOGRAPH_URL": server.url, "HELIOGRAPH_KEY": server.key, "SSL_CERT_FILE": str(net.ca)},
            capture_output=True,
            text=True,
            timeout=280,
        )
        assert done.returncode == 0, done.stderr[-2000:] + done.stdout[-2000:]
    report = json.loads((folder / "heliograph-repair" / "report.json").read_text())
    links = {entry["url"]: entry["link"] for entry in report["links"] if entry["link"]}
    return Outcome(dump, report, folder, links)


def test_exactly_the_links_of_the_posts_are_found(outcome: Outcome) -> None:
    assert set(outcome.by_url) == set(outcome.dump.truths)


def test_recall_and_precision_of_broken_are_at_least_99_in_100(outcome: Outcome) -> None:
    broken = {url for url, truth in outcome.dump.truths.items() if truth.broken}
    said = {url for url, entry in outcome.by_url.items() if entry["verdict"] not in ("live", "unknown")}
    wrong = [(url, outcome.dump.truths[url].kind, outcome.of(url)) for url in broken ^ said]
    assert len(broken & said) / len(broken) >= 0.99, wrong
    assert len(broken & said) / len(said) >= 0.99, wrong


def wrong_pictures(outcome: Outcome) -> list[str]:
    """The addresses for which another picture was taken than the one that was there."""
    right = {url: hashlib.sha256(truth.picture).hexdigest() for url, truth in outcome.dump.truths.items()}
    return [url for url, entry in outcome.by_url.items() if entry["copy"] and entry["copy"]["sha256"] != right[url]]


def test_no_picture_is_wrong_and_all_that_can_be_found_are(outcome: Outcome) -> None:
    truths = outcome.dump.truths
    assert not [(truths[url].kind, outcome.of(url)) for url in wrong_pictures(outcome)]
    assert not [
        (truth.kind, outcome.of(url)) for url, truth in truths.items() if truth.copied and url not in outcome.links
    ]


def test_the_links_show_the_pictures(outcome: Outcome) -> None:
    with httpx2.Client() as http:
        for url, link in outcome.links.items():
            got = http.get(link)
            assert got.status_code == 200
            shown, right = (Pillow.open(BytesIO(each)) for each in (got.content, outcome.dump.truths[url].picture))
            assert shown.convert("RGB").tobytes() == right.convert("RGB").tobytes()


def patched(outcome: Outcome, folder: Path, *program: str) -> dict[str, bytes]:
    """The dump's documents after the patch."""
    for name, content in outcome.dump.contents().items():
        path = folder / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    patch = outcome.folder / "heliograph-repair" / "repair.patch"
    subprocess.run([*program, str(patch)], cwd=folder, check=True, capture_output=True)
    return {name: (folder / "docs" / name).read_bytes() for name in outcome.dump.documents}


GIT = ("git", "-c", "core.autocrlf=false", "apply", "--whitespace=nowarn")


@pytest.mark.parametrize("program", [GIT, ("patch", "-p1", "--binary", "-i")], ids=["git", "patch"])
def test_the_patch_changes_nothing_but_addresses(outcome: Outcome, tmp_path: Path, program: tuple[str, ...]) -> None:
    wanted = outcome.dump.contents(outcome.links)
    assert not [name for name, content in patched(outcome, tmp_path, *program).items() if content != wanted[name]]


def figures(outcome: Outcome, after: dict[str, bytes]) -> dict[str, str]:
    """The figures of the documentation, as measured."""
    truths = outcome.dump.truths
    broken = {url for url, truth in truths.items() if truth.broken}
    said = {url for url, entry in outcome.by_url.items() if entry["verdict"] not in ("live", "unknown")}
    found = [url for url in said if outcome.of(url)["copy"]]
    wanted = outcome.dump.contents(outcome.links)
    others = sum(a != b for name in wanted for a, b in zip_longest(after[name], wanted[name]))
    there = [url for url in broken if truths[url].copied]
    return {
        "posts": f"{POSTS:,}",
        "addresses": f"{len(truths):,}",
        "broken": f"{len(broken):,}",
        "recall of broken": f"{len(broken & said) / len(broken):.3f}",
        "precision of broken": f"{len(broken & said) / len(said):.3f}",
        "with a good copy somewhere": f"{len(there):,}",
        "good copies found": f"{len(found):,}",
        "wrong pictures": f"{len(wrong_pictures(outcome)):,}",
        "bytes changed outside of addresses": f"{others:,}",
    }


def test_the_documentation_tells_these_figures(outcome: Outcome, tmp_path: Path) -> None:
    told = dict(re.findall(r"^\| ([a-z ]+) \| ([\d.,]+) \|$", DOCS.read_text(), re.MULTILINE))
    measured = figures(outcome, patched(outcome, tmp_path, *GIT))
    assert told == measured, json.dumps(measured)
