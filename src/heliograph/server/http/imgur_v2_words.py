"""How Imgur API v2 spells what it says: formats, images and links, errors, what is left. Evidence: wire page imgur-v2.

XML unless JSON is asked for. JSON is compact under its bare media type, which PyImgur compares to the letter; in XML
the names are the same, nested, without attributes, and what is not there is an empty element. The parameters that
choose how to answer (`_format`, `_fake_status`) come in the query or, once a form was read, in the form.
"""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from heliograph.server.errors import HeliographError
from heliograph.server.http.allowances import allowance_of, nearest, was_counted
from heliograph.server.http.bodies import form_of
from heliograph.server.http.replies import failure_headers, json_reply, xml_element, xml_reply
from heliograph.server.links import Links
from heliograph.server.model import Image, Served
from heliograph.server.statistics import Statistics

_BAD_IMAGE = "Image format not supported, or image is corrupt."

ANSWERS: dict[str, tuple[int, str | None]] = {
    "NoImageSent": (400, None),
    "UnsupportedFormat": (400, _BAD_IMAGE),
    "CorruptImage": (400, _BAD_IMAGE),
    "TooManyBytes": (400, None),
    "TooManyPixels": (400, None),
    "TooManyFrames": (400, None),
    "InvalidUrl": (400, None),
    "ForbiddenAddress": (400, None),
    "FetchFailed": (400, None),
    "LocalPathSent": (400, None),
    "NoKeySent": (401, "No API key was sent"),
    "UnknownKey": (403, "Invalid API key"),
    "NoTokenSent": (401, "This needs an account: sign the request by OAuth, or send the cookie of /2/signin."),
    "InvalidToken": (401, None),
    "GrantRefused": (400, None),
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
    "access-control-allow-headers": "Authorization, Content-Type, Accept, Cache-Control, X-Requested-With",
    "access-control-expose-headers": "X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset",
}
"""So that scripts of any page may call; cookies do not come along."""

UNLIMITED = 2**31 - 1
"""What is told where nothing is limited: programs read whole numbers of 32 bits, and no word instead."""

_ENTRIES = {"most_popular_images": "image_hash"}
"""Lists whose entries XML does not call `item` (wire page imgur-v2, section 3)."""


class Words:
    """Writes v2's answers."""

    def __init__(self, links: Links, statistics: Statistics) -> None:
        self._links = links
        self._statistics = statistics

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
        return xml_reply(xml_element(root, _for_xml(content), entries=_ENTRIES), status, headers)

    def success(self, request: Request, root: str) -> Response:
        """What answers a call that has nothing to tell."""
        return self.reply(request, root, {"message": "Success"})

    def speak(self, request: Request, error: HeliographError) -> Response:
        """A failure. Of the parameters only the names are repeated: among the values are keys and signatures."""
        status, text = ANSWERS[error.name]
        failure = {
            "message": text or error.message,
            "request": request.url.path,
            "method": request.method.lower(),
            "format": "json" if wants_json(request) else "xml",
            "parameters": ", ".join(_parameters(request)),
        }
        faked = _fields(request).get("_fake_status") == "200"
        return self.reply(request, "error", failure, 200 if faked else status, failure_headers(error))

    def preflight(self) -> Response:
        """What answers OPTIONS of anything: what scripts of other pages may send."""
        return Response(status_code=200, headers={**CORS, "access-control-max-age": "86400"})

    def uploaded(self, image: Image) -> dict[str, Any]:
        """An image that has just come."""
        return self.image(image, Served(), owned=True)

    async def images(self, images: Sequence[Image], mine: int | None = None) -> list[dict[str, Any]]:
        """Images as they are read; those of the account of the id `mine` as their owner is shown them."""
        served = await self._statistics.of_many([image.id for image in images])
        return [
            self.image(image, served[image.id], owned=mine is not None and image.account_id == mine) for image in images
        ]

    def image(self, image: Image, served: Served, *, owned: bool = False) -> dict[str, Any]:
        """An image and its links; `owned` as an upload is answered, for who may delete it.

        A text that is not there is then empty, and else null.
        """
        blob, links, absent = image.blob, self._links, "" if owned else None
        about = {
            "name": image.name or False,
            "title": image.title or absent,
            "caption": image.description or absent,
            "hash": image.id,
            "deletehash": image.delete_hash,
            "datetime": spelt(image.created),
            "type": blob.media_type,
            "animated": str(blob.animated).lower(),
            "width": blob.width,
            "height": blob.height,
            "size": blob.size,
            "views": served.views,
            "bandwidth": served.bandwidth,
        }
        where = {
            "original": links.direct(image.id, blob.media_type),
            "imgur_page": links.page(image.id),
            "delete_page": links.delete_page(image.delete_hash),
            "small_square": links.thumbnail(image.id, "s"),
            "large_thumbnail": links.thumbnail(image.id, "l"),
        }
        if not owned:
            del about["name"], about["deletehash"], where["delete_page"]
        return {"image": about, "links": where}


def method_of(request: Request) -> str:
    """The method in capitals: that of the request, or what its field `_method` says instead."""
    return _fields(request).get("_method", "").upper() or request.method


def spelt(at: datetime) -> str:
    """A time as v2 writes it, in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def wants_json(request: Request) -> bool:
    """Whether the answer is to be JSON: by the path's suffix, else by `_format`; without a word it is XML."""
    path = request.url.path
    if path.endswith((".json", ".xml")):
        return path.endswith(".json")
    return _fields(request).get("_format", "").lower() == "json"


def name_in_path(request: Request) -> str:
    """The id or hash that the path names, without the format's suffix."""
    return str(request.path_params["name"]).removesuffix(".json").removesuffix(".xml")


def limit_headers(request: Request) -> dict[str, str]:
    """The limit that would refuse first. Bare integers; the reset is a moment, in seconds since 1970.

    Where nothing is limited they say so: Greenshot 2012 reads all three. Nothing is said where nothing was counted.
    """
    if not was_counted(request):
        return {}
    limit, left, wait = nearest_limit(request)
    return {
        "x-ratelimit-limit": str(limit),
        "x-ratelimit-remaining": str(left),
        "x-ratelimit-reset": str(int(time.time()) + wait),
    }


def nearest_limit(request: Request) -> tuple[int, int, int]:
    """Limit, what is left, and the seconds until all of it is back, of the counter that would refuse first."""
    told = nearest(allowance_of(request).buckets)
    return (told[0].bucket.limit, told[0].left, told[0].resets_in) if told else (UNLIMITED, UNLIMITED, 0)


def _fields(request: Request) -> Mapping[str, str]:
    """What the request says beside its picture: query and form as far as that was read, or the query alone."""
    return form_of(request).texts or request.query_params


def _parameters(request: Request) -> list[str]:
    """The names of what was sent, the picture's last, without those that only say how to answer."""
    picture = form_of(request).field
    names = dict.fromkeys([*_fields(request), *([picture] if picture else [])])
    return [name for name in names if not name.startswith("_")]


def _for_xml(content: object) -> object:
    """The same with nothing in place of false: only a name that is not there is false in v2."""
    if isinstance(content, Mapping):
        return {name: _for_xml(value) for name, value in content.items()}
    if isinstance(content, list):
        return [_for_xml(each) for each in content]
    return None if content is False else content
