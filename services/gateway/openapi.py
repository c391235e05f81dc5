"""The one OpenAPI document: merged from those of the services, so that clients see one API."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from services.gateway import areas
from services.gateway.openapi_answers import RESPONSES, describe_answers
from services.gateway.openapi_bounds import bound_pages, bound_texts, write_bounds
from services.gateway.openapi_headers import HEADERS
from services.gateway.openapi_parameters import with_own_parameters
from shared.problems import ProblemOut

FILE = Path(__file__).parent / "openapi.json"
EVENTS_FILE = Path(__file__).parent / "asyncapi.json"
METHODS = frozenset({"get", "put", "post", "patch", "delete"})
REF = "#/components/schemas/"
Document = dict[str, Any]

INFO = {
    "title": "Shareload",
    "version": "1",
    "summary": "Share the social media load across your staff, safely.",
    "description": (
        "One API for policy, task team, training and certification, monitoring and guidance. Lists are pages with "
        "`next_cursor`; errors are RFC 9457 problems; every POST takes an `Idempotency-Key`; single resources carry an "
        "`ETag`. Send `Prefer: wait=N` with a write to be answered when all that it causes has been applied."
    ),
    "contact": {"name": "Whoever runs this Shareload", "url": "https://shareload.example"},
    "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
}
TAGS = {
    "policies": "Policies with their versions, translations, reviews, acknowledgements, campaigns, emergency rules, and search.",
    "back-tests": "A version's rules tried on past posts, before it is published.",
    "checks": '"Can I post this?", with receipts, and approvals of what is held.',
    "task team": "Seats, nominations, coverage, and questions to the team.",
    "people": "Members of staff, as the HR system knows them.",
    "SCIM": "People and groups as identity providers keep them: SCIM 2.0, with its own errors.",
    "training": "Courses, enrolments, and sittings of quizzes.",
    "certification": "Tiers, certificates, who is certified, and what changed.",
    "export files": "Who is certified as files in a folder, on a schedule, for systems that fetch nothing.",
    "badges": "Certificates to take along, what anyone may verify of them, and the keys that sign them.",
    "privacy": "What is kept of a person, who looked at it, how long it stays, and how it goes.",
    "accounts": "Social accounts, registered of their owners' own will, and the brand's.",
    "sources": "Where posts are fetched from, what is a mention of the brand, and how much was dropped.",
    "posts": "What was posted, by staff and by customers.",
    "triage": "By which words customers' posts are sorted into questions, complaints, praise, spam and crises.",
    "findings": "Rules that matched a post.",
    "guidance": "What coaches tell people about a finding, or about something done well.",
    "conversations": "Customers' threads, from the first message to the last reply.",
    "autonomy": "How far people answer customers by themselves, and what colleagues think of their replies.",
    "load": "Who takes on how much, who carries what, pauses, and counts for dashboards.",
    "events": "Everything that is told, in one order.",
    "webhooks": "Endpoints of yours that are told what happens: signed, tried again, and sent once more when you ask.",
    "notices": "What people should know: the bell of the portal, e-mail and chat, as each of them wants it.",
    "embeds": "Policies within other pages.",
    "sign-in": "Where one is signed in to the portal.",
    "API keys": "Who may call the API, and for what.",
    "audit": "Who did what, proved: the evidence of all services as one list, its signed heads, and chains to take along.",
    "operations": "Dead letters, events told again, and the evidence logs.",
}
"""What the parts of the API are about, in the order in which a reader meets them."""
SECURITY = {
    "key": {"type": "http", "scheme": "bearer", "description": "An API key with scopes."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "shareload_session",
        "description": "A portal session; over TLS its name begins with `__Host-`.",
    },
}

FOR_ANYONE: list[dict[str, list[str]]] = [{}, {"key": []}, {"session": []}]
"""Who may ask what a badge's verifier needs: anyone, with credentials or without."""


class ClashingOperations(Exception):  # noqa: N818  told to a developer, who reads it as a sentence
    """Two routes have the same operation id, or the same path and method."""


def merge(documents: Mapping[str, Document]) -> Document:
    """Return one document from one of each service; component names that clash get their service in front."""
    renamed = rename_clashes(documents)
    paths: dict[str, Document] = {}
    schemas: Document = problem_schemas()
    seen: dict[str, str] = {}
    for service, document in sorted(renamed.items()):
        for path, item in document["paths"].items():
            if not is_public(service, path):
                continue
            for method, operation in operations_of(item):
                name = operation["operationId"]
                if seen.setdefault(name, f"{method} {path}") != f"{method} {path}" or method in paths.get(path, {}):
                    raise ClashingOperations(f"{name}: {method} {path} and {seen[name]}")
                for_anyone: Document = {"security": FOR_ANYONE} if is_for_anyone(path) else {}
                paths.setdefault(path, {})[method] = with_own_parameters(path, method, operation) | for_anyone
                describe_answers(path, method, paths[path][method], document.get("components", {}).get("schemas", {}))
        schemas |= document.get("components", {}).get("schemas", {})
    schemas = used([paths, RESPONSES], dict(sorted(schemas.items())))
    bound(paths, schemas)
    return {
        "openapi": "3.1.0",
        "info": INFO,
        "servers": [{"url": "/", "description": "Production: this installation.", "x-internal": False}],
        "tags": [{"name": name, "description": description} for name, description in TAGS.items()],
        "security": [{"key": []}, {"session": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": schemas,
            "responses": RESPONSES,
            "headers": HEADERS,
            "securitySchemes": SECURITY,
        },
    }


def is_for_anyone(path: str) -> bool:
    """Say whether a service's path needs no credentials."""
    return areas.public_owner(path) is not None


def bound(paths: Document, schemas: Document) -> None:
    """Write bounds into all schemas: those that a request can reach keep their own, answers get what holds for all."""
    operations = [operation for item in paths.values() for _, operation in operations_of(item)]
    bound_pages(operations, schemas)
    bound_texts(operations)
    asked = [operation.get(part) for operation in operations for part in ("parameters", "requestBody")]
    write_bounds(asked, answer=False)
    write_bounds([operation["responses"] for operation in operations], answer=True)
    of_requests = used(asked, schemas)
    for name, schema in schemas.items():
        write_bounds(schema, answer=name not in of_requests)


def is_public(service: str, path: str) -> bool:
    """Say whether the gateway passes a service's path on to clients."""
    owner = areas.owner(path) or areas.public_owner(path) or "gateway"
    return owner == service and not path.startswith("/internal")


def operations_of(item: Document) -> Iterator[tuple[str, Document]]:
    """Yield the method and the operation of each entry of a path."""
    return ((method, operation) for method, operation in item.items() if method in METHODS)


def rename_clashes(documents: Mapping[str, Document]) -> dict[str, Document]:
    """Put the service's name before component names that mean different things in different services."""
    meanings: dict[str, set[str]] = {}
    for document in documents.values():
        for name, schema in document.get("components", {}).get("schemas", {}).items():
            meanings.setdefault(readable(name), set()).add(json.dumps(schema, sort_keys=True))
    clashing = {name for name, different in meanings.items() if len(different) > 1}
    return {service: rename(document, service, clashing) for service, document in documents.items()}


def readable(name: str) -> str:
    """Return a component's name without the modules and dashes by which FastAPI tells apart those of one name."""
    *modules, own = name.replace("-", "").split("__")
    return f"{modules[-1].title().replace('_', '')}{own}" if modules else own


def rename(document: Document, service: str, clashing: set[str]) -> Document:
    """Return the document with readable, unique names, where they are defined and where they are referred to.

    A renamed schema has its name as its title, too: generators of clients name classes by that.
    """
    names = {}
    for given in document.get("components", {}).get("schemas", {}):
        name = readable(given)
        names[given] = f"{service.capitalize()}{name}" if name in clashing else name

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: walk(item) for key, item in value.items()}
        if isinstance(value, str) and value.startswith(REF):
            return refer(value)
        return [walk(item) for item in value] if isinstance(value, list) else value

    def refer(reference: str) -> str:
        name = reference.removeprefix(REF)
        return REF + names.get(name, name)

    changed: Document = walk(document)
    schemas = changed.get("components", {}).get("schemas", {})
    changed.setdefault("components", {})["schemas"] = {
        names[name]: schema if names[name] == name else {**schema, "title": names[name]}
        for name, schema in schemas.items()
    }
    return changed


def problem_schemas() -> Document:
    """Return the schemas of problem answers, which routes refer to by name."""
    schema = ProblemOut.model_json_schema(ref_template=REF + "{model}")
    parts: Document = schema.pop("$defs", {})
    return {"ProblemOut": schema, **parts}


def used(parts: Any, schemas: Document) -> Document:
    """Return the schemas that parts of a document reach, directly or through others."""
    reached: set[str] = set()
    waiting = [*references(parts)]
    while waiting:
        name = waiting.pop()
        if name not in reached and name in schemas:
            reached.add(name)
            waiting += references(schemas[name])
    return {name: schema for name, schema in schemas.items() if name in reached}


def references(value: Any) -> Iterator[str]:
    """Yield the names of the schemas that a part of a document refers to."""
    if isinstance(value, dict):
        reference = value.get("$ref")
        if isinstance(reference, str) and reference.startswith(REF):
            yield reference.removeprefix(REF)
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def example_of(document: Document, content: Document) -> Any:
    """Return the example of what a request or an answer holds; raises KeyError where there is none."""
    if "example" in content:
        return content["example"]
    return document["components"]["schemas"][content["schema"]["$ref"].removeprefix(REF)]["examples"][0]
