"""`Prefer: wait`: the answer comes when everything that the write caused has been applied."""

import asyncio

import httpx

from services.gateway.waiting import seconds_of, told_of
from tests.gateway.story import add_people, person, publish
from tests.platform import Platform


async def test_after_a_write_that_waited_every_service_knows(platform: Platform) -> None:
    for number in range(1, 6):
        made = await platform.client.post("/v1/people", json=person(number), headers={"Prefer": "wait=5"})
        assert made.headers["Preference-Applied"] == "wait=5"
        body = {"network": "mastodon", "handle": f"@{number}", "kind": "staff", "employee_number": f"E-{number}"}
        account = await platform.client.post("/v1/accounts", json=body)
        assert account.status_code == 201, account.text
        assert (await platform.as_person(f"E-{number}")).cookies


async def test_what_a_write_causes_further_on_is_waited_for_too(platform: Platform) -> None:
    await add_people(platform, 2)
    await publish(platform)
    tier = {
        "key": "principles",
        "title": "Principles",
        "description": "For all.",
        "courses": [],
        "policies": ["social-media"],
        "certifications": [],
        "validity_days": 365,
        "expiring_days": 30,
    }
    made = await platform.client.post("/v1/certifications", json=tier)
    assert made.status_code == 201, made.text
    answer = await platform.client.post(
        "/v1/policies/social-media/versions/1/acknowledgements",
        json={"employee_number": "E-1"},
        headers={"Prefer": "wait=5"},
    )
    assert answer.headers.get("Preference-Applied") == "wait=5", answer.text

    status = await platform.client.post(
        "/v1/certificate-statuses", json={"employee_numbers": ["E-1"], "certification": "principles"}
    )
    assert status.json()["items"][0]["status"] == "valid"
    types = await platform.client.get("/v1/events?after=start&limit=1000", headers={"Accept": "application/x-ndjson"})
    assert "training.certificate.issued.v1" in types.text


async def test_a_wait_that_is_not_over_in_time_is_answered_without_the_promise(platform: Platform) -> None:
    await platform.stop_service("monitoring")
    began = asyncio.get_running_loop().time()
    answer = await platform.client.post("/v1/people", json=person(1), headers={"Prefer": "wait=1"})

    assert answer.status_code == 201
    assert "Preference-Applied" not in answer.headers
    assert 0.9 < asyncio.get_running_loop().time() - began < 4
    await platform.start_service("monitoring")


async def test_a_write_that_told_nothing_is_answered_at_once(platform: Platform) -> None:
    await platform.stop_service("monitoring")
    answer: httpx.Response = await platform.client.post("/v1/people", json={}, headers={"Prefer": "wait=9"})

    assert answer.status_code == 422
    assert answer.elapsed.total_seconds() < 2


def test_the_preference_is_read_among_others() -> None:
    assert seconds_of('respond-async, wait="3"') == 3
    assert seconds_of("wait=x") is None
    assert seconds_of("return=minimal") is None
    assert told_of("a:policy.version.published.v1, b:x.y.v1") == {"a": "policy.version.published.v1", "b": "x.y.v1"}
