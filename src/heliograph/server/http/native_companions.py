"""The native API's part about what is kept beside an image: its source and its SVG. `native` speaks the failures."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from heliograph.server.callers import must_own
from heliograph.server.companions import Companions
from heliograph.server.http.native import Native
from heliograph.server.model import Kind

_AS_TEXT = {
    "content-security-policy": "default-src 'none'; sandbox",
    "x-content-type-options": "nosniff",
    "cache-control": "no-cache",
}


class NativeCompanions:
    """The handlers of `/api/v1/images/{id}/source` and `/api/v1/images/{id}/vector`."""

    def __init__(self, *, native: Native, companions: Companions) -> None:
        self._native = native
        self._companions = companions

    async def source(self, request: Request) -> Response:
        """GET /api/v1/images/{id}/source: as visible as the image."""
        image, _, _ = await self._native.image(request, None)
        return PlainTextResponse(await self._companions.source(image), headers=_AS_TEXT)

    async def remove_source(self, request: Request) -> Response:
        """DELETE /api/v1/images/{id}/source."""
        return await self._remove(request, "source")

    async def remove_vector(self, request: Request) -> Response:
        """DELETE /api/v1/images/{id}/vector."""
        return await self._remove(request, "vector")

    async def _remove(self, request: Request, kind: Kind) -> Response:
        image, caller, delete_hash = await self._native.image(request)
        must_own(caller, image, delete_hash)
        await self._companions.remove(image, kind, caller)
        return Response(status_code=204)
