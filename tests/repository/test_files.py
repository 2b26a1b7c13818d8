"""What may be in the repository at all."""

import re
import tempfile
from pathlib import Path

from tests.repository.tree import PROJECT, ROOT, files, texts

# Put together here, so that this file does not hold what it forbids.
REGISTRIES = [
    ".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("registry", "npmjs"), ("deb", "debian"))
]
LOCK_FILES = {"uv.lock", "pylock.toml", "package-lock.json", "poetry.lock", "Pipfile.lock", "yarn.lock"}


def test_no_file_names_a_path_of_the_machine_it_was_made_on() -> None:
    places = {ROOT, ROOT.parent, Path.home()} - {Path("/"), Path(tempfile.gettempdir())}
    found = [(name, str(place)) for name, text in texts().items() for place in places if f"{place}/" in text]
    assert not found


def test_no_file_names_the_host_of_a_package_registry() -> None:
    assert not [(name, host) for name, text in texts().items() for host in REGISTRIES if host in text]


def test_no_file_holds_both_sides_of_a_merge() -> None:
    marks = re.compile(r"^(?:<{7}|>{7}) \S", re.MULTILINE)
    assert not [name for name, text in texts().items() if marks.search(text)]


def test_no_lock_file_with_addresses_is_committed() -> None:
    assert not [path for path in files() if path.name in LOCK_FILES]


def test_no_file_is_larger_than_a_reader_or_a_clone_deserves() -> None:
    assert not [(path, path.stat().st_size) for path in files() if path.stat().st_size > 1_000_000]


def test_pictures_in_the_documentation_are_small() -> None:
    pictures = [path for path in files() if path.is_relative_to(ROOT / "docs" / "images")]
    assert pictures
    assert not [path for path in pictures if path.stat().st_size > 200_000]


def test_the_licence_is_apache_2_wherever_it_is_named() -> None:
    licence = (ROOT / "LICENSE").read_text()
    assert "Apache License" in licence
    assert "Version 2.0, January 2004" in licence
    assert PROJECT["project"]["license"] == "Apache-2.0"
    assert "Apache" in (ROOT / "README.md").read_text()


def test_every_fragment_of_the_changelog_has_a_known_kind_and_says_something() -> None:
    kinds = {kind["directory"] for kind in PROJECT["tool"]["towncrier"]["type"]}
    fragments = [path for path in (ROOT / "changes").iterdir() if path.name != "README.md"]
    assert fragments or "## " in (ROOT / "CHANGELOG.md").read_text()
    for path in fragments:
        named = re.fullmatch(r"(\d+|\+[a-z0-9-]+)\.([a-z]+)\.md", path.name)
        assert named, f"{path.name} is not NAME.KIND.md"
        assert named[2] in kinds, f"{path.name}: kinds are {sorted(kinds)}"
        assert len(path.read_text().strip()) > 20, f"{path.name} says nothing"


def test_the_continuous_integration_runs_the_two_commands_that_people_run() -> None:
    run = ROOT / ".ci" / "run"
    assert run.stat().st_mode & 0o111
    commands = run.read_text().splitlines()
    assert commands[-1] == "make test", "pytest's closing line must be the last"
    assert "make check" in commands
