"""The pages' tables against what they speak of."""

import pytest

from heliograph.server.http import native, pages
from heliograph.server.http.api_page import described, type_name


def test_pages_and_native_api_agree_on_the_status_of_every_failure() -> None:
    assert {name: status for name, (status, _) in pages.HEADINGS.items()} == native.STATUS


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "string"}, "string"),
        ({"type": "string", "format": "binary"}, "bytes"),
        ({"contentMediaType": "image/png"}, "bytes"),
        ({"type": ["string", "null"]}, "string or null"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "integer or null"),
        ({"enum": ["a", "b"]}, "a or b"),
        ({"type": "array", "items": {"$ref": "#/components/schemas/ImageAnswer"}}, "list of ImageAnswer"),
    ],
)
def test_a_schema_is_said_in_a_few_words(schema: dict, said: str) -> None:
    assert type_name(schema) == said


def test_references_in_the_document_are_followed() -> None:
    document = {
        "info": {"title": "T", "version": "1"},
        "paths": {
            "/x/{id}": {
                "parameters": [{"$ref": "#/components/parameters/Id"}],
                "put": {
                    "operationId": "put",
                    "requestBody": {
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}
                    },
                    "responses": {"204": {"description": "Done."}},
                },
            }
        },
        "components": {
            "parameters": {"Id": {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}},
            "schemas": {"Thing": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}},
        },
    }
    (operation,) = described(document)["operations"]
    assert operation["parameters"][0]["name"] == "id"
    assert operation["bodies"][0]["fields"] == [{"name": "n", "type": "integer", "required": True, "description": ""}]
    assert operation["answers"] == [{"status": "204", "description": "Done.", "types": []}]
