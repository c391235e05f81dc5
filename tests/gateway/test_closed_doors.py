"""What the gateway lets nobody do; nothing changes by it."""

from collections.abc import AsyncIterator

import httpx
import pytest

from services.gateway.headers import HTTPS_ONLY, security_for
from tests.platform import Platform

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_caller_cannot_bring_a_token_of_their_own(lasting_platform: Platform) -> None:
    forged = lasting_platform.services["training"].headers["Shareload-Caller"]
    client = await lasting_platform.client_for(headers={"Shareload-Caller": forged})

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
async def test_no_path_leads_to_what_services_keep_among_themselves(lasting_platform: Platform, path: str) -> None:
    request = httpx.Request(
        "POST", lasting_platform.client.base_url, json={"events": []}, headers=lasting_platform.client.headers
    )
    request.url = request.url.copy_with(raw_path=path.encode())
    answer = await lasting_platform.client.send(request)

    assert answer.status_code in {403, 404, 405}, answer.text


async def test_an_operator_reads_the_dead_letters_of_each_service(lasting_platform: Platform) -> None:
    for service in ("policy", "training", "monitoring", "gateway"):
        answer = await lasting_platform.client.get(f"/v1/operations/{service}/dead-letters")
        assert (answer.status_code, answer.json()["items"]) == (200, []), answer.text


async def test_a_body_beyond_the_limit_is_refused(lasting_platform: Platform) -> None:
    most = lasting_platform.running["gateway"].app.state.settings.max_body
    headers = {"Content-Type": "text/csv"}

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(most // 1_000_000 + 2):
            yield b"x" * 1_000_000

    unsaid = await lasting_platform.client.post("/v1/people/imports", content=chunks(), headers=headers)
    assert unsaid.status_code == 413


@pytest.mark.parametrize(("path", "media_type"), [("/v1/api-keys", "application/json"), ("/sign-in", "text/plain")])
async def test_nobody_fills_our_memory_without_credentials(
    lasting_platform: Platform, path: str, media_type: str
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * 500_000

    stranger = await lasting_platform.client_for(headers={"Content-Type": media_type})
    assert (await stranger.post(path, content=chunks())).status_code == 413


async def test_browsers_that_came_by_tls_are_told_to_come_by_nothing_else() -> None:
    assert HTTPS_ONLY in security_for("https://shareload.example")
    assert HTTPS_ONLY not in security_for("http://127.0.0.1:8000")
