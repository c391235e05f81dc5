"""One door: requests reach the service that owns them, with the gateway's word for who asks."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

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


async def test_a_caller_cannot_bring_a_token_of_their_own(platform: Platform) -> None:
    forged = platform.services["training"].headers["Shareload-Caller"]
    client = await platform.client_for(headers={"Shareload-Caller": forged})

    assert (await client.get("/v1/people")).status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        "/v1/people/../../internal/consequences",
        "/v1/people/..%2F..%2Finternal%2Fconsequences",
        "/internal/consequences",
        "/v1/operations/training/consequences",
    ],
)
async def test_no_path_leads_to_what_services_keep_among_themselves(platform: Platform, path: str) -> None:
    request = httpx.Request("POST", platform.client.base_url, json={"events": []}, headers=platform.client.headers)
    request.url = request.url.copy_with(raw_path=path.encode())
    answer = await platform.client.send(request)

    assert answer.status_code in {403, 404, 405}, answer.text


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


async def test_an_operator_reads_the_dead_letters_of_each_service(platform: Platform) -> None:
    for service in ("policy", "training", "monitoring", "gateway"):
        answer = await platform.client.get(f"/v1/operations/{service}/dead-letters")
        assert (answer.status_code, answer.json()["items"]) == (200, []), answer.text


async def test_a_body_beyond_the_limit_is_refused(platform: Platform) -> None:
    most = platform.running["gateway"].app.state.settings.max_body
    headers = {"Content-Type": "text/csv"}

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(most // 1_000_000 + 2):
            yield b"x" * 1_000_000

    unsaid = await platform.client.post("/v1/people/imports", content=chunks(), headers=headers)
    assert unsaid.status_code == 413


@pytest.mark.parametrize(("path", "media_type"), [("/v1/api-keys", "application/json"), ("/sign-in", "text/plain")])
async def test_nobody_fills_our_memory_without_credentials(platform: Platform, path: str, media_type: str) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * 500_000

    stranger = await platform.client_for(headers={"Content-Type": media_type})
    assert (await stranger.post(path, content=chunks())).status_code == 413


async def test_requests_share_the_gateways_connections_to_a_service(platform: Platform) -> None:
    for _ in range(20):
        assert (await platform.client.get("/v1/people")).status_code == 200
    upstream = platform.running["gateway"].app.state.doors.forwarder._services["training"]

    assert len(upstream._free) <= 2
