"""The headers that answers carry are those that the document names, and where it says that one may wait, one may."""

import ast
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import httpx

import services
from services.gateway import openapi_bounds
from services.gateway.openapi import FILE, operations_of
from tests.gateway.story import add_people, publish
from tests.platform import Platform

EVERYBODYS = {"content-type", "content-length", "content-encoding", "date", "vary", "cache-control", "x-request-id"}
EVERYBODYS |= {"server", "referrer-policy", "x-content-type-options"}
"""What HTTP has whatever the answer, and what the guides say of all answers."""


@cache
def document() -> dict[str, Any]:
    """Return the document as it is served."""
    return json.loads(FILE.read_text())  # type: ignore[no-any-return]


def said_of(answer: httpx.Response, path: str) -> set[str]:
    """Return the headers that the document names for an answer, in lower case."""
    described = document()["paths"][path][answer.request.method.lower()]["responses"][str(answer.status_code)]
    if "$ref" in described:
        described = document()["components"]["responses"][described["$ref"].rsplit("/", 1)[1]]
    return {name.lower() for name in described["headers"]}


async def test_no_answer_carries_a_header_that_the_document_does_not_name(platform: Platform) -> None:
    client = platform.client
    await add_people(platform, 2)
    await platform.settle()
    await publish(platform)
    person = {"employee_number": "E-7", "name": "Seven", "email": "e7@harbour.example", "region": "EMEA"}
    once = {"Idempotency-Key": "seven", "Prefer": "wait=5"}
    read = await client.get("/v1/people/E-1")
    simulated = await client.post("/v1/load/simulations", json={"days": 1})
    answers = {
        "create_person": await client.post("/v1/people", json={**person, "department": "Care"}, headers=once),
        "replayed": await client.post("/v1/people", json={**person, "department": "Care"}, headers=once),
        "/v1/people/{employee_number}": await client.get("/v1/people/E-7"),
        "unchanged": await client.get("/v1/people/E-1", headers={"If-None-Match": read.headers["ETag"]}),
        "busy": await client.post("/v1/load/simulations", json={"days": 1}),
        "/v1/policies/{key}": await client.get("/v1/policies/social-media"),
        "/v1/events": await client.get("/v1/events", headers={"Accept": "application/x-ndjson"}),
        "nobody": await client.get("/v1/people", headers={"Authorization": "Bearer none"}),
    }
    at = {
        "create_person": "/v1/people",
        "replayed": "/v1/people",
        "unchanged": "/v1/people/{employee_number}",
        "nobody": "/v1/people",
        "busy": "/v1/load/simulations",
    }

    surplus = {
        name: set(answer.headers) - EVERYBODYS - said_of(answer, at.get(name, name)) for name, answer in answers.items()
    }
    assert {name: names for name, names in surplus.items() if names} == {}
    assert said_of(simulated, "/v1/load/simulations") >= {"location"}
    for name, header in (
        ("create_person", "Preference-Applied"),
        ("create_person", "Shareload-Events"),
        ("replayed", "Idempotency-Replayed"),
        ("/v1/people/{employee_number}", "ETag"),
        ("unchanged", "ETag"),
        ("/v1/policies/{key}", "Content-Language"),
        ("/v1/events", "Next-Cursor"),
        ("nobody", "WWW-Authenticate"),
    ):
        assert header in answers[name].headers, (name, answers[name].text)


async def test_what_is_answered_from_memory_says_its_age_as_the_document_has_it(platform: Platform) -> None:
    await add_people(platform, 2)
    await platform.settle()
    await publish(platform)
    asked = {"employee_numbers": ["E-1"]}
    for service in ("policy", "training"):
        await platform.stop_service(service)
    platform.clock.advance(timedelta(seconds=20))

    policy = await platform.client.get("/v1/policies/social-media")
    statuses = await platform.client.post("/v1/certificate-statuses", json=asked)

    for answer, path in ((policy, "/v1/policies/{key}"), (statuses, "/v1/certificate-statuses")):
        assert int(answer.headers["Age"]) >= 20
        assert "age" in said_of(answer, path)


def test_who_gets_an_etag_is_told_how_to_use_it() -> None:
    reads = [item["get"] for item in document()["paths"].values() if "get" in item]
    tagged = {read["operationId"] for read in reads if "ETag" in read["responses"].get("200", {}).get("headers", ())}
    spared = {read["operationId"] for read in reads if "304" in read["responses"]}
    asked = {
        read["operationId"]
        for read in reads
        if "If-None-Match" in {parameter["name"] for parameter in read.get("parameters", ())}
    }
    assert tagged == spared == asked
    assert len(tagged) > 70


def raised_with_a_wait() -> Iterator[tuple[str, str]]:
    """Yield each class of problems that code raises with how long to wait, and the file."""
    for file in Path(services.__path__[0]).rglob("*.py"):
        if "retry_after=" in (code := file.read_text()):
            for node in ast.walk(ast.parse(code)):
                if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                    called = node.exc.func
                    if "retry_after" in {keyword.arg for keyword in node.exc.keywords}:
                        yield (called.attr if isinstance(called, ast.Attribute) else ast.unparse(called)), str(file)


def test_what_says_how_long_to_wait_is_described_as_saying_so() -> None:
    raised = dict(raised_with_a_wait())
    transient = set()
    for file in Path(services.__path__[0]).rglob("*.py"):
        code = file.read_text()
        transient |= set(re.findall(r'class (\w+)\(\w+\):\n    """[^"]*"""\n\n    passes = True', code))
        transient |= set(re.findall(r"class (\w+)\((?:TooManyRequests|Unavailable)\)", code))
    assert set(raised) - transient - {"TooManyRequests", "SourceTrouble"} == set()

    assert len(raised) > 5
    asked = document()["paths"]["/v1/load/simulations"]["post"]["responses"]["409"]
    assert asked["$ref"].endswith("/ProblemLater")
    assert "Retry-After" in document()["components"]["responses"]["ProblemLater"]["headers"]


def test_a_page_has_as_many_items_as_one_may_ask_for_and_nothing_else_is_said_to_be_bounded() -> None:
    schemas = document()["components"]["schemas"]
    checked = 0
    for path, item in document()["paths"].items():
        for _, operation in operations_of(item):
            limits = [each["schema"]["maximum"] for each in operation.get("parameters", ()) if each["name"] == "limit"]
            content = operation["responses"].get("200", {}).get("content", {}).get("application/json", {})
            name = content.get("schema", {}).get("$ref", "").rsplit("/", 1)[-1]
            if limits and name.startswith("Page_"):
                assert schemas[name]["properties"]["items"]["maxItems"] in {*limits, openapi_bounds.UNBOUNDED}, path
                checked += schemas[name]["properties"]["items"]["maxItems"] == limits[0]
    assert checked > 50
    assert '"maxItems": 1000000' not in FILE.read_text()
    posts = document()["paths"]["/v1/posts"]["post"]["requestBody"]["content"]["application/x-ndjson"]["schema"]
    assert posts["maxLength"] == openapi_bounds.LONGEST == 64 * 1024 * 1024
