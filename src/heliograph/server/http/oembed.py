"""oEmbed (https://oembed.com, version 1.0) of this server's own links: what another site needs to show an image.

`/oembed?url=` takes the links of pages, files and albums. An image is a photo in the largest size that fits `maxwidth`
and `maxheight`; an album, or an image of which nothing is small enough, is a mere link. Imgur had this beside its API
v2 (wire page imgur-v2, section 2), whose fields these are; programs call `/oembed.json` and `/oembed.xml` too.
"""

from starlette.requests import Request
from starlette.responses import Response

from heliograph.imaging.formats import BY_MEDIA_TYPE
from heliograph.imaging.recipe import LETTERS, WEB, Recipe
from heliograph.server.albums import Albums
from heliograph.server.callers import Callers
from heliograph.server.errors import BadParameter, HeliographError, NotFound
from heliograph.server.http.allowances import admitted
from heliograph.server.http.imgur_v2_words import ANSWERS, CORS, limit_headers
from heliograph.server.http.replies import failure_headers, jsonp_reply, xml_element, xml_reply
from heliograph.server.library import Library
from heliograph.server.limits import Limits
from heliograph.server.links import Links, parse
from heliograph.server.model import Caller, Image

_SIZES = "hlmts"
"""The letter sizes from large to small, less the one whose square is as large as a smaller kept proportion."""


class OEmbed:
    """The handlers of `/oembed`."""

    def __init__(self, *, callers: Callers, limits: Limits, library: Library, albums: Albums, links: Links) -> None:
        self._callers = callers
        self._limits = limits
        self._library = library
        self._albums = albums
        self._links = links

    async def embed(self, request: Request) -> Response:
        """GET /oembed: `url`, `format` (json or xml; JSON without a word), `maxwidth`, `maxheight` in pixels.

        501 for another format (oEmbed, section 2.3.4); JSONP where `callback` is a plain name.
        """
        caller = await admitted(request, self._callers, self._limits, key=request.query_params.get("key"))
        if _format(request) not in ("json", "xml"):
            return self._reply(request, {"error": "The format must be json or xml."}, 501)
        box = _pixels(request, "maxwidth"), _pixels(request, "maxheight")
        about = await self._about(request.query_params.get("url", ""), box, caller)
        return self._reply(request, about)

    async def preflight(self, request: Request) -> Response:  # noqa: ARG002 - handlers are alike
        """OPTIONS /oembed."""
        return Response(status_code=200, headers={**CORS, "access-control-max-age": "86400"})

    def speak(self, request: Request, error: HeliographError) -> Response:
        """A failure: the status is all that is defined (oEmbed, section 2.3.4); it is that of v2."""
        status, text = ANSWERS[error.name]
        return self._reply(request, {"error": text or error.message}, status, failure_headers(error))

    async def _about(self, url: str, box: tuple[int | None, int | None], caller: Caller) -> dict[str, object]:
        """What is to be said of one of our links. Raises NotFound for any other, Gone."""
        path = self._links.path_of(url)
        if path is None:
            raise NotFound("The url is none of this server's links.")
        kind, _, name = path[1:].rpartition("/")
        if kind == "a":
            return self._said("link", (await self._albums.find(name, caller)).title)
        image = await self._image(path, name if not kind else "")
        fitting = self._fitting(image, box)
        if fitting is None:
            return self._said("link", image.title)
        shown, width, height = fitting
        return {**self._said("photo", image.title), "url": shown, "width": width, "height": height}

    async def _image(self, path: str, name: str) -> Image:
        """The image of a file's path, or of a page's: the name alone."""
        if (ref := parse(path)) is not None:
            image, _ = await self._library.referred(ref)
            return image
        return await self._library.find(name)

    def _said(self, kind: str, title: str | None) -> dict[str, object]:
        return {
            "version": "1.0",
            "type": kind,
            "provider_name": "Heliograph",
            "provider_url": self._links.public,
            "title": title or "",
        }

    def _fitting(self, image: Image, box: tuple[int | None, int | None]) -> tuple[str, int, int] | None:
        """Address, width and height of the largest size within the box; None where the smallest is too large."""
        whole = (image.blob.width, image.blob.height)
        if BY_MEDIA_TYPE[image.blob.media_type].in_browsers:
            sizes = [(self._links.direct(image.id, image.blob.media_type), whole)]
        else:
            sizes = [(self._links.web(image.id), _rendered(whole, WEB))]
        sizes += [(self._links.thumbnail(image.id, letter), _rendered(whole, LETTERS[letter])) for letter in _SIZES]
        for address, (width, height) in sizes:
            if width <= (box[0] or width) and height <= (box[1] or height):
                return address, width, height
        return None

    def _reply(
        self, request: Request, content: object, status: int = 200, headers: dict[str, str] | None = None
    ) -> Response:
        headers = {**CORS, **(headers or {}), **limit_headers(request)}
        if _format(request) == "xml":
            return xml_reply(xml_element("oembed", content), status, headers)
        return jsonp_reply(request.query_params.get("callback", ""), content, status, headers)


def _rendered(whole: tuple[int, int], recipe: Recipe) -> tuple[int, int]:
    """Width and height of a rendition of a picture so large."""
    if recipe.fit == "crop":
        return recipe.width, recipe.height
    shrunk = min(1.0, recipe.width / whole[0], recipe.height / whole[1])
    return max(1, round(whole[0] * shrunk)), max(1, round(whole[1] * shrunk))


def _format(request: Request) -> str:
    suffix = request.url.path.rpartition("oembed.")[2] if "." in request.url.path else ""
    return (suffix or request.query_params.get("format") or "json").lower()


def _pixels(request: Request, name: str) -> int | None:
    """A number of pixels from the query. Raises BadParameter."""
    said = request.query_params.get(name, "").strip()
    if not said:
        return None
    if not (said.isascii() and said.isdigit() and int(said[:10]) > 0):
        raise BadParameter(f"The {name} must be a whole number of pixels.")
    return int(said[:10])
