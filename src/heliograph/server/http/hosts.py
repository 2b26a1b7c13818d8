"""What is answered under the name of the image host, where pictures have a host of their own (decision 0022).

One process serves both names and tells them apart by the header `Host`. Under the image host's name there are only
pictures; whoever looks for a page there is led to the public address, and everything else is refused. So a picture
never shares its origin with a page, a form or a login.
"""

from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import Scope

from heliograph.server.links import Links

_ON_BOTH = ("/removed.png", "/livez", "/readyz", "/metrics")
_REFUSED = "This address has pictures only. The API and the pages are at {}.\n"
_PORTS = {"http": "80", "https": "443"}


class ImageHost:
    """Knows requests that came to the image host."""

    def __init__(self, links: Links) -> None:
        public, images = urlsplit(links.public).netloc.lower(), urlsplit(links.images).netloc.lower()
        self._names = _names(images) - _names(public)
        self._public = links.public

    def refusal(self, scope: Scope) -> Response | None:
        """What to answer instead of a page or an API call that was asked of the image host; None for all others."""
        if not self._names or scope["path"] in _ON_BOTH:
            return None
        host = next((value for name, value in scope["headers"] if name == b"host"), b"").decode("latin-1").lower()
        if host not in self._names:
            return None
        if scope["method"] not in ("GET", "HEAD"):
            return PlainTextResponse(_REFUSED.format(self._public), HTTPStatus.MISDIRECTED_REQUEST)
        path, query = scope.get("raw_path") or scope["path"].encode(), scope["query_string"]
        asked = (path + (b"?" + query if query else b"")).decode("latin-1")
        return RedirectResponse(self._public + asked, HTTPStatus.FOUND)


def _names(netloc: str) -> set[str]:
    """How a host may stand in the header: the port of http or https may be left out."""
    name, _, port = netloc.rpartition(":")
    if not name or "]" in port:
        return {netloc, *(f"{netloc}:{port}" for port in _PORTS.values())}
    return {netloc, name} if port in _PORTS.values() else {netloc}
