"""What may be in the sources: the rules that ruff and import-linter have no words for."""

import ast
import statistics
import sys
from collections.abc import Iterator

from tests.repository.tree import SOURCES, modules

MAY_READ_THE_ENVIRONMENT = {
    "server/config.py": "every setting of the server sits in one table",
    "client/_config.py": "the client's own address and key, read without the server",
}

# One outside technology, one importer; a technology that is the language of a whole layer says so.
IMPORTERS = {
    "alembic": {"server/migrations/"},
    "anyio": {"server/backends/remote.py"},
    "authlib": {"server/identity/signatures.py", "server/identity/grants.py"},
    "asyncpg": {"server/backends/postgres.py"},
    "click": {"cli/"},
    "cryptography": {"server/receipts.py", "server/identity/seal.py", "client/_receipts.py"},
    "docutils": {"sphinx.py"},
    "httpcore2": {"server/backends/remote.py"},
    "httpx2": {"server/backends/remote.py", "server/backends/openid.py", "client/_http.py", "repair/web.py"},
    "itsdangerous": {"server/identity/sessions.py"},
    "jinja2": {"server/http/frame.py"},
    "joserfc": {"server/backends/openid.py"},
    "msgspec": {"server/http/"},
    "markupsafe": {"server/http/frame.py", "server/http/pages.py"},
    "mkdocs": {"mkdocs.py"},
    "multipart": {"server/http/multiparts.py"},
    "pybase64": {"server/http/textual.py"},
    "nbconvert": {"nbconvert.py"},
    "obstore": {"server/backends/object_store.py"},
    "pi_heif": {"imaging/pillow_formats.py"},
    "PIL": {"imaging/pillow_formats.py"},
    "prometheus_client": {"server/http/"},
    "pyvips": {"imaging/pipeline.py"},
    "pwdlib": {"server/identity/passwords.py"},
    "sphinx": {"sphinx.py"},
    "sqlalchemy": {"server/catalog/", "server/ports.py", "server/backends/", "server/migrations/"},
    "starlette": {"server/http/", "server/app.py"},
    "traitlets": {"nbconvert.py"},
    "uvicorn": {"cli/serve.py"},
    "uvloop": {"cli/serve.py"},
    "valkey": {"server/backends/valkey.py"},
}

NAMES_OF_DRAWERS = {"util", "utils", "helper", "helpers", "common", "base", "manager", "misc"}


def imported(tree: ast.Module) -> Iterator[str]:
    """The first word of everything that a module imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (each.name.partition(".")[0] for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def reads_the_environment(tree: ast.Module) -> bool:
    """Whether a module names os.environ or os.getenv, however imported."""
    names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    names |= {each.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for each in node.names}
    return bool(names & {"environ", "environb", "getenv"})


def test_only_the_tables_of_settings_read_the_environment() -> None:
    assert {name for name, tree in modules().items() if reads_the_environment(tree)} <= MAY_READ_THE_ENVIRONMENT.keys()


def test_every_outside_library_is_imported_where_its_one_importer_is() -> None:
    ours = sys.stdlib_module_names | {"heliograph"}
    for name, tree in modules().items():
        for library in sorted(set(imported(tree)) - ours):
            assert library in IMPORTERS, f"{name} imports {library}: say in this test who may, and why nobody else"
            allowed = IMPORTERS[library]
            assert any(name == place or (place.endswith("/") and name.startswith(place)) for place in allowed), (
                f"{name} imports {library}, which is left to {sorted(allowed)}"
            )


def test_half_of_the_files_are_short_and_few_are_long() -> None:
    lengths = {name: len((SOURCES / name).read_text().splitlines()) for name in modules()}
    real = {name: length for name, length in lengths.items() if length > 1}
    assert statistics.median(real.values()) <= 150
    long = sorted(name for name, length in real.items() if length > 400)
    assert len(long) <= len(real) // 10, long
    assert not [name for name, length in real.items() if length > 600]


def test_functions_fit_on_a_screen() -> None:
    functions = {
        f"{name}:{node.lineno} {node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for name, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert not {where: length for where, length in functions.items() if length > 75}
    assert statistics.quantiles(functions.values(), n=20)[-1] < 30, "nineteen in twenty are under 30 lines"


def test_no_module_is_a_drawer() -> None:
    assert not [name for name in modules() if set(name.removesuffix(".py").split("/")) & NAMES_OF_DRAWERS]


def test_every_module_opens_with_what_it_hides() -> None:
    assert not [name for name, tree in modules().items() if tree.body and not ast.get_docstring(tree)]
