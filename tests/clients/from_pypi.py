"""Programs of PyPI. A library is called by a driver as its documentation does, and the driver prints JSON."""

from pathlib import Path

from tests.clients.installed import APART, DRIVERS, PYTHON
from tests.clients.program import Program

_BY_REFRESH = ("{client_id}", "{client_secret}", "{refresh_token}")
_BY_TOKENS = ("{client_id}", "{client_secret}", "{access_token}", "{refresh_token}")


def _python(
    name: str, version: str, driver: str, *, remove: bool = True, listing: bool = False, place: Path = PYTHON
) -> Program:
    run = (str(place / "python"), str(DRIVERS / driver))
    return Program(
        name, version, "Python", "Imgur v3", "PyPI",
        (*run, "upload", "{picture}"),
        (*run, "remove", "{delete}") if remove else None,
        (*run, "list") if listing else None,
    )  # fmt: skip


def _account(
    name: str,
    version: str,
    driver: tuple[str, ...],
    credentials: tuple[str, ...],
    *,
    listing: bool = True,
    place: Path = PYTHON,
) -> Program:
    """A program that uploads into an account, by OAuth 2."""
    run, who = (str(place / "python"), str(DRIVERS / driver[0]), *driver[1:]), credentials
    lists = (*run, "list", *who) if listing else None
    return Program(
        name, version, "Python", "Imgur v3", "PyPI",
        (*run, "upload", *who, "{picture}"), (*run, "remove", *who, "{delete}"), lists,
    )  # fmt: skip


def _viewer(name: str, version: str, module: str) -> Program:
    """A program that looks at albums that are there."""
    look = (str(PYTHON / "python"), str(DRIVERS / "album_viewers.py"), module, "https://imgur.com/a/{album}")
    return Program(name, version, "Python", "Imgur v3", "PyPI", album=look)


FROM_PYPI: tuple[Program, ...] = (
    _python("pyimgur", "0.8.1", "pyimgur_.py"),
    _python("imgurpython", "1.1.7", "imgurpython_.py"),
    _python("imgur-python", "0.2.4", "imgur_python_.py"),
    _python("aioimgur", "0.1.1", "aioimgur_.py"),
    _python("Flask-Imgur", "0.1", "flask_imgur_.py"),
    _python("imgurpoi", "0.0.6", "imgurpoi_.py", remove=False),
    _python("elliesImgurUploader", "0.3", "ellies_imgur_uploader.py", remove=False),
    _python("craption", "1.5.0", "craption_.py", remove=False),
    Program(
        "imgur-uploader", "0.3.0", "Python", "Imgur v3", "PyPI",
        ("xvfb-run", "-a", str(PYTHON / "imgur-uploader"), "{picture}"),  # it puts the link on the clipboard
        link=r"see your image at (\S+)",
        environment={"IMGUR_API_ID": "0123456789abcde", "IMGUR_API_SECRET": "secret"},
    ),
    Program(
        "imgurup", "1.7.0", "Python", "Imgur v3", "PyPI",
        (str(PYTHON / "img"), "-n", "-f", "{picture}"),
        link=r"[Ll]ink: (\S+)",
        delete=r"[Dd]elete link: \S+/delete/(\w+)",
    ),
    _account("ImgurPy", "0.0.1b0", ("imgurpy_.py",), _BY_REFRESH, listing=False),
    _account("pyimgurapi", "0.5.0", ("pyimgurapi_.py",), _BY_REFRESH),
    _account("imgurpython (account)", "1.1.7", ("imgurpython_account.py",), _BY_TOKENS),
    Program(
        "imgur-cli", "0.0.1", "Python", "Imgur v3", "PyPI",
        (str(PYTHON / "imgur"), "image", "upload", "file", "{picture}"),
        (str(PYTHON / "imgur"), "image", "delete", "{delete}"),
        link=r'"link": "([^"]*)"',
        delete=r'"deletehash": "([^"]*)"',
        environment={"IMGUR_CLIENT_ID": "0123456789abcde", "IMGUR_CLIENT_SECRET": "secret"},
    ),
    Program(
        "Mathics3", "10.0.1", "Wolfram", "Imgur v2", "PyPI",
        (str(PYTHON / "mathics"), "-f", str(DRIVERS / "mathics.m"), "{picture}", "{key}"),
        link=r"XMLElement\[original, \{\}, \{(https?://[^}]*)\}\]",
    ),
    _account("gimgurpython", "0.0.4", ("imgurpython_forks.py", "gimgurpython"), _BY_TOKENS),
    _account("imgurapi", "1.1.10", ("imgurpython_forks.py", "imgurpython"), _BY_TOKENS, place=APART),
    _python("ppyimgur", "0.6.0.post1", "ppyimgur_.py", place=APART),
    Program(
        "images-upload-cli", "4.1.0", "Rust", "Imgur v3", "PyPI",
        (str(PYTHON / "imgup"), "--hosting", "imgur", "--no-clipboard", "{picture}"),
        link=r"(https?://\S+)",
    ),
    Program(
        "postimg", "2.1", "Python", "Imgur v3", "PyPI",
        ("xvfb-run", "-a", str(PYTHON / "postimg"), "{picture}"),  # it puts the link on the clipboard
        link=r"(https?://\S+)",
    ),
    Program(
        "bubblegum", "1.0.1", "Python", "Imgur v3", "PyPI",
        ("xvfb-run", "-a", str(APART / "bubblegum"), "upload", "--host", "imgur.com", "{picture}"),
        link=r"(https?://\S+) \|",
        delete=r"/delete/(\w+)",
        environment={"LC_ALL": "C.UTF-8"},
    ),
    Program(
        "imgurfy", "0.0.2", "Python", "Imgur v3", "PyPI",
        ("sh", str(DRIVERS / "imgurfy.sh"), str(APART), *_BY_TOKENS, "{picture}"),
        link=r"(https?://\S+)",
    ),
    Program(
        "ImgurDownloader", "1.0", "Python", "Imgur v3", "PyPI",
        album=("sh", str(DRIVERS / "imgur_downloader.sh"), str(APART), "https://imgur.com/a/{album}"),
    ),
    _viewer("rtv", "1.27.1", "rtv"),
    _viewer("tuir", "1.29.0", "tuir"),
)  # fmt: skip
