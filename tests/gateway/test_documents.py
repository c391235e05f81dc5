"""What the API says about itself is what it is."""

import json
import re
from typing import Any

from services import openapi as built
from services.gateway.openapi import FILE, merge, operations_of, references
from tests.platform import Platform

WITH_SECRETS = {
    "/v1/api-keys",
    "/v1/api-keys/{key_id}/rotation",
    "/v1/embed-tokens",
    "/v1/webhooks",
    "/v1/webhooks/{webhook_id}/secret-rotation",
}


def operation(name: str, schema: str) -> dict[str, Any]:
    """Return a minimal document with one operation that answers with a schema."""
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    answer = {"200": {"description": "ok", "content": content}}
    return {"operationId": name, "responses": answer}


def test_the_file_that_the_gateway_serves_is_what_the_services_are() -> None:
    assert json.loads(FILE.read_text()) == built.build(), "run `make openapi`"


def test_every_operation_has_a_name_of_its_own_and_every_reference_leads_somewhere() -> None:
    document = json.loads(FILE.read_text())
    names = [one["operationId"] for item in document["paths"].values() for _, one in operations_of(item)]

    assert len(names) == len(set(names)) > 50
    assert set(references(document)) == set(document["components"]["schemas"])
    for kind in ("schemas", "headers", "responses"):
        asked = set(re.findall(rf'"#/components/{kind}/([^"]+)"', FILE.read_text()))
        assert asked == set(document["components"][kind])


def test_the_document_says_what_each_of_its_parts_is_about() -> None:
    document = json.loads(FILE.read_text())
    parts = {tag for item in document["paths"].values() for _, one in operations_of(item) for tag in one["tags"]}

    assert {tag["name"] for tag in document["tags"]} == parts


SECRET = {
    "/v1/api-keys",
    "/v1/api-keys/{key_id}/rotation",
    "/v1/embed-tokens",
    "/v1/webhooks",
    "/v1/webhooks/{webhook_id}/secret-rotation",
}
"""What answers with a secret."""


def test_an_idempotency_key_is_named_where_it_counts_and_nowhere_else() -> None:
    document = json.loads(FILE.read_text())
    naming = {
        (method, "Idempotency-Key" in {parameter["name"] for parameter in one.get("parameters", [])})
        for path, item in document["paths"].items()
        for method, one in operations_of(item)
        # An answer with a secret is never kept, what an operator does again changes nothing, and SCIM has no such header.
        if path not in SECRET and not path.startswith(("/v1/operations/", "/scim/"))
    }
    assert naming == {("get", False), ("put", False), ("patch", False), ("delete", False), ("post", True)}


def test_names_that_clash_get_their_service_in_front_and_others_stay() -> None:
    documents: dict[str, dict[str, Any]] = {
        "policy": {
            "paths": {"/v1/policies": {"get": operation("list_policies", "Page")}},
            "components": {"schemas": {"Page": {"title": "a"}, "Span": {"title": "s"}}},
        },
        "training": {
            "paths": {"/v1/people": {"get": operation("list_people", "Page")}, "/internal/x": {"get": {}}},
            "components": {"schemas": {"Page": {"title": "b"}, "Span": {"title": "s"}}},
        },
    }
    merged = merge(documents)

    assert set(merged["paths"]) == {"/v1/policies", "/v1/people"}
    assert set(references(merged["paths"])) == {"PolicyPage", "TrainingPage"}
    assert merged["components"]["schemas"]["TrainingPage"] == {"title": "TrainingPage"}


async def test_the_documents_are_served_and_every_described_path_exists(platform: Platform) -> None:
    document = (await platform.client.get("/openapi.json")).json()
    events = (await platform.client.get("/asyncapi.json")).json()

    assert document["openapi"].startswith("3.1")
    assert events["asyncapi"].startswith("3.")
    for path, item in document["paths"].items():
        if "{" not in path and "get" in item and path != "/v1/events":
            answer = await platform.client.get(path)
            assert answer.status_code in {200, 422, 403}, (path, answer.text)
