"""The report as a page: by axe's rules, in the light and in the dark, and no wider than a narrow screen."""

import shutil
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from heliograph.repair.documents import Unreadable
from heliograph.repair.judging import Verdict
from heliograph.repair.report import Entry, Place, Report

URL = f"https://pictures.example/{'very/long/' * 20}p.png"


def a_report() -> Report:
    """One with an entry of every kind."""
    entries = [
        Entry(URL, verdict, "its host answers 404", (Place("docs/a b.md", 3),), wanted, *found)
        for verdict in Verdict
        for wanted, *found in ((True, "the Wayback Machine, " + URL, "ab" * 32, URL), (True,), (False,))
    ]
    entries[1].problems = ("no copy was found",)
    return Report(
        "mirror", "patch", "2026-01-02 03:04:05 UTC", URL, 7, entries, [Unreadable(Path("x.json"), "it is no JSON")]
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_for_everybody(tmp_path: Path, scheme: str) -> None:
    page = tmp_path / "report.html"
    page.write_text(a_report().as_html())
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        shown = chromium.new_context(viewport={"width": 360, "height": 700}, color_scheme=scheme).new_page()
        shown.goto(page.as_uri())
        found = Axe().run(shown)
        assert found.violations_count == 0, found.generate_report()
        assert shown.evaluate("document.documentElement.scrollWidth") <= 360
        chromium.close()


def test_every_verdict_is_counted_and_shown() -> None:
    report = a_report()
    page = report.as_html()
    assert report.counts() == dict.fromkeys([verdict.value for verdict in Verdict], 3)
    assert all(f"{verdict.value.capitalize()} (3)" in page for verdict in Verdict)
    assert "<script" not in page
    assert "<img" not in page
