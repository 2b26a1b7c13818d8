"""Whoever is logged in asked whether a program may act for them, and the way back to the program with the answer.

What the two OAuth 2 dialects share of their pages: neither knows the other.
"""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from heliograph.server.http.frame import Frame, leads_to, place_of
from heliograph.server.identity.grants import Wish

WORDS = {
    "images:write": "publish pictures into your account, and edit and remove those that are there",
    "images:read": "list and search your pictures",
    "albums": "make, change and remove your albums",
    "account": "manage your applications and tokens: it can make itself others that do all of this",
}
"""What each scope means, to a person."""


async def asked_on_page(
    request: Request, frame: Frame, wish: Wish, *, on_to: str | None, allow: str = "allow", message: str = "", **more: str
) -> Response:
    """The page that asks. on_to: where the answer goes, None for a pin. allow: what the button says to us.

    Where nobody is logged in, name and password are asked for with it.
    """
    may = [WORDS[scope] for scope in WORDS if scope in wish.scopes]
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    response = await frame.secret_page(
        request,
        "consent.html",
        application=wish.application,
        may=may,
        here=here,
        host=place_of(on_to),
        allow=allow,
        message=message,
        more=more,
    )
    leads_to(response, on_to)
    return response


def back(address: str, *, fragment: bool = False, **fields: str | None) -> Response:
    """On to the program with the answer, in the query, or in the fragment, which servers do not see."""
    said = urlencode({name: value for name, value in fields.items() if value is not None})
    if fragment:
        address += "#" + said
    else:
        address += ("&" if "?" in address else "?") + said
    headers = {"location": address, "cache-control": "no-store", "referrer-policy": "no-referrer"}
    return Response(status_code=302, headers=headers)
