"""The native API described by OpenAPI 3.1, from the same types that the handlers answer with.

`tests/server/http/test_openapi.py` holds the paths against the URL table and the answers against the schemas.
"""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from heliograph.server.errors import CATALOGUE
from heliograph.server.http.native import STATUS, Edit, ImageAnswer, ImagePage, Problem
from heliograph.server.http.replies import json_reply
from heliograph.server.links import Links
from heliograph.server.texts import LONGEST_TEXT

_REF = "#/components/schemas/{name}"
_TEXT_MEANINGS = {
    "title": "A title.",
    "description": "A longer description.",
    "alt": "What the picture shows, for those who do not see it.",
    "name": "The file's name.",
}
_ID = {
    "name": "id",
    "in": "path",
    "required": True,
    "description": "The image's id, or its delete hash.",
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9]+$"},
}
_DELETE_HASH = {
    "name": "delete_hash",
    "in": "query",
    "description": "Shows that you may change and remove the image, in place of its owner's key.",
    "schema": {"type": "string"},
}
_IDEMPOTENCY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "8 to 255 printable ASCII characters, new for each upload and the same for its retries. For 24 "
    "hours the same key with the same content answers with the same image; with other content it is a Conflict.",
    "schema": {"type": "string", "minLength": 8, "maxLength": 255},
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
    _, schemas = msgspec.json.schema_components([ImageAnswer, ImagePage, Edit, Problem], ref_template=_REF)
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
        "paths": _paths(),
        "components": {
            "schemas": schemas,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "A key of an account."}},
        },
    }


def _paths() -> dict[str, Any]:
    image = {"schema": {"$ref": _REF.format(name="ImageAnswer")}}
    page = {"schema": {"$ref": _REF.format(name="ImagePage")}}
    optional_key: list[dict[str, list[str]]] = [{}, {"key": []}]
    return {
        "/api/v1/images": {
            "post": {
                "operationId": "upload",
                "summary": "Upload a picture",
                "security": optional_key,
                "parameters": [_IDEMPOTENCY, *_text_parameters()],
                "requestBody": {"required": True, "content": _upload_bodies()},
                "responses": _answers("201", "The image is stored, durably.", image, _UPLOAD_FAILURES),
            },
            "get": {
                "operationId": "list",
                "summary": "List one's own images, newest first",
                "security": [{"key": []}],
                "parameters": [
                    _query(
                        "limit", {"type": "integer", "minimum": 1, "maximum": 100, "default": 50}, "Images on a page."
                    ),
                    _query("cursor", {"type": "string"}, "`next` of the page before."),
                ],
                "responses": _answers(
                    "200",
                    "A page of images.",
                    page,
                    ("NoTokenSent", "InvalidToken", "BadParameter", "UploadLimitReached"),
                ),
            },
        },
        "/api/v1/images/{id}": {
            "parameters": [_ID, _DELETE_HASH],
            "get": {
                "operationId": "find",
                "summary": "Describe an image",
                "security": optional_key,
                "responses": _answers("200", "The image.", image, _FINDING_FAILURES),
            },
            "patch": {
                "operationId": "edit",
                "summary": "Change an image's texts",
                "security": optional_key,
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": _REF.format(name="Edit")}}},
                },
                "responses": _answers(
                    "200", "The image as it is now.", image, (*_FINDING_FAILURES, "Forbidden", "BadParameter")
                ),
            },
            "delete": {
                "operationId": "remove",
                "summary": "Remove an image for ever",
                "security": optional_key,
                "responses": _answers(
                    "204", "Removed; its links answer 410 from now on.", None, (*_FINDING_FAILURES, "Forbidden")
                ),
            },
        },
        "/.well-known/heliograph-keys.json": {
            "get": {
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
        },
    }


_FINDING_FAILURES = ("NotFound", "Gone", "InvalidToken", "UnknownKey", "UploadLimitReached")
_UPLOAD_FAILURES = tuple(
    failure.__name__
    for failure in CATALOGUE
    if failure.__name__ not in ("NotFound", "Gone", "InvalidFkey", "Forbidden", "NoTokenSent")
)


def _answers(
    status: str, description: str, content: dict[str, Any] | None, failures: tuple[str, ...]
) -> dict[str, Any]:
    success: dict[str, Any] = {"description": description}
    if content:
        success["content"] = {"application/json": content}
    named: dict[int, list[str]] = {}
    for failure in failures:
        named.setdefault(STATUS[failure], []).append(failure)
    problem = {"application/problem+json": {"schema": {"$ref": _REF.format(name="Problem")}}}
    failed = {str(code): {"description": ", ".join(names), "content": problem} for code, names in sorted(named.items())}
    return {status: success, **failed}


def _upload_bodies() -> dict[str, Any]:
    texts = {
        name: {"type": "string", "maxLength": most, "description": _TEXT_MEANINGS[name]}
        for name, most in LONGEST_TEXT.items()
    }
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
    return [
        _query(name, {"type": "string", "maxLength": most}, f"{_TEXT_MEANINGS[name]} (With a raw body.)")
        for name, most in LONGEST_TEXT.items()
    ]


def _query(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": description, "schema": schema}
