"""The parts that every operation of the OpenAPI document is made of."""

from typing import Any

from heliograph.server.http.native import STATUS

REF = "#/components/schemas/{name}"
OPTIONAL_KEY: list[dict[str, list[str]]] = [{}, {"key": []}]
KEY: list[dict[str, list[str]]] = [{"key": []}]
DELETE_HASH = {
    "name": "delete_hash",
    "in": "query",
    "description": "Shows that you may change and remove it, in place of its owner's key.",
    "schema": {"type": "string"},
}


def schema(name: str) -> dict[str, Any]:
    """The content whose schema is the type of that name."""
    return {"schema": {"$ref": REF.format(name=name)}}


def query(name: str, described: dict[str, Any], description: str) -> dict[str, Any]:
    """A parameter of the query; `described` is its schema."""
    return {"name": name, "in": "query", "description": description, "schema": described}


def paging(what: str) -> list[dict[str, Any]]:
    """The parameters of a listing of `what`."""
    limit = {"type": "integer", "minimum": 1, "maximum": 100, "default": 50}
    return [
        query("limit", limit, f"{what} on a page."),
        query("cursor", {"type": "string"}, "`next` of the page before."),
    ]


def answers(status: str, description: str, content: dict[str, Any] | None, failures: tuple[str, ...]) -> dict[str, Any]:
    """The answers of an operation: its success, and every failure under its status."""
    success: dict[str, Any] = {"description": description}
    if content:
        success["content"] = {"application/json": content}
    named: dict[int, list[str]] = {}
    for failure in failures:
        named.setdefault(STATUS[failure], []).append(failure)
    problem = {"application/problem+json": schema("Problem")}
    failed = {str(code): {"description": ", ".join(names), "content": problem} for code, names in sorted(named.items())}
    return {status: success, **failed}


def favorite_path(thing: str) -> dict[str, Any]:
    """Marking and unmarking of an image or an album."""
    failures = ("NotFound", "Gone", "NoTokenSent", "InvalidToken", "UnknownKey", "Forbidden", "UploadLimitReached")
    described = {"name": "id", "in": "path", "required": True, "description": f"The {thing}'s id."}

    def operation(name: str, summary: str) -> dict[str, Any]:
        return {
            "operationId": f"{name}_{thing}",
            "summary": summary,
            "security": KEY,
            "responses": answers("204", "Done; may be repeated.", None, failures),
        }

    return {
        "parameters": [described | {"schema": {"type": "string", "pattern": "^[A-Za-z0-9]+$"}}],
        "put": operation("mark", f"Mark an {thing} as a favourite of one's own"),
        "delete": operation("unmark", f"Mark an {thing} no longer"),
    }


def companion_paths(image_id: dict[str, Any]) -> dict[str, Any]:
    """What is kept beside an image; `image_id` is the parameter that names it."""
    failures = ("NotFound", "Gone", "InvalidToken", "UnknownKey", "UploadLimitReached")
    text = {"text/plain": {"schema": {"type": "string"}}}
    problems = answers("200", "The source, UTF-8.", None, (*failures, "StorageUnavailable"))
    problems["200"]["content"] = text

    def removal(kind: str) -> dict[str, Any]:
        return {
            "operationId": f"remove_{kind}",
            "summary": f"Remove the {kind} that is kept beside an image; the image stays",
            "security": OPTIONAL_KEY,
            "responses": answers("204", "Removed.", None, (*failures, "Forbidden")),
        }

    source = {
        "operationId": "source",
        "summary": "The source that is kept beside an image",
        "security": OPTIONAL_KEY,
        "responses": problems,
    }
    named = {"parameters": [image_id, DELETE_HASH]}
    return {
        "/api/v1/images/{id}/source": {**named, "get": source, "delete": removal("source")},
        "/api/v1/images/{id}/vector": {**named, "delete": removal("vector")},
    }
