"""Imgur API v1 as far as uploading: `POST /api/upload.xml` and `.json`. Evidence: wire page imgur-v1.

The key comes in a field, so the caller is known only when the body has been read. Clients look at the body and never at
the status, so the status may tell the truth. XML has its seven elements right below the root, JSON one level deeper.
"""

from starlette.requests import Request
from starlette.responses import Response

from heliograph.server.callers import Callers
from heliograph.server.errors import HeliographError, NoKeySent
from heliograph.server.http.allowances import admitted
from heliograph.server.http.bodies import Reader
from heliograph.server.http.replies import failure_headers, json_reply, xml_element, xml_reply
from heliograph.server.limits import Limits
from heliograph.server.links import Links
from heliograph.server.model import Image, Texts
from heliograph.server.uploads import Uploads

ANSWERS: dict[str, tuple[int, int, str | None]] = {
    "NoImageSent": (1000, 400, "No image was sent"),
    "UnsupportedFormat": (1003, 400, "Invalid image type or URL"),
    "CorruptImage": (1001, 400, "Image failed to upload: it is damaged or cut short"),
    "TooManyBytes": (1002, 413, None),
    "TooManyPixels": (1001, 400, "Image failed to upload: it has too many pixels"),
    "TooManyFrames": (1001, 400, "Image failed to upload: it has too many frames"),
    "InvalidUrl": (1011, 400, "Invalid URL"),
    "ForbiddenAddress": (1012, 400, "Could not download the image from that URL: the address is not allowed"),
    "FetchFailed": (1012, 400, None),
    "LocalPathSent": (1003, 400, None),
    "NoKeySent": (1015, 401, "No API key was sent"),
    "UnknownKey": (1004, 401, "Invalid API key"),
    "NoTokenSent": (1015, 401, None),
    "InvalidToken": (1004, 401, None),
    "GrantRefused": (9000, 400, None),
    "InvalidFkey": (9000, 403, None),
    "Forbidden": (9000, 403, None),
    "NotFound": (9000, 404, None),
    "MethodNotAllowed": (9000, 405, None),
    "Gone": (4002, 410, None),
    "BadParameter": (9000, 400, None),
    "Conflict": (9000, 409, None),
    "UploadLimitReached": (1008, 429, "Upload limit reached"),
    "TooManyAttempts": (1008, 429, None),
    "QuotaExceeded": (1008, 403, None),
    "Busy": (1005, 503, None),
    "StorageUnavailable": (1006, 503, None),
    "Internal": (1005, 500, None),
}
"""Each failure -> its number, HTTP status, and text where Imgur's own words (or a prefix of them) are known."""


class ImgurV1:
    """The handlers of `/api/upload.*`."""

    def __init__(self, *, callers: Callers, limits: Limits, reader: Reader, uploads: Uploads, links: Links) -> None:
        self._callers = callers
        self._limits = limits
        self._reader = reader
        self._uploads = uploads
        self._links = links

    async def upload(self, request: Request) -> Response:
        """POST /api/upload.xml, /api/upload.json."""
        async with self._reader.read(request, ("image",)) as form:
            key = form.text("key")
            caller = await admitted(request, self._callers, self._limits, key=key, upload=True)
            if key is None:
                raise NoKeySent
            accepted = await self._uploads.accept(form.picture, Texts(name=form.text("name")), caller)
        fields = self._fields(accepted.image)
        if _wants_json(request):
            return json_reply({"rsp": {"stat": "ok", "image": fields}})
        return xml_reply(xml_element("rsp", fields, ' stat="ok"'))

    def speak(self, request: Request, error: HeliographError) -> Response:
        """A failure of an upload in the format that the path's suffix asks for."""
        code, status, text = ANSWERS[error.name]
        failure = {"error_code": code, "error_msg": text or error.message}
        if _wants_json(request):
            return json_reply({"rsp": {"stat": "fail", **failure}}, status, failure_headers(error))
        return xml_reply(xml_element("rsp", failure, ' stat="fail"'), status, failure_headers(error))

    def _fields(self, image: Image) -> dict[str, str]:
        return {
            "image_hash": image.id,
            "delete_hash": image.delete_hash,
            "original_image": self._links.direct(image.id, image.blob.media_type),
            "large_thumbnail": self._links.thumbnail(image.id, "l"),
            "small_thumbnail": self._links.thumbnail(image.id, "s"),
            "imgur_page": self._links.page(image.id),
            "delete_page": self._links.delete_page(image.delete_hash),
        }


def _wants_json(request: Request) -> bool:
    return request.url.path.endswith(".json")
