"""What consumers of events rely on: schemas that only grow, privacy classes on every field, a document that holds."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # its stubs are not among our packages
import pytest

from shared import asyncapi
from shared.events.base import CATALOGUE, Event, Privacy, privacy_of, redact
from tests.contracts.schemas import broken, contract_of, stored

EVENTS = sorted(asyncapi.catalogue().items())
known_schemas = cache(stored)
asyncapi_document = cache(asyncapi.document)


@pytest.mark.parametrize(("event_type", "cls"), EVENTS)
def test_an_event_keeps_the_schema_that_consumers_know(event_type: str, cls: type[Event]) -> None:
    known = known_schemas()
    assert event_type in known, "run `python -m tests.contracts.schemas` and commit the new schema"
    assert broken(known[event_type], contract_of(cls)) == [], "make a V2 instead"
    assert known[event_type] == contract_of(cls), "run `python -m tests.contracts.schemas` and commit what was added"


def test_no_event_that_consumers_know_is_gone() -> None:
    assert set(known_schemas()) <= set(CATALOGUE)


def test_every_field_has_a_privacy_class() -> None:
    for cls in CATALOGUE.values():
        for name in cls.model_fields:
            assert privacy_of(cls, name) in Privacy, f"{cls.__name__}.{name}"


def test_an_event_is_named_after_its_type() -> None:
    for event_type, cls in CATALOGUE.items():
        _, resource, _, version = event_type.split(".")
        assert cls.aggregate_field in cls.model_fields
        assert cls.__name__.endswith(version.upper())
        assert cls.__module__.split(".")[:3] == ["shared", "events", cls.teller()], (
            f"{resource} is told by another service"
        )


FIELD = {"type": "string", "x-privacy": "public"}


@pytest.mark.parametrize(
    ("after", "problem"),
    [
        ({"properties": {}}, "a is gone"),
        ({"properties": {"a": {"type": "integer"}}}, "a is another"),
        ({"properties": {"a": FIELD | {"x-privacy": "personal"}}}, "a is another"),
        ({"properties": {"a": FIELD, "b": FIELD}, "required": ["b"]}, "b is required now"),
        ({"properties": {"a": FIELD}, "$defs": {}}, "Part is gone"),
        ({"properties": {"a": FIELD}, "$defs": {"Part": {"properties": {}}}}, "Part.c is gone"),
    ],
)
def test_a_breaking_change_is_noticed(after: dict[str, Any], problem: str) -> None:
    before = {"properties": {"a": FIELD}, "$defs": {"Part": {"properties": {"c": FIELD}}}}
    assert any(found.startswith(problem) for found in broken(before, {"$defs": before["$defs"]} | after))


def test_an_optional_field_may_be_added() -> None:
    assert broken({"properties": {"a": FIELD}}, {"properties": {"a": FIELD, "b": FIELD}}) == []


def test_a_reader_gets_only_what_its_classes_allow_and_nothing_unknown() -> None:
    data = {"id": "1", "employee_number": "E-1", "department": "Support", "invented": "x"}
    seen = redact("training.person.changed.v1", data, frozenset({Privacy.PUBLIC, Privacy.OPERATIONAL}))
    assert seen == {"id": "1", "department": "Support"}
    assert redact("training.unknown.happened.v1", data, frozenset(Privacy)) == {}


def references(part: Any) -> Iterator[str]:
    """Yield every `$ref` in a document."""
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def test_the_asyncapi_document_refers_only_to_what_it_has() -> None:
    document = asyncapi_document()
    for reference in references(document):
        found = document
        for step in reference.removeprefix("#/").split("/"):
            assert step in found, reference
            found = found[step]
    assert set(document["channels"]) == set(CATALOGUE)
    assert {operation["action"] for operation in document["operations"].values()} == {"send"}


@pytest.mark.parametrize(("event_type", "cls"), EVENTS)
def test_the_asyncapi_document_describes_what_is_sent(event_type: str, cls: type[Event]) -> None:
    document = asyncapi_document()
    message = document["components"]["messages"][cls.__name__]
    schema = message["payload"] | {"components": document["components"]}
    jsonschema.Draft202012Validator.check_schema(schema)
    envelope = {
        "specversion": "1.0", "id": "1", "source": f"/{cls.teller()}", "type": event_type, "subject": "x/1",
        "time": "2026-11-23T00:00:00Z", "datacontenttype": "application/json", "aggregateversion": 1, "traceparent": None,
        "causationid": None,
    }  # fmt: skip
    problems = list(jsonschema.Draft202012Validator(schema).iter_errors(envelope | {"data": {}}))
    required = contract_of(cls).get("required", [])
    assert sorted(error.message.split("'")[1] for error in problems) == sorted(required)
    assert not any(error.path == [] for error in problems)
