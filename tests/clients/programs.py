"""The real client programs, and how each is called. Their code is unmodified; what is ours is a driver that calls a
library as its documentation does, and prints one line of JSON: `link`, and `delete` where it got a delete hash.
"""

import sys
from dataclasses import dataclass, field

from tests.clients.installed import DRIVERS, NODE, PYTHON


@dataclass(frozen=True)
class Program:
    """A client program of somebody else.

    command: how it uploads; `{picture}` stands for the file, `{url}` for an address where it is, `{key}` and `{token}`
    for credentials, `{server}` for the server's address. remove: how it deletes; `{delete}` stands for the delete hash,
    `{id}` for the id. listing: how it lists. link, delete: regular expressions whose first group is the link and the
    delete hash in what it prints, where that is not JSON. environment: variables beside those of the redirect.
    screenshot: it sends a picture of the virtual screen.
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
    screenshot: bool = False


_HTTP_MIME = ("httpclient", "httpmime", "httpcore", "commons-logging", "commons-codec")
_OLD_HTTP = ("commons-httpclient", "commons-logging", "commons-codec")
_BY_REFRESH = ("{client_id}", "{client_secret}", "{refresh_token}")
_KEY_IN_FILE = 'printf {key} >"$HOME/.imgurkey"; node "$0" "$1"'


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


def _npm(package: str, name: str, version: str, *, remove: bool = False) -> Program:
    run = ("node", str(DRIVERS / "npm_call.cjs"), package)
    return Program(
        name, version, "JavaScript", "Imgur v3", "npm",
        (*run, "upload", "{picture}"),
        (*run, "remove", "{delete}") if remove else None,
        environment={"NODE_PATH": str(NODE)},
    )  # fmt: skip


def _told_in_json(name: str, language: str, command: tuple[str, ...], dialect: str = "Imgur v1") -> Program:
    """A library of Debian's that a driver calls; the driver prints JSON."""
    return Program(name, "Debian's", language, dialect, "Debian", command)


def _account(name: str, version: str, driver: str, credentials: tuple[str, ...], *, listing: bool = True) -> Program:
    """A program that uploads into an account, by OAuth 2."""
    run, who = (str(PYTHON / "python"), str(DRIVERS / driver)), credentials
    lists = (*run, "list", *who) if listing else None
    return Program(
        name, version, "Python", "Imgur v3", "PyPI",
        (*run, "upload", *who, "{picture}"), (*run, "remove", *who, "{delete}"), lists,
    )  # fmt: skip


def _stack_java(name: str, driver: str, jars: tuple[str, ...]) -> Program:
    """Java's call of a palette for Mathematica; the palette reads the call of the function in the script."""
    path = ":".join(f"/usr/share/java/{jar}.jar" for jar in jars)
    return Program(
        name, "Debian's", "Java", "Stack Exchange", "Debian",
        ("java", "-cp", path, str(DRIVERS / f"{driver}.java"), "{picture}"),
        link=r'<script>window\.parent\.closeDialog\("([^"]*)"\);',
    )  # fmt: skip


def _java(how: str) -> Program:
    """Apache HttpMime; its part has a file name or none."""
    path = ":".join(f"/usr/share/java/{jar}.jar" for jar in _HTTP_MIME)
    return Program(
        f"HttpMime ({how} part)", "Debian's", "Java", "Imgur v1", "Debian",
        ("java", "-cp", path, str(DRIVERS / "Upload.java"), how, "{picture}", "{key}"),
        link=r"<original_image>([^<]*)</original_image>",
    )  # fmt: skip


PROGRAMS: tuple[Program, ...] = (
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
    _node("imgur", "2.6.1", "imgur_2.mjs", remove=True),
    _npm("imgur-1", "imgur", "1.0.2", remove=True),
    _npm("imgur-1-base64", "imgur (base64)", "1.0.2"),
    _npm("imgur-03", "imgur", "0.3.2", remove=True),
    _npm("imgur-uploader", "imgur-uploader", "4.2.1"),
    _npm("imgur-upload", "imgur-upload", "0.1.2"),
    _npm("imgur-anonymous-uploader", "imgur-anonymous-uploader", "1.1.9"),
    Program(
        "imgur (command)", "0.1.7", "JavaScript", "Imgur v3", "npm",
        ("node", str(NODE / "imgur-017" / "cli.js"), "-c", "0123456789abcde", "-f", "{picture}"),
        link=r"(https?://\S+)",
    ),
    Program(
        "curl", "Debian's", "shell", "Imgur v1", "Debian",
        ("curl", "-sS", "-F", "key={key}", "-F", "image=@{picture}", "http://imgur.com/api/upload.xml"),
        ("curl", "-sS", "http://imgur.com/api/delete/{delete}.xml"),
        link=r"<original_image>([^<]*)</original_image>",
        delete=r"<delete_hash>([^<]*)</delete_hash>",
    ),
    Program(
        "curl", "Debian's", "shell", "Imgur v2", "Debian",
        ("curl", "-sS", "-F", "key={key}", "-F", "image=@{picture}", "https://api.imgur.com/2/upload.xml"),
        ("curl", "-sS", "https://api.imgur.com/2/delete/{delete}.xml"),
        link=r"<original>([^<]*)</original>",
        delete=r"<deletehash>([^<]*)</deletehash>",
    ),
    Program(
        "curl", "Debian's", "shell", "Stack Exchange", "Debian",
        ("curl", "-sS", "-F", "file=@{picture}", "https://stackoverflow.com/upload/image?method=json"),
        link=r'"UploadedImage":"([^"]*)"',
    ),
    Program(
        "imgur (command)", "0.0.3", "JavaScript", "Imgur v2", "npm",
        ("sh", "-c", _KEY_IN_FILE, str(NODE / "imgur-003" / "lib" / "imgur.js"), "{picture}"),
        link=r"(https?://\S+)",
    ),
    Program(
        "lua-socket", "Debian's", "Lua", "Imgur v2", "Debian",
        ("lua5.3", str(DRIVERS / "upload.lua"), "{picture}", "{key}"),
        link=r'"original":"([^"]*)"',
        delete=r'"deletehash":"([^"]*)"',
    ),
    Program(
        "pycurl", "Debian's", "Python", "Imgur v2", "Debian",
        ("/usr/bin/python3", str(DRIVERS / "upload_pycurl.py"), "{picture}", "{key}"),
        link=r"<original>([^<]*)</original>",
    ),
    _stack_java("HttpMime (palette of 2013)", "StackUpload", _HTTP_MIME),
    _stack_java("commons-httpclient (palette of 2012)", "OldStackUpload", _OLD_HTTP),
    _told_in_json("curl (fkey)", "PHP", ("php", str(DRIVERS / "stack.php"), "{picture}"), "Stack Exchange"),
    _told_in_json(
        "the apps' call", "JavaScript", ("node", str(DRIVERS / "stack_mobile.cjs"), "{picture}", "{token}"),
        "Stack Exchange mobile",
    ),
    _account("ImgurPy", "0.0.1b0", "imgurpy_.py", _BY_REFRESH, listing=False),
    _account("pyimgurapi", "0.5.0", "pyimgurapi_.py", _BY_REFRESH),
    _account(
        "imgurpython (account)", "1.1.7", "imgurpython_account.py",
        ("{client_id}", "{client_secret}", "{access_token}", "{refresh_token}"),
    ),
    Program(
        "picgo", "3.1.0", "JavaScript", "Imgur v3", "npm",
        ("sh", str(DRIVERS / "picgo.sh"), str(NODE), "{picture}"),
        link=r"(https?://\S+)",
    ),
    Program(
        "picgo, settings by the server", "3.1.0", "JavaScript", "native", "npm",
        ("sh", str(DRIVERS / "picgo_settings.sh"), str(NODE), "{server}", "{picture}"),
        link=r"(https?://\S+)",
    ),
    _told_in_json("HTTParty", "Ruby", ("ruby", str(DRIVERS / "httparty.rb"), "form", "{picture}", "{key}")),
    _told_in_json("HTTParty (query)", "Ruby", ("ruby", str(DRIVERS / "httparty.rb"), "query", "-", "{key}", "{url}")),
    _told_in_json("curl (array)", "PHP", ("php", str(DRIVERS / "upload.php"), "array", "{picture}", "{key}")),
    _told_in_json("curl (form)", "PHP", ("php", str(DRIVERS / "upload.php"), "form", "{picture}", "{key}")),
    _java("named"),
    _java("unnamed"),
    Program(
        "flameshot", "Debian's", "C++", "Imgur v3", "Debian",
        ("sh", str(DRIVERS / "flameshot.sh")),
        link=r"imgur-\w+-(\S+)",
        delete=r"imgur-(\w+)-",
        screenshot=True,
    ),
    Program(
        "ksnip", "Debian's", "C++", "Imgur v3", "Debian",
        ("sh", str(DRIVERS / "ksnip.sh")),
        link=r"(https?://\S+)",
        screenshot=True,
    ),
    Program(
        "xfce4-screenshooter", "Debian's", "C", "Imgur v3", "Debian",
        ("sh", str(DRIVERS / "xfce4_screenshooter.sh")),
        screenshot=True,
    ),
    Program(
        "KDE Purpose (its plug-in)", "Debian's", "C++", "Imgur v3", "Debian",
        ("sh", str(DRIVERS / "purpose.sh"), "{picture}"),
    ),
    Program(
        "Shutter (its plug-in)", "Debian's", "Perl", "Imgur v3", "Debian",
        ("xvfb-run", "-a", "perl", str(DRIVERS / "shutter.pl"), "{picture}"),
    ),
    Program(
        "Stacks-Editor, in Chromium", "0.15.3", "JavaScript", "Stack Exchange", "npm",
        (sys.executable, str(DRIVERS / "stacks_editor.py"), str(NODE), "{picture}"),
    ),
    Program(
        "piclist", "0.3.2", "JavaScript", "Imgur v3", "npm",
        ("sh", str(DRIVERS / "piclist.sh"), str(NODE), "{picture}"),
        link=r"(https?://\S+)",
    ),
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
    Program(
        "knitr", "Debian's", "R", "Imgur v3", "Debian",
        ("Rscript", "-e", "cat(knitr::imgur_upload(commandArgs(TRUE)[1], key = '0123456789abcde'))", "{picture}"),
        link=r"(https?://\S+)",
    ),
)  # fmt: skip
"""Every program that is run."""

LEFT_OUT: dict[str, str] = {
    "LikX": "its wheel needs GTK's development files to build pycairo; its way of encoding is a transcript",
    "lximage-qt": "its window does not always show itself to the programs that press buttons; what it sends and "
    "reads are transcripts",
    "Greenshot": "runs on Windows; what it sends and reads are transcripts",
    "imgur.sh, imgurbash2, imgur-screenshot, imgur2, dncrht/imgur, limgur, php-imgur-api-client, go-imgur, "
    "Imgur.API, go-sechat, comment-image-upload, the palettes for Mathematica": "are in no package registry of "
    "programs; what they send and read are transcripts",
}
"""Programs of the wire page clients that are not run: name -> reason."""
