"""What every client may rely on at each resource: problems, pages, ETags, and writes that may be repeated."""

import asyncio

import httpx

from tests.contracts.answers import PERSON, problem
from tests.platform import Platform
from tests.servers import LOOPBACK


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
