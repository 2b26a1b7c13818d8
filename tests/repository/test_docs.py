"""The documentation against the repository: what it names must exist."""

import re
from pathlib import Path

import pytest

from tests.repository.tree import ROOT, files, texts

PAGES = [path for path in files() if path.suffix == ".md"]
LINK = re.compile(r"(?<!\\)\[[^\]]*\]\(([^)\s]+)\)")


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, by the rule that repository hosts use."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def without_code(text: str) -> str:
    """A page less its code, where brackets and parentheses mean something else."""
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    for target in LINK.findall(without_code(page.read_text())):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        linked = (page.parent / name).resolve() if name else page
        assert linked.exists(), f"{target} leads nowhere"
        assert not anchor or anchor in anchors(linked), f"{target} has no such heading"


def test_every_page_of_the_documentation_can_be_reached_from_its_index() -> None:
    index = ROOT / "docs" / "README.md"
    seen, todo = {index}, [index]
    while todo:
        page = todo.pop()
        for target in LINK.findall(without_code(page.read_text())):
            linked = (page.parent / target.partition("#")[0]).resolve()
            if linked.suffix == ".md" and linked.exists() and linked not in seen:
                seen.add(linked)
                todo.append(linked)
    assert not {page for page in PAGES if page.is_relative_to(ROOT / "docs")} - seen


def test_decisions_are_numbered_in_order_and_listed() -> None:
    decisions = sorted(path.name for path in (ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    assert [name[:4] for name in decisions] == [f"{number:04}" for number in range(1, len(decisions) + 1)]
    index = (ROOT / "docs" / "decisions" / "README.md").read_text()
    for name in decisions:
        page = (ROOT / "docs" / "decisions" / name).read_text()
        title = re.match(r"# (\d{4}: .+)\n", page)
        assert title, f"{name} has no title with its number"
        assert title[1][:4] == name[:4]
        assert f"- [{title[1]}]({name})" in index
        for part in ("**Decided.**", "**Why.**", "**Alternatives.**", "**Consequences.**"):
            assert part in page, f"{name} lacks {part}"


def test_every_source_file_that_the_architecture_names_exists() -> None:
    named = re.findall(r"`((?:src|tests|bench|docs)/[\w./-]+)`", texts()["docs/architecture.md"])
    assert len(named) > 10
    assert not [name for name in named if not (ROOT / name).exists()]


def test_every_make_target_that_a_page_names_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", texts()["Makefile"], re.MULTILINE))
    named = {target for page in PAGES for target in re.findall(r"(?:`|^)make ([a-z]+)", page.read_text(), re.MULTILINE)}
    assert {"serve", "test", "check"} <= named
    assert named <= targets
