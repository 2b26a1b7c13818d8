"""What a client program of somebody else is to the tests, and how it is called."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Program:
    """A client program of somebody else.

    command: how it uploads, empty where it only looks; `{picture}` stands for the file, `{url}` for an address where it
    is, `{key}` and `{token}` for credentials, `{server}` for the server's address. remove: how it deletes; `{delete}`
    stands for the delete hash, `{id}` for the id. listing: how it lists. link, delete: regular expressions whose first
    group is the link and the delete hash in what it prints, where that is not JSON. environment: variables beside those
    of the redirect. screenshot: it sends a picture of the virtual screen. album: how it looks at an album that is
    there, `{album}`, with two pictures: it keeps them in the folder where it runs, or prints their links.
    """

    name: str
    version: str
    language: str
    dialect: str
    source: str
    command: tuple[str, ...] = ()
    remove: tuple[str, ...] | None = None
    listing: tuple[str, ...] | None = None
    link: str | None = None
    delete: str | None = None
    environment: dict[str, str] = field(default_factory=dict, hash=False)
    screenshot: bool = False
    album: tuple[str, ...] | None = None
