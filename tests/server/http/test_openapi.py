"""The OpenAPI document is valid, and what the server does is what it says."""

from typing import Any

import httpx2
import jsonschema
import pytest
from openapi_spec_validator import validate

from heliograph.server.http.native import STATUS
from heliograph.server.http.openapi import Reference
from heliograph.server.http.routes import table
from heliograph.server.links import Links
from tests.running import picture
from tests.server.http.test_native import upload


@pytest.fixture(scope="module")
def document(http: httpx2.Client) -> dict[str, Any]:
    content: dict[str, Any] = http.get("/api/v1/openapi.json").json()
    return content


def test_the_document_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    validate(document)


def test_every_route_of_the_native_api_is_described_and_no_other() -> None:
    class Anything:
        def __getattr__(self, name: str) -> "Anything":
            return self

    rows = table(Anything())  # type: ignore[arg-type] # the table only looks the handlers up
    # OAuth's own endpoints are described by the security scheme, and by the metadata of RFC 8414.
    others = ("/api/v1/openapi.json", "/api/v1/oauth/", "/.well-known/oauth-")
    routes = {
        (row.method.lower(), row.path)
        for row in rows
        if row.path.startswith(("/api/v1/", "/.well-known/")) and not row.path.startswith(others)
    }
    paths = Reference(Links("http://h.example")).content["paths"]
    assert routes == {(method, path) for path, item in paths.items() for method in item if method != "parameters"}


def check(document: dict[str, Any], name: str, content: object) -> None:
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    jsonschema.validate(content, schema, cls=jsonschema.Draft202012Validator)


def test_answers_fit_their_schemas(document: dict[str, Any], http: httpx2.Client, owner: httpx2.Client) -> None:
    uploaded = upload(owner, title="t")
    check(document, "ImageAnswer", uploaded)
    check(document, "ImageAnswer", http.get(f"/api/v1/images/{uploaded['id']}").json())
    check(document, "ImagePage", owner.get("/api/v1/images").json())
    album = owner.post("/api/v1/albums", json={"images": [uploaded["id"]]}).json()
    check(document, "AlbumAnswer", album)
    check(document, "AlbumAnswer", http.get(f"/api/v1/albums/{album['id']}").json())
    check(document, "AlbumPage", owner.get("/api/v1/albums").json())
    check(document, "Problem", http.get("/api/v1/images/aaaaaaaaaa").json())


def test_every_failure_of_an_upload_is_among_its_answers(document: dict[str, Any], http: httpx2.Client) -> None:
    described = document["paths"]["/api/v1/images"]["post"]["responses"]
    for content in (b"", b"text that is no picture!", picture()[:300]):
        answer = http.post("/api/v1/images", files={"image": content})
        assert answer.json()["name"] in described[str(answer.status_code)]["description"]


def test_every_status_that_is_described_is_the_failures_own(document: dict[str, Any]) -> None:
    for item in document["paths"].values():
        for method, operation in item.items():
            if method == "parameters":
                continue
            for status, answer in operation["responses"].items():
                if status.startswith(("4", "5")):
                    assert {STATUS[name] for name in answer["description"].split(", ")} == {int(status)}


def test_the_document_shows_what_base64_looks_like(document: dict[str, Any]) -> None:
    """Need N13: half a day was lost for want of it. The raw body is described beside it."""
    bodies = document["paths"]["/api/v1/images"]["post"]["requestBody"]["content"]
    assert "'iVBORw0KGgo'" in bodies["application/json"]["schema"]["properties"]["image"]["description"]
    assert "image/*" in bodies
