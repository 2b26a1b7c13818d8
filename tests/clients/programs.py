"""The real client programs, and how each is called. Their code is unmodified; what is ours is a driver that calls a
library as its documentation does, and prints one line of JSON: `link`, and `delete` where it got a delete hash.
"""

from dataclasses import dataclass, field

from tests.clients.installed import DRIVERS, NODE, PYTHON


@dataclass(frozen=True)
class Program:
    """A client program of somebody else.

    command: how it uploads; `{picture}` stands for the file, `{key}` and `{token}` for credentials. remove: how it
    deletes; `{delete}` stands for the delete hash, `{id}` for the id. listing: how it lists. link, delete: regular
    expressions whose first group is the link and the delete hash in what it prints, where that is not JSON.
    environment: variables beside those of the redirect.
    """

    name: str
    version: str
    language: str
    dialect: str
    source: str
    command: tuple[str, ...]
    remove: tuple[str, ...] | None = None
    listing: tuple[str, ...] | None = None
    link: str | None = None
    delete: str | None = None
    environment: dict[str, str] = field(default_factory=dict, hash=False)


def _python(name: str, version: str, driver: str, *, remove: bool = True, listing: bool = False) -> Program:
    run = (str(PYTHON / "python"), str(DRIVERS / driver))
    return Program(
        name, version, "Python", "Imgur v3", "PyPI",
        (*run, "upload", "{picture}"),
        (*run, "remove", "{delete}") if remove else None,
        (*run, "list") if listing else None,
    )  # fmt: skip


def _node(name: str, version: str, driver: str, *, dialect: str = "Imgur v3", remove: bool = False) -> Program:
    run = ("node", str(DRIVERS / driver))
    return Program(
        name, version, "JavaScript", dialect, "npm",
        (*run, "upload", "{picture}"),
        (*run, "remove", "{delete}") if remove else None,
        environment={"NODE_PATH": str(NODE)},
    )  # fmt: skip


PROGRAMS: tuple[Program, ...] = (
    _python("pyimgur", "0.8.1", "pyimgur_.py"),
    _node("imgur", "2.6.1", "imgur_2.mjs", remove=True),
    Program(
        "curl", "Debian's", "shell", "Imgur v1", "Debian",
        ("curl", "-sS", "-F", "key={key}", "-F", "image=@{picture}", "http://imgur.com/api/upload.xml"),
        link=r"<original_image>([^<]*)</original_image>",
    ),
)  # fmt: skip
"""Every program that is run."""

LEFT_OUT: dict[str, str] = {}
"""Programs that were tried and cannot be run here: name -> reason."""
