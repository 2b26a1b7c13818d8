"""Bytes out: the encoders that dialects share. Each dialect decides what to say; this decides how it is spelt."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
from xml.sax.saxutils import escape

import msgspec
from starlette.responses import Response

from heliograph.server.errors import HeliographError

_CALLBACK = re.compile(r"[A-Za-z_$][\w$.]{0,127}\Z")
_FORBIDDEN_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
XML_DECLARATION = '<?xml version="1.0" encoding="utf-8"?>\n'


def json_reply(
    content: object, status: int = 200, headers: Mapping[str, str] | None = None, media_type: str = "application/json"
) -> Response:
    """Compact JSON without blanks, under a media type without charset (clients compare it to the letter)."""
    return Response(msgspec.json.encode(content), status, {**(headers or {}), "content-type": media_type})


def is_callback(name: str) -> bool:
    """Whether JSONP may call a function of that name: plain names with dots."""
    return bool(_CALLBACK.match(name))


def jsonp_reply(
    callback: str, content: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """JSON, or a call of the function `callback`, where that is a plain name."""
    if not is_callback(callback):
        return json_reply(content, status, headers)
    return call_reply(callback, content, status, headers)


def call_reply(callback: str, content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A script that calls the function `callback`, which `is_callback` has let through, with the content as JSON."""
    body = callback.encode() + b"(" + msgspec.json.encode(content) + b");"
    kind = {"content-type": "application/javascript; charset=utf-8", "x-content-type-options": "nosniff"}
    return Response(body, status, {**(headers or {}), **kind})


def xml_reply(body: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """The XML text `body` behind a declaration on a line of its own."""
    return Response(
        (XML_DECLARATION + body).encode(), status, {**(headers or {}), "content-type": "text/xml; charset=utf-8"}
    )


def xml_element(
    tag: str,
    value: Any,  # noqa: ANN401 - whatever JSON can hold
    attributes: str = "",
    *,
    entries: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """One element: mappings become children, None an empty element, booleans words.

    Lists become children called `item`, or as `entries` says for lists of this tag.
    """
    if value is None or value == "":
        return f"<{tag}{attributes}/>"
    if isinstance(value, Mapping):
        inner = "".join(xml_element(name, each, entries=entries) for name, each in value.items())
    elif isinstance(value, list | tuple):
        inner = "".join(xml_element(entries.get(tag, "item"), each, entries=entries) for each in value)
    elif isinstance(value, bool):
        inner = str(value).lower()
    else:
        inner = escape(_FORBIDDEN_IN_XML.sub("", str(value)))
    return f"<{tag}{attributes}>{inner}</{tag}>"


def failure_headers(error: HeliographError) -> dict[str, str]:
    """`Retry-After`, in seconds, and `Allow` (RFC 9110 sections 10.2.3 and 10.2.1), for the failures that have them."""
    headers = {}
    if (seconds := getattr(error, "retry_after", None)) is not None:
        headers["retry-after"] = str(max(1, int(seconds)))
    if allow := getattr(error, "allow", ()):
        headers["allow"] = ", ".join(allow)
    return headers


def rfc3339(at: datetime) -> str:
    """A time as RFC 3339 text in UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
