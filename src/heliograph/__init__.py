"""Publish pictures on a Heliograph server: `heliograph.upload("figure.png")` returns the image; its str is the link.

Everything public is listed here. It is imported when it is first used, because the HTTP library under it takes most of
the time of an import (docs: goal S4, `import heliograph` under 150 ms).
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from heliograph.client._albums import Album
    from heliograph.client._async_client import AsyncClient
    from heliograph.client._client import Client
    from heliograph.client._desktop import clipboard, screen
    from heliograph.client._errors import (
        GoneError,
        HeliographError,
        InputError,
        KeptError,
        LimitReachedError,
        NotAllowedError,
        NotFoundError,
        RefusedError,
        ServerFailedError,
        UnexpectedAnswerError,
        UnreachableError,
        VerificationError,
    )
    from heliograph.client._kept import Login
    from heliograph.client._keys import Application, Token
    from heliograph.client._login import DeviceCodes
    from heliograph.client._matplotlib import integrate_matplotlib
    from heliograph.client._models import Account, Image, Receipt, Whose
    from heliograph.client._one_call import source, upload, upload_async
    from heliograph.client._outbox import Waiting

__all__ = [
    "Account",
    "Album",
    "Application",
    "AsyncClient",
    "Client",
    "DeviceCodes",
    "GoneError",
    "HeliographError",
    "Image",
    "InputError",
    "KeptError",
    "LimitReachedError",
    "Login",
    "NotAllowedError",
    "NotFoundError",
    "Receipt",
    "RefusedError",
    "ServerFailedError",
    "Token",
    "UnexpectedAnswerError",
    "UnreachableError",
    "VerificationError",
    "Waiting",
    "Whose",
    "clipboard",
    "integrate_matplotlib",
    "screen",
    "source",
    "upload",
    "upload_async",
]

_HOMES = {
    "AsyncClient": "_async_client",
    "Client": "_client",
    "integrate_matplotlib": "_matplotlib",
    "source": "_one_call",
    "upload": "_one_call",
    "upload_async": "_one_call",
    "clipboard": "_desktop",
    "screen": "_desktop",
    "Album": "_albums",
    "Account": "_models",
    "Application": "_keys",
    "DeviceCodes": "_login",
    "Image": "_models",
    "Login": "_kept",
    "Receipt": "_models",
    "Token": "_keys",
    "Waiting": "_outbox",
    "Whose": "_models",
}
"""Which module of `heliograph.client` each name lives in; the errors live in `_errors`."""


def __getattr__(name: str) -> object:
    """Import a public name at its first use (PEP 562) and keep it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = import_module(f"heliograph.client.{_HOMES.get(name, '_errors')}")
    value: object = getattr(home, name)
    globals()[name] = value
    return value


def load_ipython_extension(shell: object) -> None:
    """`%load_ext heliograph`: adds the magics `%publish` and `%%publish` to IPython (docs/figures.md)."""
    import_module("heliograph.client.notebook").load(shell)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
