"""An example of every request and every JSON answer, put together from what fields of a name usually hold.

`examples/*.yaml` beside this file says that: a field of one schema as `Schema.field`, a whole schema as `Schema`, or
any field of a name. What stands there first and fits the field is taken. It runs when the document is made, never
while it is served; `tests/gateway/test_document_examples.py` holds every example against its schema.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "examples"
SCHEMAS = "#/components/schemas/"
NAME = "usual"
"""What the one example of an event is called."""
JSON_LIKE = re.compile(r"^application/([a-z]+\+)*json$")
DEEPEST = 12
TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
    "null": type(None),
}

Document = dict[str, Any]


class NothingUsual(Exception):  # noqa: N818  told to a developer, who reads it as a sentence
    """A field of which `examples/` says nothing."""


@cache
def usual() -> Document:
    """Return what fields usually hold, from all files; times are text, as JSON has them."""
    said: Document = {}
    for file in sorted(FOLDER.glob("*.yaml")):
        said |= yaml.load(file.read_text(), yaml.CSafeLoader)
    return as_json(said)  # type: ignore[no-any-return]


def as_json(value: Any) -> Any:
    """Return a value of YAML with its days and moments written as JSON has them."""
    if isinstance(value, dict):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_json(item) for item in value]
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%SZ}"
    return value.isoformat() if isinstance(value, date) else value


def write_examples(document: Document) -> None:
    """Give each request and each JSON answer of the document an example: its own, or that of its schema."""
    schemas = document["components"]["schemas"]
    composer = Composer(schemas)
    write_choices(document, composer)
    made: Document = {}
    for name, content, schema, asked in contents(document):
        if "example" in content:
            continue
        known = schema.get("$ref", "").removeprefix(SCHEMAS)
        # The test says which of them have none, and why: a new field stops nobody from making the document.
        with suppress(NothingUsual):
            if name in composer.said or not known:
                content["example"] = composer.compose(schema, name, asked=asked)
            elif known not in made:
                # Where a schema is both asked for and given, it is written as it comes first.
                made[known] = composer.compose(schema, known, asked=asked)
    for known, example in made.items():
        schemas[known]["examples"] = [example]


def write_choices(document: Document, composer: "Composer") -> None:
    """Give each part of a path that chooses something an example."""
    for path, item in document["paths"].items():
        for operation in item.values():
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "path":
                    parameter["example"] = composer.chosen(path, parameter["name"], parameter["schema"])


def write_event_examples(document: Document) -> None:
    """Give each event of the AsyncAPI document an example, in the envelope that it travels in."""
    schemas = document["components"]["schemas"]
    composer = Composer(schemas)
    for name, message in document["components"]["messages"].items():
        try:
            data = composer.compose({"$ref": SCHEMAS + name}, name, asked=False)
        except NothingUsual:
            continue
        service, resource, _ = message["name"].split(".", 2)
        envelope = composer.said["CloudEvent"] | {
            "source": f"/{service}",
            "type": message["name"],
            "subject": f"{resource}/{data.get(document['channels'][message['name']]['x-aggregate'])}",
            "data": data,
        }
        message["examples"] = [{"name": NAME, "payload": envelope}]


def contents(document: Document) -> Iterator[tuple[str, Document, Document, bool]]:
    """Yield what can have an example: its operation and media type as a name, itself, its schema, and whether it is sent to us."""
    for item in document["paths"].values():
        for operation in item.values():
            name = operation["operationId"]
            parts = [(f"{name} {kind}", part, True) for kind, part in contents_of(operation.get("requestBody"))]
            for status, answer in operation["responses"].items():
                if status.startswith("2"):
                    parts += [(f"{name} {status} {kind}", part, False) for kind, part in contents_of(answer)]
            for called, part, asked in parts:
                kind = called.rsplit(" ", 1)[1]
                if "schema" in part and (JSON_LIKE.match(kind) or called in usual()):
                    yield called, part, part["schema"], asked


def contents_of(part: Document | None) -> list[tuple[str, Document]]:
    """Return the media types of a body with what each holds."""
    return list((part or {}).get("content", {}).items())


class Composer:
    """Puts examples together."""

    def __init__(self, schemas: Document) -> None:
        self.schemas = schemas
        self.said = usual()

    def compose(self, schema: Document, place: str, *, asked: bool, depth: int = 0) -> Any:
        """Return an example of a schema; `place` is `Schema` or `Schema.field`. Raises NothingUsual."""
        if depth > DEEPEST:
            raise NothingUsual(f"{place} goes deeper than an example should")
        if "$ref" in schema:
            name = schema["$ref"].removeprefix(SCHEMAS)
            if place not in self.said:
                place = name
            schema = self.schemas[name]
        for candidate in self.candidates(schema, place):
            return candidate
        return self.made(schema, place, asked=asked, depth=depth)

    def chosen(self, path: str, name: str, schema: Document) -> Any:
        """Return an example of what a part of a path chooses: said as `resource/name`, or usual for its name; else an id."""
        resource = path.split(f"/{{{name}}}", maxsplit=1)[0].rsplit("/", 1)[-1]
        if "$ref" in schema:
            schema = self.schemas[schema["$ref"].removeprefix(SCHEMAS)]
        said = self.said.get(f"{resource}/{name}")
        if self.fits(said, schema):
            return said
        return next(self.candidates(schema, f"{resource}.{name}"), self.said["id"])

    def candidates(self, schema: Document, place: str) -> Iterator[Any]:
        """Yield what is said to be usual here and fits, the most special first."""
        field = place.rsplit(".", 1)[-1]
        if place in self.said:
            yield self.said[place]
        if "const" in schema:
            yield schema["const"]
        given = self.said.get(field, []) if "." in place else []
        yield from (value for value in (given if isinstance(given, list) else [given]) if self.fits(value, schema))
        yield from (value for value in schema.get("examples", ()) if self.fits(value, schema))
        yield from schema.get("enum", ())[:1]

    def made(self, schema: Document, place: str, *, asked: bool, depth: int) -> Any:
        """Put an example together from the parts of a schema."""
        for choice in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
            return self.compose(choice, place, asked=asked, depth=depth + 1)
        kind = schema.get("type")
        if kind == "array":
            return [self.compose(schema["items"], place, asked=asked, depth=depth + 1)]
        if "properties" in schema:
            return self.object(schema, place, asked=asked, depth=depth)
        if kind == "boolean":
            return False
        if kind == "null":
            return None
        if kind == "object" and schema.get("additionalProperties") is False:
            return {}
        raise NothingUsual(f"`examples/` does not say what {place} usually holds: {schema}")

    def object(self, schema: Document, place: str, *, asked: bool, depth: int) -> Document:
        """Put an object together; a request leaves out what it need not say."""
        owner = place if "." not in place else place.rsplit(".", 1)[-1]
        made = {
            name: self.compose(field, f"{owner}.{name}", asked=asked, depth=depth + 1)
            for name, field in schema["properties"].items()
        }
        needed = schema.get("required", ())
        return {name: value for name, value in made.items() if not asked or name in needed or value is not None}

    def fits(self, value: Any, schema: Document) -> bool:
        """Say whether a value can stand where a schema is; what is not looked at here, the test looks at."""
        if "$ref" in schema:
            schema = self.schemas[schema["$ref"].removeprefix(SCHEMAS)]
        choices = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
        if choices:
            return any(self.fits(value, choice) for choice in choices)
        if "enum" in schema:
            return value in schema["enum"]
        kind = schema.get("type", "")
        if not isinstance(value, TYPES.get(kind, ())) or isinstance(value, bool) != (kind == "boolean"):
            return False
        if isinstance(value, list):
            return all(self.fits(item, schema.get("items", {})) for item in value)
        return fits_alone(value, schema)


def fits_alone(value: Any, schema: Document) -> bool:
    """Say the same of a value without parts; an object that has fields of its own is put together of those."""
    if isinstance(value, str):
        return fits_text(value, schema)
    if isinstance(value, dict):
        return "properties" not in schema
    return value is None or bool(schema.get("minimum", value) <= value <= schema.get("maximum", value))


def fits_text(value: str, schema: Document) -> bool:
    """Say whether a text is of the length, the pattern and the format that a schema asks for."""
    is_time = re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value) is not None
    if (schema.get("format") == "date-time") != is_time:
        return False
    return len(value) <= schema.get("maxLength", len(value)) and re.search(schema.get("pattern", ""), value) is not None
