"""Programs of npm. A library is called by a driver as its documentation does, and the driver prints JSON."""

import sys

from tests.clients.installed import DRIVERS, NODE
from tests.clients.program import Program

_KEY_IN_FILE = 'printf {key} >"$HOME/.imgurkey"; node "$0" "$1"'
_IN_NODE = {"NODE_PATH": str(NODE)}


def _node(name: str, version: str, driver: str, *, dialect: str = "Imgur v3", remove: bool = False) -> Program:
    run = ("node", str(DRIVERS / driver))
    return Program(
        name, version, "JavaScript", dialect, "npm",
        (*run, "upload", "{picture}"),
        (*run, "remove", "{delete}") if remove else None,
        environment=_IN_NODE,
    )  # fmt: skip


def _npm(
    package: str, name: str, version: str, *, dialect: str = "Imgur v3", remove: bool = False, credentials: bool = False
) -> Program:
    run = ("node", str(DRIVERS / "npm_call.cjs"), package)
    more = ("{client_id}", "{client_secret}", "{access_token}", "{refresh_token}") if credentials else ()
    return Program(
        name, version, "JavaScript", dialect, "npm",
        (*run, "upload", "{picture}", *more),
        (*run, "remove", "{delete}", *more) if remove else None,
        environment=_IN_NODE,
    )  # fmt: skip


def _http(library: str, version: str) -> Program:
    """A library for HTTP that a program is made with."""
    run = ("node", str(DRIVERS / "http_libraries.cjs"), library)
    return Program(library, version, "JavaScript", "Imgur v3", "npm", (*run, "{picture}"), environment=_IN_NODE)


FROM_NPM: tuple[Program, ...] = (
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
        "imgur (command)", "0.0.3", "JavaScript", "Imgur v2", "npm",
        ("sh", "-c", _KEY_IN_FILE, str(NODE / "imgur-003" / "lib" / "imgur.js"), "{picture}"),
        link=r"(https?://\S+)",
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
    Program(
        "Stacks-Editor, in Chromium", "0.15.3", "JavaScript", "Stack Exchange", "npm",
        (sys.executable, str(DRIVERS / "stacks_editor.py"), str(NODE), "{picture}"),
    ),
    Program(
        "piclist", "0.3.2", "JavaScript", "Imgur v3", "npm",
        ("sh", str(DRIVERS / "piclist.sh"), str(NODE), "{picture}"),
        link=r"(https?://\S+)",
    ),
    _npm("imgur-02", "imgur", "0.2.1", remove=True),
    _npm("@hackmd/imgur", "@hackmd/imgur", "0.5.0", remove=True),
    _npm("imgur-v2", "imgur-v2", "0.2.1", remove=True),
    _npm("imgur-node-api", "imgur-node-api", "0.1.0", remove=True),
    _npm("node-imgur", "node-imgur", "0.1.2", dialect="Imgur v2"),
    _npm("@rmp135/imgur", "@rmp135/imgur", "0.6.0", remove=True),
    _npm("@rmp135/imgur-bytes", "@rmp135/imgur (bytes)", "0.6.0", remove=True),
    _npm("multer-storage-imgur", "multer-storage-imgur", "1.0.4"),
    _npm("@trevorblades/multer-storage-imgur", "@trevorblades/multer-storage-imgur", "1.1.3"),
    _npm("nodebb-plugin-imgur", "nodebb-plugin-imgur", "5.0.0", credentials=True),
    _http("axios", "1.21.1"),
    _http("superagent", "10.4.2"),
    _http("needle", "3.5.0"),
    Program(
        "imgur-node", "0.2.0", "JavaScript", "Imgur v3", "npm",
        album=("node", str(DRIVERS / "npm_call.cjs"), "imgur-node", "album", "{album}"),
        environment=_IN_NODE,
    ),
)  # fmt: skip
