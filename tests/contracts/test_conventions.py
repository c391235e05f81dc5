"""What every client may rely on at each resource: problems, pages, ETags, and writes that may be repeated."""

import asyncio
from typing import Any

import httpx
import pytest

from shared.pages import encode_cursor
from tests.platform import Platform
from tests.servers import LOOPBACK

PERSON = {
    "employee_number": "E-1",
    "name": "Ana Sá",
    "email": "ana@x.example",
    "department": "Care",
    "region": "EMEA",
    "languages": ["pt", "en"],
}


def problem(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["type"].endswith(f"/{slug}"), body
    assert body["status"] == status
    assert body["request_id"] == answer.headers["X-Request-ID"]
    return body


async def test_a_repeated_post_with_the_same_key_has_its_effect_once_and_the_same_answer(
    platform_on_both: Platform,
) -> None:
    client = platform_on_both.client
    headers = {"Idempotency-Key": "one"}
    answers = await asyncio.gather(*[client.post("/v1/people", json=PERSON, headers=headers) for _ in range(12)])
    assert {answer.status_code for answer in answers} == {201}
    assert len({(answer.json()["id"], answer.headers["ETag"]) for answer in answers}) == 1
    assert len((await client.get("/v1/people")).json()["items"]) == 1

    other = await client.post("/v1/people", json=PERSON | {"name": "Someone Else"}, headers=headers)
    problem(other, 422, "idempotency-key-reused")
    elsewhere = await client.post("/v1/people", params={"for": "E-9"}, json=PERSON, headers=headers)
    problem(elsewhere, 422, "idempotency-key-reused")


async def test_a_post_that_failed_may_be_repeated_with_its_key(platform: Platform) -> None:
    headers = {"Idempotency-Key": "two"}
    await platform.client.post("/v1/people", json=PERSON)
    problem(await platform.client.post("/v1/people", json=PERSON, headers=headers), 409, "person-exists")
    problem(await platform.client.post("/v1/people", json=PERSON, headers=headers), 409, "person-exists")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (PERSON | {"shoe_size": 41}, "/shoe_size"),
        (PERSON | {"name": 7}, "/name"),
        (PERSON | {"name": "x" * 10_000}, "/name"),
        (PERSON | {"name": "a\x00b"}, "/name"),
        (PERSON | {"languages": "en"}, "/languages"),
        ({key: value for key, value in PERSON.items() if key != "email"}, "/email"),
    ],
)
async def test_each_fault_of_a_body_is_named_by_a_pointer(
    platform: Platform, body: dict[str, Any], pointer: str
) -> None:
    errors = problem(await platform.client.post("/v1/people", json=body), 422, "invalid")["errors"]
    assert pointer in [error["pointer"] for error in errors]
    assert (await platform.client.get("/v1/people")).json()["items"] == []


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"name": NaN}', b'{"name": "\\ud800"}', b"[" * 100_000]
)
async def test_a_body_that_is_no_object_of_ours_is_refused(platform: Platform, raw: bytes) -> None:
    answer = await platform.client.post("/v1/people", content=raw, headers={"Content-Type": "application/json"})
    problem(answer, 422, "invalid")


async def test_what_is_not_there_is_a_problem_too(platform: Platform) -> None:
    problem(await platform.client.get("/v1/people/E-404"), 404, "not-found")
    problem(await platform.client.get("/v1/nothing-here"), 404, "no-such-route")
    problem(await platform.client.delete("/v1/people"), 405, "method-not-allowed")


async def test_a_list_is_read_to_its_end_page_by_page(platform_on_both: Platform) -> None:
    client = platform_on_both.client
    for n in range(7):
        await client.post("/v1/people", json=PERSON | {"employee_number": f"E-{n}", "email": f"p{n}@x.example"})
    seen: list[str] = []
    cursor: str | None = None
    while True:
        params: dict[str, str | int] = {"limit": 3, **({"cursor": cursor} if cursor else {})}
        page = (await client.get("/v1/people", params=params)).json()
        seen += [person["employee_number"] for person in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert sorted(seen) == [f"E-{n}" for n in range(7)]


@pytest.mark.parametrize(
    "params",
    [{"limit": 0}, {"limit": 201}, {"limit": "x"}, {"cursor": "nonsense"}, {"cursor": "ZGVhZA"}, {"cursor": "é"}],
)
async def test_a_page_that_nobody_can_ask_for_is_refused(platform: Platform, params: dict[str, Any]) -> None:
    problem(await platform.client.get("/v1/people", params=params), 422, "invalid")


async def test_what_a_database_cannot_be_asked_is_refused(platform: Platform) -> None:
    client = platform.client
    for cursor in ("\ud800", "\x00"):
        problem(await client.get("/v1/people", params={"cursor": encode_cursor(cursor)}), 422, "invalid")
    for place in (True, -1, 2**63, 1.5, "x", None, [1]):
        params = {"cursor": encode_cursor(place)}
        problem(await client.get("/v1/certificate-changes", params=params), 422, "invalid")
    problem(await client.get("/v1/api-keys/%00"), 422, "invalid")
    for moment in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
        key = {"name": "late", "scopes": ["people:read"], "expires_at": moment}
        problem(await client.post("/v1/api-keys", json=key), 422, "invalid")
        for service in ("gateway", "training"):
            answer = await client.post(f"/v1/operations/{service}/events/replay", json={"since": moment})
            problem(answer, 422, "invalid")
    for service in ("gateway", "training"):
        path = f"/v1/operations/{service}/dead-letters"
        problem(await client.get(path, params={"cursor": "\x00"}), 422, "invalid")
        problem(await client.post(f"{path}/%00/replay"), 422, "invalid")


async def test_a_resource_that_did_not_change_is_not_sent_again_and_a_stale_change_is_refused(
    platform: Platform,
) -> None:
    client = platform.client
    await client.post("/v1/people", json=PERSON)
    first = await client.get("/v1/people/E-1")
    tag = first.headers["ETag"]
    unchanged = await client.get("/v1/people/E-1", headers={"If-None-Match": tag})
    assert (unchanged.status_code, unchanged.content, unchanged.headers["ETag"]) == (304, b"", tag)

    changed = await client.patch("/v1/people/E-1", json={"region": "APAC"}, headers={"If-Match": tag})
    assert changed.json()["region"] == "APAC"
    assert changed.headers["ETag"] != tag
    problem(await client.patch("/v1/people/E-1", json={"region": "LATAM"}, headers={"If-Match": tag}), 412, "stale")
    assert (await client.get("/v1/people/E-1", headers={"If-None-Match": tag})).json()["region"] == "APAC"


async def test_of_concurrent_changes_on_one_revision_only_one_wins(platform_on_both: Platform) -> None:
    client = platform_on_both.client
    await client.post("/v1/people", json=PERSON)
    tag = (await client.get("/v1/people/E-1")).headers["ETag"]
    regions = [f"R{n}" for n in range(10)]
    changes = [client.patch("/v1/people/E-1", json={"region": region}, headers={"If-Match": tag}) for region in regions]
    statuses = sorted(answer.status_code for answer in await asyncio.gather(*changes))
    assert statuses == [200] + [412] * 9


async def test_a_request_keeps_its_id_and_its_trace_through_to_the_event(platform: Platform) -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    headers = {"X-Request-ID": "my-request-7", "traceparent": trace}
    answer = await platform.client.post("/v1/people", json=PERSON, headers=headers)
    assert answer.headers["X-Request-ID"] == "my-request-7"
    await platform.settle()
    events = await platform.client.get("/v1/events", headers={"Accept": "application/x-ndjson"})
    assert trace.split("-")[1] in events.text


async def test_health_says_how_each_part_is_without_credentials(platform: Platform) -> None:
    await platform.settle()
    for running in platform.running.values():
        async with httpx.AsyncClient(base_url=running.url, timeout=30, verify=LOOPBACK) as stranger:
            assert (await stranger.get("/livez")).status_code == 200
            ready = await stranger.get("/readyz")
            assert ready.status_code == 200
            body = ready.json()
            assert body["database"] == body["broker"] == "up"
            assert {"outbox_waiting", "outbox_age_seconds", "consumer_lag"} <= body.keys()
            metrics = (await stranger.get("/metrics")).text
            assert "shareload_http_requests_total" in metrics
