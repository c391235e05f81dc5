"""Whatever is sent to whichever endpoint: it is refused in words or taken, and never an error of ours."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import httpx
import pytest

from shared.context import Principal
from tests.monitoring.organisation import hire, post, words_rule
from tests.monitoring.serving import MonitoringService

METHODS = ("get", "post", "put", "patch", "delete")
SCOPES = frozenset(
    f"{area}:{right}"
    for area in ("monitoring", "conversations", "policies", "team", "certificates", "training")
    for right in ("read", "write")
) | {"admin", "self"}
JSON = {"Content-Type": "application/json"}
TEN_MEGABYTES = 10 * 1024 * 1024
BODIES: dict[str, tuple[bytes, dict[str, str]]] = {
    "nothing": (b"", JSON),
    "not UTF-8": (b'{"text": "\xff\xfe\xc3\x28"}', JSON),
    "half a surrogate": (b'{"text": "\\ud800", "reason": "\\udfff"}', JSON),
    "a NUL": (b'{"text": "\\u0000", "reason": "a\\u0000b"}', JSON),
    "not closed": (b'{"text": ', JSON),
    "deep": (b"[" * 20_000 + b"]" * 20_000, JSON),
    "a number beyond all": (b'{"capacity": 1e999, "revision": ' + b"9" * 5000 + b"}", JSON),
    "not a number": (b'{"capacity": NaN, "minutes": -Infinity}', JSON),
    "null": (b"null", JSON),
    "a word": (b'"word"', JSON),
    "no lines": (b"\x00\xff\n\n\r\n{}\nnull\n[1]\n" + b'{"network": 1}\n', {"Content-Type": "application/x-ndjson"}),
    "no table": (b'network,text\n"open', {"Content-Type": "text/csv"}),
    "a form": (b"text=a&text=b", {"Content-Type": "application/x-www-form-urlencoded"}),
    "another charset": ('{"text": "ü"}'.encode("utf-16"), {"Content-Type": "application/json; charset=utf-16"}),
    "headers": (b"{}", {**JSON, "If-Match": '"\x7f', "Idempotency-Key": "k" * 5000}),
}
IDS = ("x", "..%2f..%2fetc", "%00", "%ff%fe", "%F0%9F%98%80", "a" * 3000, "00000000-0000-7000-8000-00000000000g")
PARAMS = ("cursor=%00", "cursor=%ff", "cursor=eyJhIjoxfQ", "limit=-1", "limit=9e9", "from=9999-12-31T23:59:59-14:00")
STRINGS = (
    *("\x00", "\ud800", "\u202e" * 300, "a" * 30_000, "@", " \u200b "),
    *("9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "2999-01-01T00:00:00Z"),
)
NUMBERS = (-1, 2**63, 10**30, 0.5, True)


NOWHERE = "00000000-0000-7000-8000-00000000000f"
"""An id that looks right and is nobody's."""
SENSIBLE = {"employee_number": "E-1", "zone": "Europe/Berlin", "language": "en", "url": "https://customer.example/1"}
"""By the name of a field, what is taken there."""
ANY_OF = {"language": "en", "kind": "question", "number": "1"}
"""What stands in paths without anybody having made it."""


class Operation(NamedTuple):
    """One thing that the service can be asked."""

    method: str
    path: str
    body: dict[str, Any] | None

    @property
    def parameters(self) -> list[str]:
        """The names of what stands in its path."""
        return [part[1:-1] for part in self.path.split("/") if part.startswith("{")]

    def at(self, things: Mapping[str, str]) -> str:
        """Return its path to these things, each by the name of its parameter."""
        parts = self.path.split("/")
        return "/".join(things.get(part[1:-1], NOWHERE) if part.startswith("{") else part for part in parts)


def operations(service: MonitoringService) -> list[Operation]:
    """Return all of them, as the service describes itself."""
    document = service.app.openapi()
    found = [
        Operation(method, path, body_of(asked, document))
        for path, methods in document["paths"].items()
        for method, asked in methods.items()
        if method in METHODS and path.startswith("/v1/")
    ]
    return sorted(found, key=lambda one: METHODS.index(one.method))


def body_of(asked: dict[str, Any], document: dict[str, Any]) -> dict[str, Any] | None:
    """Return a body with every field that an operation takes, None if it takes none."""
    content = asked.get("requestBody", {}).get("content", {}).get("application/json")
    made = sample(content["schema"], document) if content else None
    return made if isinstance(made, dict) else None


def sample(schema: dict[str, Any], document: dict[str, Any], name: str = "") -> Any:
    """Return a value that has the shape of a schema, and by its field's name some sense."""
    if "$ref" in schema:
        return sample(document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]], document, name)
    choices = schema.get("anyOf") or schema.get("oneOf")
    if choices:
        return sample(choices[0], document, name)
    if schema.get("type") == "object":
        return {field: sample(each, document, field) for field, each in schema.get("properties", {}).items()}
    if schema.get("type") == "array":
        return [sample(schema.get("items", {}), document, name)]
    return plain(schema, name)


def plain(schema: dict[str, Any], name: str) -> Any:
    """Return a value that has no parts."""
    pattern = schema.get("pattern", "")
    said = {"date-time": "2026-11-02T08:00:00Z", "date": "2026-11-02", "time": "08:00:00"}.get(schema.get("format", ""))
    known = schema.get("const", schema.get("enum", [SENSIBLE.get(name, said)])[0])
    if known is not None:
        return known
    if pattern:
        return "https://customer.example/1" if "http" in pattern else NOWHERE if "0-9a-f-" in pattern else "en"
    simple = {"string": "en", "integer": 1, "number": 1.0, "boolean": True}
    return schema.get("examples", [simple.get(schema.get("type", ""))])[0]


def spoiled(body: Any) -> Iterator[Any]:
    """Yield a body with one of its values replaced by something that nobody should send."""
    for name, value in body.items() if isinstance(body, dict) else enumerate(body):
        others: list[Any] = [None, [], {}]
        if isinstance(value, dict | list) and value:
            others += list(spoiled(value))
        else:
            others += NUMBERS if isinstance(value, int | float) else STRINGS
        for other in others:
            changed = dict(body) if isinstance(body, dict) else list(body)
            changed[name] = other
            yield changed


class Ours(Exception):  # noqa: N818  it is a finding of the test
    """The service fell over."""


def look(answer: httpx.Response) -> None:
    """Raise for an error of ours, and for a refusal that is not said as a problem."""
    if answer.status_code >= 500:
        raise Ours(str(answer.status_code))
    if answer.is_error and answer.headers.get("content-type") != "application/problem+json":
        raise Ours(f"{answer.status_code} as {answer.headers.get('content-type')}")
    answer.content.decode()


async def ask(
    client: httpx.AsyncClient, method: str, path: str, answers: Counter[int] | None = None, **what: Any
) -> str | None:
    """Ask, count the answer's status, and say in a line what went wrong if anything did."""
    try:
        answer = await client.request(method, path, **what)
        if answers is not None:
            answers[answer.status_code] += 1
        look(answer)
    except Exception as error:  # noqa: BLE001  each is reported by name
        return f"{method} {path[:80]}: {type(error).__name__} {str(error)[:300]}"
    return None


@pytest.fixture
def anybody(service: MonitoringService) -> httpx.AsyncClient:
    """A client with all rights, so that nothing is refused before it is read."""
    return service.ask_as(Principal("key:hostile", scopes=SCOPES))


@pytest.fixture
async def things(service: MonitoringService) -> dict[str, str]:
    """What belongs to person E-1, by the name that it has in paths; E-2 is a colleague."""
    await service.bring_into_force([words_rule("promise", "promises", "guaranteed")])
    await hire(service.db, 1)
    one = {"employee_number": "E-1"}
    account = await service.post("/v1/accounts", {"network": "mastodon", "handle": "@one", "kind": "staff", **one})
    told = post("mine", "It is guaranteed.", kind="staff", author="@one").model_dump(mode="json")
    (kept,) = (await service.post("/v1/posts", told))["items"]
    (finding,) = (await service.get("/v1/findings"))["items"]
    conversation = await service.push(kind="question", language="en")
    path = f"/v1/conversations/{conversation['id']}"
    await service.post(f"{path}/acceptance", one)
    reply = await service.post(f"{path}/reply", {"text": "Today.", **one})
    await hire(service.db, 2)
    found = {"account": account, "post": kept, "finding": finding, "conversation": conversation, "reply": reply}
    return {f"{name}_id": thing["id"] for name, thing in found.items()} | one


async def test_bytes_that_are_no_request_are_refused_in_words(
    service: MonitoringService, anybody: httpx.AsyncClient, things: dict[str, str]
) -> None:
    wrong = []
    for one in operations(service):
        path = one.at(things | ANY_OF)
        if one.method == "get":
            wrong += [await ask(anybody, one.method, f"{path}?{query}") for query in PARAMS]
        else:
            sent = [await ask(anybody, one.method, path, content=what, headers=how) for what, how in BODIES.values()]
            wrong += [f"{name}: {said}" for name, said in zip(BODIES, sent, strict=True) if said]
        if one.parameters:
            spoofed = (one.at(dict.fromkeys(one.parameters, value)) for value in IDS)
            wrong += [await ask(anybody, one.method, at, json=one.body) for at in spoofed]
    assert not [line for line in wrong if line]


async def test_a_value_that_nobody_should_send_is_refused_or_kept(
    service: MonitoringService, anybody: httpx.AsyncClient, things: dict[str, str]
) -> None:
    wrong, answers = [], Counter[int]()
    for one in operations(service):
        for body in spoiled(one.body) if one.body else ():
            content = json.dumps(body).encode()
            said = await ask(anybody, one.method, one.at(things | ANY_OF), answers, content=content, headers=JSON)
            wrong += [f"{said} of {content[:200]!r}"] if said else []
    assert not wrong
    assert answers[422] > 500, "the bodies are no longer found in the document"
    assert answers[200] + answers[201] > 100, "the bodies are no longer such that one wrong value is all that is wrong"


async def test_ten_megabytes_are_refused_or_taken_by_every_endpoint(
    service: MonitoringService, anybody: httpx.AsyncClient
) -> None:
    large = b'{"text": "' + b"x" * TEN_MEGABYTES + b'"}'
    asked = [one for one in operations(service) if one.body is not None]
    wrong = [await ask(anybody, one.method, one.at(ANY_OF), content=large, headers=JSON) for one in asked]
    assert not [line for line in wrong if line]
    line = json.dumps({**post("huge").model_dump(mode="json"), "text": "x" * TEN_MEGABYTES}).encode()
    answer = await anybody.post("/v1/posts", content=line, headers={"Content-Type": "application/x-ndjson"})
    assert [json.loads(each)["status"] for each in answer.text.splitlines()] == ["rejected"]
    assert (await service.get("/v1/posts"))["items"] == []


async def test_somebody_elses_things_are_not_reached_by_any_endpoint(
    service: MonitoringService, things: dict[str, str]
) -> None:
    reached, tried = [], 0
    strangers = (service.as_person(2), service.as_person(2, "team:read"))
    for one in operations(service):
        if not one.parameters or one.parameters[0] not in things:
            continue
        for stranger in strangers:
            answer = await stranger.request(one.method, one.at(things | ANY_OF), json=one.body)
            tried += 1
            if answer.is_success or answer.status_code >= 500:
                reached.append(f"{one.method} {one.path}: {answer.status_code} {answer.text[:200]}")
    assert not reached
    assert tried > 40
    owner = service.as_person(1)
    assert (await owner.get(f"/v1/findings/{things['finding_id']}")).status_code == 200
    assert (await owner.get(f"/v1/conversations/{things['conversation_id']}")).status_code == 200
