"""What the API says about itself is what it is."""

import json
import re
from functools import cache
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # its stubs are not among our packages
import pytest
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from services import openapi as built
from services.gateway.openapi import EVENTS_FILE, FILE, example_of, merge, operations_of, references
from services.gateway.openapi_examples import JSON_LIKE, Composer, NothingUsual, contents_of, usual
from shared.asyncapi import catalogue
from shared.events.base import Envelope
from tests.platform import Platform


def operation(name: str, schema: str) -> dict[str, Any]:
    """Return a minimal document with one operation that answers with a schema."""
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    answer = {"200": {"description": "ok", "content": content}}
    return {"operationId": name, "responses": answer}


def test_the_file_that_the_gateway_serves_is_what_the_services_are() -> None:
    assert json.loads(FILE.read_text()) == built.build(), "run `make openapi`"
    assert json.loads(EVENTS_FILE.read_text()) == built.build_events(), "run `make openapi`"


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


def test_what_needs_two_rights_says_so_of_both() -> None:
    chain = document()["paths"]["/v1/audit/chains"]["get"]

    assert chain["x-scopes"] == [["people:read"], ["admin:read"]]
    assert chain["description"].endswith("A key needs the scope `people:read`, and `admin:read`.")
    assert not any([] in one.get("x-scopes", []) for item in document()["paths"].values() for one in item.values())


@cache
def document() -> dict[str, Any]:
    """Return the document as it is served."""
    return json.loads(FILE.read_text())  # type: ignore[no-any-return]


def bodies() -> list[tuple[str, str, dict[str, Any]]]:
    """Return each request body and each good answer: its operation, its media type, what the document says of it."""
    found = []
    for item in document()["paths"].values():
        for operation in item.values():
            name = operation["operationId"]
            parts = [(f"{name}, asked", operation.get("requestBody"))]
            parts += [
                (f"{name}, {status}", answer)
                for status, answer in operation["responses"].items()
                if status.startswith("2")
            ]
            found += [(called, kind, part) for called, body in parts for kind, part in contents_of(body)]
    return found


def validator(schema: dict[str, Any]) -> Any:
    """Return what judges values by a schema of the document."""
    parts = {"schemas": document()["components"]["schemas"]}
    return jsonschema.Draft202012Validator({**schema, "components": parts})


def test_every_json_body_and_answer_has_an_example_of_its_schema() -> None:
    checked, wrong = 0, []
    for called, kind, part in bodies():
        if not JSON_LIKE.match(kind):
            continue
        checked += 1
        try:
            example = example_of(document(), part)
        except KeyError:
            with pytest.raises(NothingUsual) as reason:
                Composer(document()["components"]["schemas"]).compose(part["schema"], called, asked="asked" in called)
            wrong.append(f"{called}: {reason.value}")
            continue
        errors = validator(part["schema"]).iter_errors(example)
        wrong += [f"{called}: {error.json_path}: {error.message}" for error in errors]
    assert wrong == []
    assert checked > 500


def test_every_part_of_a_path_that_chooses_has_an_example() -> None:
    chosen = [
        (path, parameter)
        for path, item in document()["paths"].items()
        for one in item.values()
        for parameter in one.get("parameters", [])
        if parameter["in"] == "path"
    ]
    wrong = [
        f"{path}: {parameter['name']}: {error.message}"
        for path, parameter in chosen
        for error in validator(parameter["schema"]).iter_errors(parameter["example"])
    ]
    assert wrong == []


def test_every_event_has_an_example_that_its_own_class_reads() -> None:
    events = catalogue()
    messages = json.loads(EVENTS_FILE.read_text())["components"]["messages"].values()
    for message in messages:
        [example] = message["examples"]
        envelope = Envelope.model_validate(example["payload"])
        events[envelope.type].model_validate(envelope.data)
    assert {message["name"] for message in messages} == set(events)


def test_text_that_is_asked_for_or_given_has_an_example_too() -> None:
    texts = {"text/csv", "application/x-ndjson", "text/event-stream", "text/plain"}
    missing = [
        called
        for called, kind, part in bodies()
        # A course's files are whatever its author put there.
        if kind in texts and "schema" in part and "example" not in part and "asset" not in called
    ]
    assert missing == []


def test_what_is_said_of_fields_is_said_of_fields_that_there_are() -> None:
    schemas = document()["components"]["schemas"]
    fields = {f"{name}.{field}" for name, schema in schemas.items() for field in schema.get("properties", {})}
    places = {
        f"{path.split('/{' + parameter['name'])[0].rsplit('/', 1)[-1]}/{parameter['name']}"
        for path, item in document()["paths"].items()
        for one in item.values()
        for parameter in one.get("parameters", [])
    }
    for name, schema in json.loads(EVENTS_FILE.read_text())["components"]["schemas"].items():
        fields |= {f"{name}.{field}" for field in schema.get("properties", {})}
    operations = {called.replace(", asked", "").replace(",", "") + f" {kind}" for called, kind, _ in bodies()}

    words = {field.split(".")[1] for field in fields} | {"CloudEvent"}
    assert set(usual()) - fields - words - set(schemas) - operations - places == set()


@pytest.mark.parametrize("service", ["gateway", "monitoring", "policy", "training"])
def test_what_is_shown_as_a_request_passes_what_the_service_checks_of_it(service: str) -> None:
    shown = {
        called.removesuffix(", asked"): example_of(document(), part)
        for called, kind, part in bodies()
        if "asked" in called and kind == "application/json"
    }
    checked = 0
    for route in built.apps()[service].state.area.routes:
        if isinstance(route, APIRoute) and route.name in shown and len(route.dependant.body_params) == 1:
            [body] = route.dependant.body_params
            adapter: TypeAdapter[Any] = TypeAdapter(body.field_info.annotation or Any)
            adapter.validate_python(shown[route.name])
            checked += 1
    assert checked > 5
