"""What nobody can ask is refused at each resource, in words that a client can act on; nothing changes by it."""

from typing import Any

import pytest

from shared.pages import encode_cursor
from tests.contracts.answers import PERSON, problem
from tests.platform import Platform

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (PERSON | {"shoe_size": 41}, "/shoe_size"),
        (PERSON | {"name": 7}, "/name"),
        (PERSON | {"name": "x" * 10_000}, "/name"),
        (PERSON | {"name": "a\x00b"}, "/name"),
        (PERSON | {"languages": "en"}, "/languages"),
        (PERSON | {"a\x00/b": 1}, "/a\ufffd~1b"),
        ({key: value for key, value in PERSON.items() if key != "email"}, "/email"),
    ],
)
async def test_each_fault_of_a_body_is_named_by_a_pointer(
    lasting_platform: Platform, body: dict[str, Any], pointer: str
) -> None:
    errors = problem(await lasting_platform.client.post("/v1/people", json=body), 422, "invalid")["errors"]
    assert pointer in [error["pointer"] for error in errors]
    assert (await lasting_platform.client.get("/v1/people")).json()["items"] == []


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"name": NaN}', b'{"name": "\\ud800"}', b"[" * 100_000]
)
async def test_a_body_that_is_no_object_of_ours_is_refused(lasting_platform: Platform, raw: bytes) -> None:
    answer = await lasting_platform.client.post("/v1/people", content=raw, headers={"Content-Type": "application/json"})
    problem(answer, 422, "invalid")


async def test_what_is_not_there_is_a_problem_too(lasting_platform: Platform) -> None:
    problem(await lasting_platform.client.get("/v1/people/E-404"), 404, "not-found")
    problem(await lasting_platform.client.get("/v1/nothing-here"), 404, "no-such-route")
    problem(await lasting_platform.client.delete("/v1/people"), 405, "method-not-allowed")


@pytest.mark.parametrize(
    "params",
    [{"limit": 0}, {"limit": 201}, {"limit": "x"}, {"cursor": "nonsense"}, {"cursor": "ZGVhZA"}, {"cursor": "é"}],
)
async def test_a_page_that_nobody_can_ask_for_is_refused(lasting_platform: Platform, params: dict[str, Any]) -> None:
    problem(await lasting_platform.client.get("/v1/people", params=params), 422, "invalid")


async def test_what_a_database_cannot_be_asked_is_refused(lasting_platform: Platform) -> None:
    client = lasting_platform.client
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
