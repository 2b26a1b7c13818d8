"""Ready-made settings for client programs, with this server's own address in them, and the page that hands them out.

A program whose host is fixed cannot be set up by a file; `docs/clients.md` says how it is led here all the same.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from heliograph.server.errors import NotFound
from heliograph.server.http.frame import Frame
from heliograph.server.links import Links

_SHELL = """\
# Upload pictures from a POSIX shell: . ./heliograph.sh; then: heliograph_upload picture.png
# With HELIOGRAPH_KEY set, they belong to its account. Needs curl.
heliograph_upload() {
    for picture in "$@"; do
        curl --fail-with-body --silent --show-error --write-out '\\n' --form "image=@$picture" \\
            ${HELIOGRAPH_KEY:+--header "Authorization: Bearer $HELIOGRAPH_KEY"} \\
            '%s' | sed -n 's/.*"link":"\\([^"]*\\)".*/\\1/p'
    done
}
"""


@dataclass(frozen=True, slots=True)
class Download:
    """A file for one program. `written` makes its text from the address to upload to."""

    program: str
    how: str
    media_type: str
    written: Callable[[str], str]


def _sharex(upload: str) -> str:
    """A custom uploader, as ShareX 15 and programs that read its files take it (ShareX's documentation, "Custom
    uploader").
    """
    return _as_json(
        {
            "Version": "15.0.0",
            "Name": "Heliograph",
            "DestinationType": "ImageUploader",
            "RequestMethod": "POST",
            "RequestURL": upload,
            "Body": "MultipartFormData",
            "FileFormName": "image",
            "URL": "{json:link}",
            "ThumbnailURL": "{json:thumbnails.b}",
            "DeletionURL": "{json:delete_link}",
            "ErrorMessage": "{json:detail}",
        }
    )


def _picgo(upload: str) -> str:
    """PicGo's own Imgur has its host built in; its plugin web-uploader takes an address (its README)."""
    uploader = {"url": upload, "paramName": "image", "jsonPath": "link", "customHeader": "", "customBody": ""}
    return _as_json(
        {
            "picBed": {"current": "web-uploader", "uploader": "web-uploader", "web-uploader": uploader},
            "picgoPlugins": {"picgo-plugin-web-uploader": True},
        }
    )


def _client(upload: str) -> str:
    return f'url = "{upload.removesuffix("/api/v1/images")}"\n'


DOWNLOADS: dict[str, Download] = {
    "heliograph.sxcu": Download(
        "ShareX, and others that read its custom uploaders",
        "Open the file with ShareX, and say yes. For an account of yours, add the header `Authorization: Bearer KEY`.",
        "application/json",
        _sharex,
    ),
    "picgo.json": Download(
        "PicGo",
        "`picgo install web-uploader`, then put the file in place of `~/.picgo/config.json`.",
        "application/json",
        _picgo,
    ),
    "heliograph.sh": Download(
        "A POSIX shell with curl",
        "`. ./heliograph.sh`, then `heliograph_upload picture.png` prints the link.",
        "text/x-shellscript; charset=utf-8",
        lambda upload: _SHELL % upload,
    ),
    "config.toml": Download(
        "The heliograph command and the Python library",
        "Put it into `~/.config/heliograph/`, then `heliograph upload picture.png`.",
        "application/toml",
        _client,
    ),
}
"""File name -> what it is."""


class ClientSettings:
    """The handlers of /docs/clients."""

    def __init__(self, *, frame: Frame, links: Links) -> None:
        self._frame = frame
        self._links = links

    async def page(self, request: Request) -> Response:
        """GET /docs/clients."""
        return await self._frame.page(request, "clients.html", downloads=DOWNLOADS, public=self._links.public)

    async def download(self, request: Request) -> Response:
        """GET /docs/clients/{name}."""
        name = request.path_params["name"]
        wanted = DOWNLOADS.get(name)
        if wanted is None:
            raise NotFound
        headers = {
            "content-type": wanted.media_type,
            "content-disposition": f'attachment; filename="{name}"',
            "x-content-type-options": "nosniff",
        }
        return Response(wanted.written(f"{self._links.public}/api/v1/images"), headers=headers)


def _as_json(content: object) -> str:
    return json.dumps(content, indent=2) + "\n"
