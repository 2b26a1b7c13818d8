"""The native API described by OpenAPI 3.1, from the same types that the handlers answer with.

`tests/server/http/test_openapi.py` holds the paths against the URL table and the answers against the schemas.
"""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from heliograph.server.companions import LONGEST
from heliograph.server.errors import CATALOGUE
from heliograph.server.http.consent import ABOUT
from heliograph.server.http.native import Edit, ImageAnswer, ImagePage, Problem
from heliograph.server.http.openapi_albums import TYPES as ALBUM_TYPES
from heliograph.server.http.openapi_albums import album_paths
from heliograph.server.http.openapi_identity import ACCOUNT_FAILURES, OPERATIONS
from heliograph.server.http.openapi_identity import TYPES as IDENTITY_TYPES
from heliograph.server.http.openapi_parts import (
    DELETE_HASH,
    KEY,
    OPTIONAL_KEY,
    REF,
    answers,
    companion_paths,
    favorite_path,
    query,
    schema,
)
from heliograph.server.http.replies import json_reply
from heliograph.server.links import Links
from heliograph.server.model import SCOPES
from heliograph.server.texts import LONGEST_TEXT

_TEXT_MEANINGS = {
    "title": "A title.",
    "description": "A longer description.",
    "alt": "What the picture shows, for those who do not see it.",
    "name": "The file's name.",
}
_SOURCE = "The code or text that made the picture: kept beside it, for whoever sees it."
_VECTOR = (
    "The same picture as SVG: kept beside it without anything that acts or reaches out, where this server does so."
)
_ALBUM = "The id of an album of yours, or the delete hash of an anonymous one: the picture becomes its last."
_ID = {
    "name": "id",
    "in": "path",
    "required": True,
    "description": "The image's id, or its delete hash.",
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9]+$"},
}
_OWN_ID = {
    "name": "id",
    "in": "path",
    "required": True,
    "description": "The application's client id, or the token's id.",
    "schema": {"type": "string"},
}
_IDEMPOTENCY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "8 to 255 printable ASCII characters, new for each upload and the same for its retries. As "
    "long as the image is there, the same key with the same content answers with it; with other content it is a "
    "Conflict, and once the image was removed it is Gone. It is the account's own, without one the address's; a key "
    "that begins with `secret-`, and has 39 characters or more, is whoever's who knows it.",
    "schema": {"type": "string", "minLength": 8, "maxLength": 255},
}
_IDEMPOTENCY_BY = {
    "name": "Idempotency-By",
    "in": "header",
    "description": "`content` says that the key is made of the picture (or its URL) and its texts, and stands for no "
    "single upload: what was removed is then published anew, and so is what the URL shows by now. Without an account "
    "such a key must begin with `secret-`, so that nobody else who has the picture can make it.",
    "schema": {"type": "string", "enum": ["content"]},
}
_IDEMPOTENCY_CALL = {
    "name": "Idempotency-Call",
    "in": "header",
    "description": "With a URL and a key made of the content: a random text, new for each upload and the same for its "
    "retries. Should the URL show something else by the time of a retry, that still answers with what was published.",
    "schema": {"type": "string"},
}


class Reference:
    """The description of the native API."""

    def __init__(self, links: Links) -> None:
        self._content = _document(links.public)

    @property
    def content(self) -> dict[str, Any]:
        """The OpenAPI document as plain data."""
        return self._content

    async def document(self, request: Request) -> Response:  # noqa: ARG002 - handlers are alike
        """GET /api/v1/openapi.json."""
        return json_reply(self._content, headers={"access-control-allow-origin": "*"})


def _document(server: str) -> dict[str, Any]:
    types = [ImageAnswer, ImagePage, Edit, *ALBUM_TYPES, *IDENTITY_TYPES, Problem]
    _, schemas = msgspec.json.schema_components(types, ref_template=REF)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Heliograph",
            "version": "1",
            "summary": "Pictures with permanent links.",
            "description": "Upload a picture in any shape, get a direct link that lasts, and a signed receipt.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": server}],
        "paths": _paths() | _paths_of_identity(),
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "A token of an account."},
                "password": {"type": "http", "scheme": "basic", "description": "An account's name and password."},
                "oauth2": _oauth2(),
            },
        },
    }


def _oauth2() -> dict[str, Any]:
    """How a program gets a token from somebody else's account; the rest is in docs/oauth.md and RFC 8414's metadata."""
    place = "/api/v1/oauth"
    return {
        "type": "oauth2",
        "description": "Authorization code with PKCE, or the device flow (RFC 8628) at /api/v1/oauth/device.",
        "flows": {
            "authorizationCode": {
                "authorizationUrl": f"{place}/authorize",
                "tokenUrl": f"{place}/token",
                "refreshUrl": f"{place}/token",
                "scopes": {scope: ABOUT[scope] for scope in SCOPES},
            }
        },
    }


def _paths() -> dict[str, Any]:
    image, page = schema("ImageAnswer"), schema("ImagePage")
    return {
        "/api/v1/images": {
            "post": {
                "operationId": "upload",
                "summary": "Upload a picture",
                "security": OPTIONAL_KEY,
                "parameters": [_IDEMPOTENCY, _IDEMPOTENCY_BY, _IDEMPOTENCY_CALL, *_text_parameters()],
                "requestBody": {"required": True, "content": _upload_bodies()},
                "responses": answers("201", "The image is stored, durably.", image, _UPLOAD_FAILURES),
            },
            "get": {
                "operationId": "list",
                "summary": "List, count and search one's own images, newest first",
                "security": KEY,
                "parameters": _list_parameters(),
                "responses": answers("200", "A page of images.", page, (*ACCOUNT_FAILURES, "BadParameter")),
            },
        },
        "/api/v1/images/{id}": {
            "parameters": [_ID, DELETE_HASH],
            "get": {
                "operationId": "find",
                "summary": "Describe an image",
                "security": OPTIONAL_KEY,
                "responses": answers("200", "The image.", image, _FINDING_FAILURES),
            },
            "patch": {
                "operationId": "edit",
                "summary": "Change an image's texts",
                "security": OPTIONAL_KEY,
                "requestBody": {"required": True, "content": {"application/json": schema("Edit")}},
                "responses": answers(
                    "200", "The image as it is now.", image, (*_FINDING_FAILURES, "Forbidden", "BadParameter")
                ),
            },
            "delete": {
                "operationId": "remove",
                "summary": "Remove an image for ever",
                "security": OPTIONAL_KEY,
                "responses": answers(
                    "204", "Removed; its links answer 410 from now on.", None, (*_FINDING_FAILURES, "Forbidden")
                ),
            },
        },
        **companion_paths(_ID),
        "/api/v1/images/{id}/claim": _claiming(image),
        "/api/v1/images/{id}/favorite": favorite_path("image"),
        **album_paths(),
        "/api/v1/albums/{id}/favorite": favorite_path("album"),
        "/.well-known/heliograph-keys.json": {"get": _keys()},
    }


def _keys() -> dict[str, Any]:
    return {
        "operationId": "keys",
        "summary": "The public keys that receipts are signed with",
        "security": [{}],
        "responses": {
            "200": {
                "description": "A JWK Set (RFC 7517) of Ed25519 keys (RFC 8037).",
                "content": {"application/json": {"schema": {"type": "object"}}},
            }
        },
    }


def _list_parameters() -> list[dict[str, Any]]:
    return [
        query("limit", {"type": "integer", "minimum": 1, "maximum": 100, "default": 50}, "Images on a page."),
        query("cursor", {"type": "string"}, "`next` of the page before."),
        query(
            "q",
            {"type": "string", "maxLength": 200},
            "Words that must all occur in title, description or alt, whatever their case; at most 10.",
        ),
        query("since", {"type": "string"}, "Only images from this date or time on, UTC."),
        query("until", {"type": "string"}, "Only images from before this date or time, UTC."),
    ]


def _claiming(image: dict[str, Any]) -> dict[str, Any]:
    return {
        "parameters": [_ID, DELETE_HASH],
        "post": {
            "operationId": "claim",
            "summary": "Make an image that nobody owns one's own, by its delete hash",
            "security": KEY,
            "responses": answers("200", "The image, now yours.", image, ("NotFound", "Gone", *ACCOUNT_FAILURES)),
        },
    }


def _paths_of_identity() -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for each in OPERATIONS:
        item = paths.setdefault(each.path, {"parameters": [_OWN_ID]} if "{id}" in each.path else {})
        answer = {"schema": {"$ref": REF.format(name=each.answer.__name__)}} if each.answer else None
        described: dict[str, Any] = {
            "operationId": each.name,
            "summary": each.summary,
            "security": [{"key": []}, *([{"password": []}] if each.by_password else [])],
            "responses": answers(each.success, "Done.", answer, (*ACCOUNT_FAILURES, *each.failures)),
        }
        if each.body:
            schema = {"$ref": REF.format(name=each.body.__name__)}
            described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
        item[each.method] = described
    return paths


_FINDING_FAILURES = ("NotFound", "Gone", "InvalidToken", "UnknownKey", "UploadLimitReached")
_UPLOAD_FAILURES = tuple(
    failure.__name__
    for failure in CATALOGUE
    if failure.__name__ not in ("InvalidFkey", "NoTokenSent", "TooManyAttempts", "MethodNotAllowed")
)


def _upload_bodies() -> dict[str, Any]:
    texts: dict[str, dict[str, Any]] = {
        name: {"type": "string", "maxLength": most, "description": _TEXT_MEANINGS[name]}
        for name, most in LONGEST_TEXT.items()
    }
    texts["album"] = {"type": "string", "description": _ALBUM}
    texts["source"] = {"type": "string", "description": f"{_SOURCE} At most {LONGEST['source']:,} bytes."}
    texts["vector"] = {"type": "string", "description": f"{_VECTOR} At most {LONGEST['vector']:,} bytes."}
    file = {"type": "string", "contentMediaType": "application/octet-stream", "description": "The picture's bytes."}
    encoded = {
        "type": "string",
        "contentEncoding": "base64",
        "description": "Base64 of the picture: of a PNG it begins with 'iVBORw0KGgo', of a JPEG with '/9j/'.",
    }
    url = {"type": "string", "format": "uri", "description": "The address of a picture to fetch."}
    raw = {"schema": {"description": "The picture's bytes; texts go into the query."}}
    return {
        "multipart/form-data": {
            "schema": {"type": "object", "properties": {"image": file, **texts}, "required": ["image"]}
        },
        "application/json": {
            "schema": {
                "type": "object",
                "properties": {"image": encoded, "url": url, **texts},
                "anyOf": [{"required": ["image"]}, {"required": ["url"]}],
            }
        },
        "application/x-www-form-urlencoded": {
            "schema": {"type": "object", "properties": {"image": encoded, "url": url, **texts}}
        },
        "image/*": raw,
    }


def _text_parameters() -> list[dict[str, Any]]:
    texts = [
        query(name, {"type": "string", "maxLength": most}, f"{_TEXT_MEANINGS[name]} (With a raw body.)")
        for name, most in LONGEST_TEXT.items()
    ]
    return [*texts, query("album", {"type": "string"}, f"{_ALBUM} (With a raw body.)")]
