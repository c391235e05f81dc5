"""What the pages under /docs show of the documents: each operation with a line to try it, each event with an example."""

import json
import shlex
from collections import Counter
from contextlib import suppress
from functools import cache
from typing import Any, NamedTuple

from services.gateway import openapi
from shared.events.base import Privacy

Document = dict[str, Any]


class Field(NamedTuple):
    """A parameter of an operation, or a field of an event."""

    name: str
    where: str
    text: str
    needed: bool


class Answer(NamedTuple):
    """What an operation may answer."""

    status: str
    text: str
    example: str


class Operation(NamedTuple):
    """One operation of the API; `body` is an example of what is sent."""

    name: str
    method: str
    path: str
    summary: str
    text: str
    scopes: list[list[str]]
    parameters: list[Field]
    curl: str
    body: str
    answers: list[Answer]


class Listed(NamedTuple):
    """One operation in the list of all."""

    name: str
    method: str
    path: str
    summary: str


class Part(NamedTuple):
    """A part of the API, with the operations that belong to it."""

    key: str
    name: str
    text: str
    operations: list[Listed]


class Told(NamedTuple):
    """One kind of event."""

    type: str
    name: str
    text: str
    handled_by: list[str]
    fields: list[Field]
    example: str


@cache
def parts() -> list[Part]:
    """Return the parts of the API, in the order in which a reader meets them; they change only with the code."""
    document = json.loads(openapi.FILE.read_bytes())
    found = {tag["name"]: Part(key_of(tag["name"]), tag["name"], tag["description"], []) for tag in document["tags"]}
    for path, item in document["paths"].items():
        for method, said in openapi.operations_of(item):
            found[said["tags"][0]].operations.append(Listed(said["operationId"], method, path, split(said)[0]))
    return list(found.values())


@cache
def operations(name: str) -> list[Operation]:
    """Return all that is shown of a part's operations.

    Made for the part that is asked for: what examples need is most of the work, and the list of all shows none.
    """
    document = json.loads(openapi.FILE.read_bytes())
    return [
        operation(document, path, method, said)
        for path, item in document["paths"].items()
        for method, said in openapi.operations_of(item)
        if said["tags"][0] == name
    ]


def split(said: Document) -> tuple[str, str]:
    """Return an operation's first paragraph, in one line, and the rest."""
    summary, _, rest = said["description"].partition("\n\n")
    return summary.replace("\n", " "), rest


def key_of(name: str) -> str:
    """Return a part's name as an address has it."""
    return name.lower().replace(" ", "-")


def operation(document: Document, path: str, method: str, said: Document) -> Operation:
    """Return what is shown of one operation."""
    summary, rest = split(said)
    body = shown(document, said.get("requestBody", {}))
    return Operation(
        said["operationId"],
        method,
        path,
        summary,
        rest,
        said.get("x-scopes", []),
        [parameter(one) for one in said.get("parameters", ())],
        curl(path, method, said, body),
        "" if body is None else pretty(body[1]),
        [answer(document, status, one) for status, one in said["responses"].items()],
    )


def parameter(said: Document) -> Field:
    """Return what is shown of a parameter."""
    return Field(said["name"], said["in"], said.get("description", ""), needed=said.get("required", False))


def answer(document: Document, status: str, said: Document) -> Answer:
    """Return what is shown of an answer; problems are all alike, so that their example stands on the first page alone."""
    example = shown(document, said) if status.startswith("2") else None
    return Answer(status, said["description"], "" if example is None else pretty(example[1]))


def shown(document: Document, said: Document) -> tuple[str, Any] | None:
    """Return the first example of a body, with its media type."""
    for kind, content in said.get("content", {}).items():
        with suppress(KeyError):
            return kind, openapi.example_of(document, content)
    return None


def pretty(value: Any) -> str:
    """Write an example as people read it; text that is no JSON stands as it is."""
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def curl(path: str, method: str, said: Document, body: tuple[str, Any] | None) -> str:
    """Return a line for a shell that calls an operation; `$URL` and `$KEY` are the reader's."""
    for one in said.get("parameters", ()):
        if one["in"] == "path" and "example" in one:
            path = path.replace(f"{{{one['name']}}}", str(one["example"]).replace(" ", "%20"))
    words = ["curl"] if method == "get" else ["curl", "-X", method.upper()]
    if said.get("security", [{"key": []}])[0]:
        words.append('-H "Authorization: Bearer $KEY"')
    names = {one["name"] for one in said.get("parameters", ())}
    if "Idempotency-Key" in names:
        words.append('-H "Idempotency-Key: $(uuidgen)"')
    if "If-Match" in names:
        words.append("""-H 'If-Match: "4"'""")
    if body is not None:
        kind, example = body
        sent = example if isinstance(example, str) else json.dumps(example, ensure_ascii=False)
        words += [f"-H {shlex.quote(f'Content-Type: {kind}')}", f"--data-binary {shlex.quote(sent)}"]
    return " ".join([*words, f'"$URL{path}"'])


@cache
def events() -> list[tuple[str, list[Told]]]:
    """Return each service with the events that it tells."""
    document = json.loads(openapi.EVENTS_FILE.read_bytes())
    told: dict[str, list[Told]] = {}
    for message in document["components"]["messages"].values():
        told.setdefault(message["name"].split(".")[0], []).append(event(document, message))
    return sorted(told.items())


def event(document: Document, message: Document) -> Told:
    """Return what is shown of an event."""
    schema = document["components"]["schemas"][message["title"]]
    fields = [
        Field(name, field["x-privacy"], kind_of(field), needed=name in schema.get("required", ()))
        for name, field in schema["properties"].items()
    ]
    return Told(
        message["name"],
        message["title"],
        message["summary"],
        message["x-handled-by"],
        fields,
        "".join(pretty(one["payload"]) for one in message.get("examples", ())),
    )


def kind_of(schema: Document) -> str:
    """Say in a word or two what a field holds."""
    if "$ref" in schema:
        return str(schema["$ref"].rsplit("/", 1)[1])
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return " or ".join(kind_of(choice) for choice in schema[several])
    if schema.get("type") == "array":
        return f"list of {kind_of(schema.get('items', {}))}"
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    return str(schema.get("format") or schema.get("type", "anything"))


def privacy_classes() -> list[tuple[str, int]]:
    """Return the classes of privacy with how many fields of events have each."""
    counted = Counter(field.where for _, told in events() for each in told for field in each.fields)
    return [(each.value, counted[each.value]) for each in Privacy]
