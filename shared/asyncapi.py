"""The AsyncAPI 3 document: every event that the platform tells, from the classes that tell it.

Source: https://www.asyncapi.com/docs/reference/specification/v3.1.0.
"""

import importlib
from importlib.metadata import version
from typing import Any

from pydantic.json_schema import models_json_schema

from shared.events.base import CATALOGUE, CloudEvent, Event, privacy_of
from shared.streams import SERVICES

SCHEMAS = "#/components/schemas/{model}"
PRIVACY = "x-privacy"


def catalogue() -> dict[str, type[Event]]:
    """Return all events by type, those of every service."""
    for service in SERVICES:
        importlib.import_module(f"shared.events.{service}")
    return dict(sorted(CATALOGUE.items()))


def document() -> dict[str, Any]:
    """Return the AsyncAPI document: a channel per event type, as on NATS, with CloudEvents as messages."""
    events = catalogue()
    envelopes = {event_type: CloudEvent[cls] for event_type, cls in events.items()}  # type: ignore[valid-type]
    named, schemas = models_json_schema(
        [(envelope, "serialization") for envelope in envelopes.values()], ref_template=SCHEMAS
    )
    for cls in events.values():
        classify(cls, schemas["$defs"][cls.__name__])
    payloads = {event_type: named[envelope, "serialization"] for event_type, envelope in envelopes.items()}
    return {
        "asyncapi": "3.1.0",
        "info": {
            "title": "Shareload events",
            "version": version("shareload"),
            "description": "What the services of Shareload tell: CloudEvents 1.0 in structured JSON. Each field of `data` "
            f"carries its privacy class in `{PRIVACY}`; a reader gets the fields that its scopes allow.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": {event_type: channel(event_type, cls) for event_type, cls in events.items()},
        "operations": {f"tell_{cls.__name__}": operation(event_type, cls) for event_type, cls in events.items()},
        "components": {
            "messages": {
                cls.__name__: message(event_type, cls, payloads[event_type]) for event_type, cls in events.items()
            },
            "schemas": schemas["$defs"],
        },
    }


def channel(event_type: str, cls: type[Event]) -> dict[str, Any]:
    """Return the NATS subject on which an event type travels."""
    return {
        "address": f"{event_type}.{{aggregate_id}}",
        "description": summary(cls),
        "x-aggregate": cls.aggregate_field,
        "parameters": {
            "aggregate_id": {"description": f"The id of the {cls.resource()}, percent-encoded where NATS needs it."}
        },
        "messages": {cls.__name__: {"$ref": f"#/components/messages/{cls.__name__}"}},
    }


def operation(event_type: str, cls: type[Event]) -> dict[str, Any]:
    """Return who tells an event type."""
    return {
        "action": "send",
        "summary": f"The {cls.teller()} service tells: {summary(cls)}",
        "channel": {"$ref": f"#/channels/{event_type}"},
        "messages": [{"$ref": f"#/channels/{event_type}/messages/{cls.__name__}"}],
    }


def message(event_type: str, cls: type[Event], payload: dict[str, Any]) -> dict[str, Any]:
    """Return an event as it is sent."""
    return {
        "name": event_type,
        "title": cls.__name__,
        "summary": summary(cls),
        "contentType": "application/cloudevents+json",
        "headers": {
            "type": "object",
            "properties": {
                "Nats-Msg-Id": {"type": "string", "description": "The event's id; consumers drop repeats by it."},
                "traceparent": {"type": "string", "description": "W3C Trace Context."},
            },
        },
        "payload": payload,
    }


def summary(cls: type[Event]) -> str:
    """Return the first line of what an event says of itself."""
    return (cls.__doc__ or cls.__name__).strip().splitlines()[0]


def classify(cls: type[Event], schema: dict[str, Any]) -> None:
    """Write each field's privacy class into its schema."""
    for name, field in schema["properties"].items():
        field[PRIVACY] = privacy_of(cls, name).value


def schema_of(cls: type[Event]) -> dict[str, Any]:
    """Return the JSON Schema of one event's data, with privacy classes."""
    schema = cls.model_json_schema(mode="validation")
    classify(cls, schema)
    return schema
