"""The paths of albums in the OpenAPI document."""

from typing import Any

from heliograph.server.http.native_albums import AlbumAnswer, AlbumEdit, AlbumOrder, AlbumPage, MoreImages, NewAlbum
from heliograph.server.http.openapi_parts import DELETE_HASH, KEY, OPTIONAL_KEY, answers, paging, query, schema

TYPES = (NewAlbum, AlbumEdit, AlbumOrder, MoreImages, AlbumAnswer, AlbumPage)

_ID = {
    "name": "id",
    "in": "path",
    "required": True,
    "description": "The album's id, or its delete hash.",
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9]+$"},
}
_FINDING = ("NotFound", "Gone", "InvalidToken", "UnknownKey")
_CHANGING = (*_FINDING, "Forbidden", "BadParameter")
_MAKING = (*_CHANGING, "NoKeySent", "UploadLimitReached")


def album_paths() -> dict[str, Any]:
    """Path -> operations."""
    return {
        "/api/v1/albums": _all(),
        "/api/v1/albums/{id}": {"parameters": [_ID, DELETE_HASH], **_one()},
        "/api/v1/albums/{id}/images": {"parameters": [_ID, DELETE_HASH], **_images()},
    }


def _all() -> dict[str, Any]:
    return {
        "post": {
            "operationId": "create_album",
            "summary": "Make an album",
            "description": "Without a key it is anonymous, and held by its delete hash. It counts as an upload.",
            "security": OPTIONAL_KEY,
            "requestBody": _body("NewAlbum", required=False),
            "responses": answers("201", "The album is made.", schema("AlbumAnswer"), _MAKING),
        },
        "get": {
            "operationId": "list_albums",
            "summary": "List one's own albums, newest first",
            "security": KEY,
            "parameters": paging("Albums"),
            "responses": answers(
                "200", "A page of albums.", schema("AlbumPage"), ("NoTokenSent", "InvalidToken", "BadParameter")
            ),
        },
    }


def _one() -> dict[str, Any]:
    return {
        "get": {
            "operationId": "find_album",
            "summary": "Describe an album and its images",
            "description": "A secret album is NotFound for everybody but who may change it.",
            "security": OPTIONAL_KEY,
            "responses": answers("200", "The album with its images.", schema("AlbumAnswer"), _FINDING),
        },
        "patch": {
            "operationId": "edit_album",
            "summary": "Change an album's texts, privacy, layout or cover",
            "security": OPTIONAL_KEY,
            "requestBody": _body("AlbumEdit"),
            "responses": _changed(),
        },
        "delete": {
            "operationId": "remove_album",
            "summary": "Remove an album for ever; its images stay",
            "security": OPTIONAL_KEY,
            "responses": answers("204", "Removed; it answers 410 from now on.", None, (*_FINDING, "Forbidden")),
        },
    }


def _images() -> dict[str, Any]:
    names = query("images", {"type": "string"}, "Ids or delete hashes with commas between; may be repeated.")
    return {
        "put": {
            "operationId": "set_album_images",
            "summary": "Set which images an album holds, in which order",
            "security": OPTIONAL_KEY,
            "requestBody": _body("AlbumOrder"),
            "responses": _changed("Conflict"),
        },
        "post": {
            "operationId": "add_album_images",
            "summary": "Add images behind those that an album holds",
            "security": OPTIONAL_KEY,
            "requestBody": _body("MoreImages"),
            "responses": _changed(),
        },
        "delete": {
            "operationId": "remove_album_images",
            "summary": "Take images out of an album; they stay as they are elsewhere",
            "security": OPTIONAL_KEY,
            "parameters": [names | {"required": True}],
            "responses": _changed(),
        },
    }


def _changed(*more: str) -> dict[str, Any]:
    return answers("200", "The album as it is now, without its images.", schema("AlbumAnswer"), (*_CHANGING, *more))


def _body(name: str, *, required: bool = True) -> dict[str, Any]:
    return {"required": required, "content": {"application/json": schema(name)}}
