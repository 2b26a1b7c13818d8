"""The pinned dependencies: hashed, without addresses, and in step with pyproject.toml."""

import re

import pytest

from tests.repository.tree import PROJECT, ROOT

LISTS = ["server", "dev"]
ALL_LISTS = [*LISTS, "clients", "clients-apart"]


def pinned(name: str) -> dict[str, list[str]]:
    """Requirement (as written, without hashes) -> its hashes, of requirements/`name`.txt."""
    found: dict[str, list[str]] = {}
    for line in (ROOT / "requirements" / f"{name}.txt").read_text().replace("\\\n", " ").splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            requirement, *hashes = line.split("--hash=")
            found[requirement.strip()] = [each.strip() for each in hashes]
    return found


def names(requirements: object) -> set[str]:
    """The normalised names of requirements."""
    return {re.sub(r"[-_.]+", "-", re.match(r"[A-Za-z0-9._-]+", each)[0]).lower() for each in requirements}  # type: ignore[index, attr-defined]


@pytest.mark.parametrize("name", ALL_LISTS)
def test_every_requirement_has_one_version_and_its_hashes(name: str) -> None:
    for requirement, hashes in pinned(name).items():
        assert re.match(r"[a-z0-9-]+==[0-9][^ ]*( ; .+)?$", requirement), requirement
        assert hashes, requirement
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", each) for each in hashes), requirement


@pytest.mark.parametrize("name", ALL_LISTS)
def test_requirements_hold_no_addresses_and_no_options(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    assert not re.search(r"://|--(extra-)?index-url|--find-links|--trusted-host| @ ", text)


def test_the_server_runs_what_the_tests_test() -> None:
    assert pinned("server").keys() <= pinned("dev").keys()


@pytest.mark.parametrize("name", LISTS)
def test_everything_that_pyproject_asks_for_is_pinned(name: str) -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    wanted = PROJECT["project"]["dependencies"] + extras["server"] + PROJECT["build-system"]["requires"]
    if name == "dev":
        wanted = wanted + extras["cluster"] + extras["dev"]
    assert names(wanted) - {"heliograph"} <= names(pinned(name))


def test_the_servers_list_holds_no_test_tools() -> None:
    assert not names(PROJECT["project"]["optional-dependencies"]["dev"]) & names(pinned("server"))
