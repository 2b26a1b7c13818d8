"""The client stays light and stands alone (goal S4)."""

import subprocess
import sys
from importlib.metadata import requires

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import heliograph

MOST_PACKAGES = 12


def modules_after(code: str) -> set[str]:
    """What a fresh interpreter has imported after `code`."""
    listed = subprocess.check_output([sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"], text=True)
    return set(listed.split())


def closure(name: str, found: set[str]) -> set[str]:
    """The distributions that `pip install name` brings here, itself among them."""
    if name not in found:
        found.add(name)
        for each in map(Requirement, requires(name) or ()):
            if each.marker is None or each.marker.evaluate({"extra": ""}):
                closure(canonicalize_name(each.name), found)
    return found


def test_the_whole_client_imports_nothing_of_the_server() -> None:
    commands = ", ".join(
        f"heliograph.cli.{name}" for name in ("upload", "verify", "albums", "login", "download", "listing", "man")
    )
    using_all = f"import heliograph as h, heliograph.repair.run, {commands}\n[getattr(h, n) for n in h.__all__]"
    loaded = modules_after(using_all)
    assert "heliograph.client._client" in loaded
    strangers = {"msgspec", "sqlalchemy", "starlette", "uvicorn", "pyvips", "alembic", "jinja2"}
    assert not [
        name for name in loaded if name.startswith(("heliograph.server", "heliograph.imaging")) or name in strangers
    ]


def test_importing_the_package_does_not_import_the_http_library() -> None:
    assert not {"httpx2", "cryptography", "asyncio"} & modules_after("import heliograph")


def test_the_help_of_every_command_needs_no_http_library() -> None:
    commands = (
        "login",
        "logout",
        "whoami",
        "upload",
        "info",
        "list",
        "verify",
        "delete",
        "albums",
        "edit",
        "account",
        "repair",
        "search",
        "download",
        "completion",
        "man",
        "publish",
    )
    for command in commands:
        code = f"from heliograph.cli import main\ntry: main(['{command}', '--help'])\nexcept SystemExit: pass"
        assert "httpx2" not in modules_after(code), command


def test_installing_the_client_brings_few_packages() -> None:
    found = closure("heliograph", set())
    assert len(found) <= MOST_PACKAGES, sorted(found)


def test_every_public_name_is_there_and_listed() -> None:
    assert all(getattr(heliograph, name).__module__.startswith("heliograph.client") for name in heliograph.__all__)
    assert set(heliograph.__all__) <= set(dir(heliograph))
