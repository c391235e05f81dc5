"""One door: requests reach the service that owns them, with the gateway's word for who asks."""

import asyncio
from collections.abc import AsyncIterator

from tests.gateway.story import add_people, person
from tests.platform import Platform


async def test_a_request_reaches_the_service_that_owns_its_path(platform: Platform) -> None:
    made = await platform.client.post("/v1/policies", json={"key": "social-media", "title": "Social media"})
    read = await platform.services["policy"].get("/v1/policies")

    assert made.status_code == 201, made.text
    assert [policy["key"] for policy in read.json()["items"]] == ["social-media"]


async def test_a_service_that_is_away_is_a_problem_at_once_and_serves_again_when_it_is_back(platform: Platform) -> None:
    await add_people(platform, 1)
    await platform.stop_service("training")

    began = asyncio.get_running_loop().time()
    away = await platform.client.get("/v1/people")
    assert asyncio.get_running_loop().time() - began < 2
    assert (away.status_code, away.json()["type"].rsplit("/", 1)[1]) == (503, "service-away")
    assert int(away.headers["Retry-After"]) >= 1
    assert (await platform.client.get("/v1/policies")).status_code == 200

    await platform.start_service("training")
    back = await platform.client.get("/v1/people/E-1")
    assert back.json().get("name") == "Person 1", back.text


async def test_a_long_body_streams_through_and_so_does_its_answer(platform: Platform) -> None:
    lines = "employee_number,name,email,department,region,manager,languages\n" + "".join(
        f"E-{n},Person {n},e{n}@harbour.example,Care,EMEA,,en\n" for n in range(1, 3001)
    )

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(lines), 10_000):
            yield lines[start : start + 10_000].encode()

    answer = await platform.client.post(
        "/v1/people/imports",
        content=chunks(),
        headers={"Content-Type": "text/csv"},
    )
    assert answer.status_code in {200, 201}, answer.text
    assert answer.json()["created"] == 3000


async def test_the_owners_problem_reaches_the_client_as_it_is(platform: Platform) -> None:
    await platform.client.post("/v1/people", json=person(1))
    again = await platform.client.post("/v1/people", json=person(1))

    assert again.status_code == 409
    assert again.headers["Content-Type"] == "application/problem+json"
    assert again.json()["instance"] == "/v1/people"
    assert again.json()["request_id"] == again.headers["X-Request-ID"]


async def test_requests_share_the_gateways_connections_to_a_service(platform: Platform) -> None:
    for _ in range(20):
        assert (await platform.client.get("/v1/people")).status_code == 200
    upstream = platform.running["gateway"].app.state.doors.forwarder._services["training"]

    assert len(upstream._free) <= 2
