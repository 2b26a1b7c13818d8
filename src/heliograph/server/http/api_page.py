"""The OpenAPI document as a page can show it: operations with their parameters, bodies and answers, and the types.

Reads the same document that programs get, so that the page cannot say anything else.
"""

from collections.abc import Iterator, Mapping
from typing import Any

Node = Mapping[str, Any]
_METHODS = ("get", "post", "put", "patch", "delete")


def described(document: Node) -> dict[str, Any]:
    """What the template needs: `about`, `operations` and `types`."""
    return {
        "about": document["info"],
        "operations": list(_operations(document)),
        "types": [
            {"name": name, "description": schema.get("description", ""), "fields": list(_fields(document, schema))}
            for name, schema in document.get("components", {}).get("schemas", {}).items()
        ],
    }


def _operations(document: Node) -> Iterator[dict[str, Any]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method not in _METHODS:
                continue
            parameters = [
                _resolved(document, each) for each in (*item.get("parameters", ()), *operation.get("parameters", ()))
            ]
            yield {
                "id": operation.get("operationId") or f"{method}-{path.strip('/').replace('/', '-')}",
                "method": method.upper(),
                "path": path,
                "summary": operation.get("summary", ""),
                "description": operation.get("description", ""),
                "parameters": [_parameter(_resolved(document, each)) for each in parameters],
                "bodies": list(_bodies(document, operation)),
                "answers": list(_answers(document, operation)),
            }


def _parameter(parameter: Node) -> dict[str, Any]:
    return {
        "name": parameter["name"],
        "where": parameter["in"],
        "type": type_name(parameter.get("schema", {})),
        "required": parameter.get("required", False),
        "description": parameter.get("description", ""),
    }


def _bodies(document: Node, operation: Node) -> Iterator[dict[str, Any]]:
    body = _resolved(document, operation.get("requestBody", {}))
    for media_type, content in body.get("content", {}).items():
        schema = content.get("schema", {})
        yield {
            "media_type": media_type,
            "type": type_name(schema),
            "fields": list(_fields(document, _resolved(document, schema))),
        }


def _answers(document: Node, operation: Node) -> Iterator[dict[str, Any]]:
    for status, answer in operation.get("responses", {}).items():
        answer = _resolved(document, answer)
        types = {type_name(content.get("schema", {})) for content in answer.get("content", {}).values()}
        known = document.get("components", {}).get("schemas", {})
        yield {
            "status": status,
            "description": answer.get("description", ""),
            "types": [{"name": name, "known": name in known} for name in sorted(types)],
        }


def _fields(document: Node, schema: Node) -> Iterator[dict[str, Any]]:
    for name, field in schema.get("properties", {}).items():
        yield {
            "name": name,
            "type": type_name(field),
            "required": name in schema.get("required", ()),
            "description": field.get("description") or _resolved(document, field).get("description", ""),
        }


def type_name(schema: Node) -> str:
    """A schema in a few words: `string`, `list of ImageAnswer`, `integer or null`."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return " or ".join(type_name(each) for each in schema[several])
    if "enum" in schema:
        return " or ".join(str(each) for each in schema["enum"])
    kind = schema.get("type", "anything")
    if isinstance(kind, list):
        return " or ".join(kind)
    if kind == "array":
        return f"list of {type_name(schema.get('items', {}))}"
    binary = schema.get("format") == "binary" or "contentMediaType" in schema or kind == "anything"
    return "bytes" if binary and kind in ("string", "anything") else str(kind)


def _resolved(document: Node, node: Node) -> Node:
    """What a `$ref` points to; anything else is itself."""
    while "$ref" in node:
        found: Any = document
        for step in str(node["$ref"]).removeprefix("#/").split("/"):
            found = found[step]
        node = found
    return node
