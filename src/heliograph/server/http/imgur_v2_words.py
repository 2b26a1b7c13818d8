"""How Imgur API v2 spells what it says: formats, images and links, errors, limits. Evidence: wire page imgur-v2.

XML unless JSON is asked for; booleans are words; a title that is not there is an empty text. JSON has its bare media
type, which one client compares to the letter.
"""

import time
from collections.abc import Mapping
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from heliograph.server.errors import HeliographError
from heliograph.server.http.allowances import allowance_of, nearest
from heliograph.server.http.replies import failure_headers, json_reply, xml_element, xml_reply
from heliograph.server.links import Links
from heliograph.server.model import Image

ANSWERS: dict[str, tuple[int, str | None]] = {
    "NoImageSent": (400, None),
    "UnsupportedFormat": (400, "Image format not supported, or image is corrupt."),
    "CorruptImage": (400, "Image format not supported, or image is corrupt."),
    "TooManyBytes": (400, None),
    "TooManyPixels": (400, None),
    "TooManyFrames": (400, None),
    "InvalidUrl": (400, None),
    "ForbiddenAddress": (400, None),
    "FetchFailed": (400, None),
    "LocalPathSent": (400, None),
    "NoKeySent": (401, None),
    "UnknownKey": (403, None),
    "NoTokenSent": (401, "This needs an account: sign the request by OAuth, or send the cookie of /2/signin."),
    "InvalidToken": (401, None),
    "InvalidFkey": (403, None),
    "Forbidden": (403, None),
    "NotFound": (404, None),
    "MethodNotAllowed": (405, None),
    "Gone": (404, None),
    "BadParameter": (400, None),
    "Conflict": (409, None),
    "UploadLimitReached": (403, "API limits exceeded"),
    "TooManyAttempts": (403, None),
    "QuotaExceeded": (403, None),
    "Busy": (503, None),
    "StorageUnavailable": (503, None),
    "Internal": (500, None),
}
"""Each failure -> its HTTP status, and Imgur's text where it is known (wire page imgur-v2, section 5)."""

CORS = {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "GET, PUT, POST, DELETE, OPTIONS",
    "access-control-allow-headers": "Authorization, Content-Type, Accept",
    "access-control-expose-headers": "X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset",
}
"""So that scripts of any page may call; cookies do not come along."""


class Words:
    """Writes v2's answers."""

    def __init__(self, links: Links) -> None:
        self._links = links

    def reply(
        self,
        request: Request,
        root: str,
        content: object,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """`content` under its `root`, in the format that the request asks for, with what is left of the limits."""
        headers = {**CORS, **(headers or {}), **limit_headers(request)}
        if wants_json(request):
            return json_reply({root: content}, status, headers)
        return xml_reply(xml_element(root, content), status, headers)

    def success(self, request: Request, root: str) -> Response:
        """What answers a call that has nothing to tell."""
        return self.reply(request, root, {"message": "Success"})

    def speak(self, request: Request, error: HeliographError) -> Response:
        """A failure, with the request's own words; its status as it is, or as `_fake_status` wants it."""
        status, text = ANSWERS[error.name]
        failure = {
            "message": text or error.message,
            "request": request.url.path,
            "method": request.method.lower(),
            "format": "json" if wants_json(request) else "xml",
            "parameters": ", ".join(request.query_params),
        }
        faked = request.query_params.get("_fake_status", "")
        shown = 200 if faked == "200" else status
        return self.reply(request, "error", failure, shown, failure_headers(error))

    def image(self, image: Image, *, owned: bool = False) -> dict[str, object]:
        """An image and its links; `owned` as an upload is answered, for who may delete it."""
        blob, links = image.blob, self._links
        return {
            "image": {
                **({"name": image.name or False} if owned else {}),
                "title": image.title or "",
                "caption": image.description or "",
                "hash": image.id,
                **({"deletehash": image.delete_hash} if owned else {}),
                "datetime": spelt(image.created),
                "type": blob.media_type,
                "animated": str(blob.animated).lower(),
                "width": blob.width,
                "height": blob.height,
                "size": blob.size,
                "views": 0,
                "bandwidth": 0,
            },
            "links": {
                "original": links.direct(image.id, blob.media_type),
                "imgur_page": links.page(image.id),
                **({"delete_page": links.delete_page(image.delete_hash)} if owned else {}),
                "small_square": links.thumbnail(image.id, "s"),
                "large_thumbnail": links.thumbnail(image.id, "l"),
            },
        }


def spelt(at: datetime) -> str:
    """A time as v2 writes it, in UTC."""
    return at.strftime("%Y-%m-%d %H:%M:%S")


def wants_json(request: Request) -> bool:
    """Whether the answer is to be JSON: by the path's suffix, else by `_format`; without a word it is XML."""
    path = request.url.path
    if path.endswith((".json", ".xml")):
        return path.endswith(".json")
    return request.query_params.get("_format", "").lower() == "json"


def name_in_path(request: Request) -> str:
    """The id that the path names, without the format's suffix."""
    return str(request.path_params["name"]).removesuffix(".json").removesuffix(".xml")


def limit_headers(request: Request) -> dict[str, str]:
    """The limit that would refuse first. Bare integers; the reset is a moment, in seconds since 1970."""
    told = nearest(allowance_of(request).buckets)
    if not told:
        return {}
    state = told[0]
    return {
        "x-ratelimit-limit": str(state.bucket.limit),
        "x-ratelimit-remaining": str(state.left),
        "x-ratelimit-reset": str(int(time.time()) + state.resets_in),
    }
