"""What all pages share: templates, the policy that forbids everything foreign, who is looking, failures as pages."""

import hashlib
import re
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import Response

from heliograph.server.errors import Gone, HeliographError, NotFound, NoTokenSent
from heliograph.server.http.replies import failure_headers, rfc3339
from heliograph.server.http.visitors import Visitor, Visitors, kept_visitor, login_address
from heliograph.server.links import Links

HEADINGS: dict[str, tuple[int, str]] = {
    "NoImageSent": (400, "No picture was sent"),
    "UnsupportedFormat": (415, "Not a picture we know"),
    "CorruptImage": (422, "The picture is damaged"),
    "TooManyBytes": (413, "The picture is too large"),
    "TooManyPixels": (422, "The picture has too many pixels"),
    "TooManyFrames": (422, "The animation is too long"),
    "InvalidUrl": (400, "Not a web address"),
    "ForbiddenAddress": (403, "Not from that address"),
    "FetchFailed": (422, "The picture could not be fetched"),
    "LocalPathSent": (400, "That is a path, not a picture"),
    "NoKeySent": (401, "A key is needed"),
    "UnknownKey": (401, "Unknown key"),
    "NoTokenSent": (401, "A key is needed"),
    "InvalidToken": (401, "Unknown token"),
    "GrantRefused": (400, "No access for this program"),
    "InvalidFkey": (403, "The form has expired"),
    "Forbidden": (403, "Not allowed"),
    "NotFound": (404, "Nothing here"),
    "MethodNotAllowed": (405, "Not in this way"),
    "Gone": (410, "This was removed"),
    "BadParameter": (400, "Something in the form is not right"),
    "Conflict": (409, "Already used"),
    "UploadLimitReached": (429, "Too many uploads for now"),
    "TooManyAttempts": (429, "Too many attempts for now"),
    "QuotaExceeded": (403, "No space left"),
    "Busy": (503, "Busy at the moment"),
    "StorageUnavailable": (503, "Cannot store pictures at the moment"),
    "Internal": (500, "Something broke"),
}
"""Each failure of the catalogue -> its HTTP status and the heading of its page."""

_ASSET_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}


class Frame:
    """Renders pages. It is the voice of all of them."""

    def __init__(self, links: Links, visitors: Visitors) -> None:
        self.visitors = visitors
        self._assets = {path.name: path.read_bytes() for path in sorted(Path(__file__).with_name("static").iterdir())}
        self._version = hashlib.sha256(b"".join(self._assets.values())).hexdigest()[:12]
        self._templates = _environment(self._version)
        self.headers = {
            "content-security-policy": _policy(links),
            "referrer-policy": "no-referrer",
            "x-content-type-options": "nosniff",
            "cross-origin-opener-policy": "same-origin",
            "cache-control": "no-cache, private",
        }

    async def page(self, request: Request, template: str, **content: object) -> Response:
        """A page for whoever is looking, whose login is kept fresh on the way."""
        visitor = await self.visitors.visitor(request)
        response = self._rendered(template, visitor, **content)
        self.visitors.renew(response, visitor)
        return response

    async def secret_page(self, request: Request, template: str, **content: object) -> Response:
        """A page that nobody else may see: not to be kept by caches, nor listed by search engines."""
        response = await self.page(request, template, **content)
        response.headers.update({"cache-control": "no-store", "x-robots-tag": "noindex"})
        return response

    def redirect(self, to: str) -> Response:
        """On to another page of ours, by GET (RFC 9110 section 15.4.4)."""
        return Response(status_code=303, headers={**self.headers, "location": to, "cache-control": "no-store"})

    async def asset(self, request: Request) -> Response:
        """GET /static/{name}: for ever where the address has the version, else to be asked for again."""
        name = request.path_params["name"]
        if name not in self._assets:
            raise NotFound
        etag = f'"{self._version}"'
        lasting = request.query_params.get("v") == self._version
        headers = {
            "content-type": _ASSET_TYPES[Path(name).suffix],
            "cache-control": "public, max-age=31536000, immutable" if lasting else "no-cache",
            "etag": etag,
            "x-content-type-options": "nosniff",
        }
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers=headers)
        return Response(self._assets[name], headers=headers)

    async def removed(self, request: Request) -> Response:  # noqa: ARG002 - handlers are alike
        """GET /removed.png, where programs look whether a picture was removed (links-and-thumbnails, section 3)."""
        headers = {"cache-control": "public, max-age=86400", "access-control-allow-origin": "*"}
        headers |= {"x-content-type-options": "nosniff", "cross-origin-resource-policy": "cross-origin"}
        return Response(self._assets["removed.png"], headers=headers, media_type="image/png")

    def speak(self, request: Request, error: HeliographError) -> Response:
        """A failure as a page; what only an account may see leads to the login."""
        if isinstance(error, NoTokenSent) and request.method in ("GET", "HEAD"):
            return self.redirect(login_address(request))
        status, heading = HEADINGS[error.name]
        removed = datetime.fromtimestamp(error.removed_at, UTC) if isinstance(error, Gone) else None
        response = self._rendered(
            "failure.html",
            kept_visitor(request),
            status=status,
            heading=heading,
            message=error.message,
            removed=removed,
            reason=error.reason if isinstance(error, Gone) else "",
            request_id=request.scope["state"]["request_id"],
        )
        response.status_code = status
        response.headers.update(failure_headers(error))
        if status == HTTPStatus.UNAUTHORIZED:
            response.headers["www-authenticate"] = 'Bearer realm="heliograph"'
        return response

    def _rendered(self, template: str, visitor: Visitor | None, **content: object) -> Response:
        known = {"account": visitor.account if visitor else None, "fkey": visitor.fkey if visitor else ""}
        html = self._templates.get_template(template).render(known | content)
        return Response(html, headers={**self.headers, "content-type": "text/html; charset=utf-8"})


def _policy(links: Links) -> str:
    """Nothing foreign and nothing inline: a text that escapes its place on a page can still do nothing."""
    images = urlsplit(links.images)
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"img-src 'self' {images.scheme}://{images.netloc}",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def _environment(version: str) -> Environment:
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.globals["static"] = lambda name: f"/static/{name}?v={version}"
    templates.globals["hidden"] = _hidden
    templates.filters.update(bytes=_bytes, iso=rfc3339, day=_day, ticks=_ticks)
    return templates


def _hidden(fkey: str) -> Markup:
    """The field of a form that shows that the form is ours; in this spelling programs look for it."""
    return Markup('<input type="hidden" name="fkey" value="{}">').format(fkey)


def _bytes(size: int) -> str:
    """A size as people read it, in binary units."""
    if size < 1024:
        return f"{size} bytes"
    return f"{size / 1024:.0f} KiB" if size < 1000 * 1024 else f"{size / 1024**2:.3g} MiB"


def _day(at: datetime) -> str:
    return f"{at.day} {at:%B %Y}"


def _ticks(text: str) -> Markup:
    """A text with what stands between backticks set as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped just before
