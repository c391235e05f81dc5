"""Across the services and by the clock on the wall: what is suspended or paused stops within two seconds."""

import asyncio
import time
from collections import Counter
from typing import Any

from services.gateway.areas import owner
from tests.gateway.story import add_people, listening
from tests.platform import Platform

SECONDS = 2.0
OPEN = 40
AT = "2026-11-20T10:00:00Z"


async def certify_two(platform: Platform) -> None:
    """Let E-1 and E-2 be responders who are there, E-1 with more room."""
    client = platform.client
    await add_people(platform, 2)
    await client.post("/v1/courses", json={"key": "answering", "title": "Answering"})
    await client.post("/v1/certifications", json={"key": "responder", "title": "Responder", "courses": ["answering"]})
    for number in (1, 2):
        learnt = {"employee_number": f"E-{number}", "course": "answering", "completed_at": AT, "source": "lms"}
        made = await client.post("/v1/completions", json=learnt, headers={"Prefer": "wait=10"})
        assert made.is_success, made.text
    await platform.settle()
    await there(platform, 1, OPEN)


async def there(platform: Platform, number: int, capacity: int) -> None:
    terms = {"languages": ["en"], "capacity": capacity, "weekly_minutes": 10_000, "online": True}
    answer = await platform.client.put(f"/v1/availability/E-{number}", json=terms)
    assert answer.is_success, answer.text


async def push(platform: Platform, name: str) -> dict[str, Any]:
    messages = [{"network_id": f"m-{name}", "text": "Where is my parcel?"}]
    thread = {"network": "email", "thread": name, "customer": f"{name}@x.example", "messages": messages}
    answer = await platform.client.post("/v1/conversations", json=thread)
    assert answer.is_success, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def open_with(platform: Platform) -> Counter[str]:
    """Count all conversations by whom they are with, or by what they wait for."""
    listed = (await platform.client.get("/v1/conversations", params={"limit": 200})).json()["items"]
    return Counter(one["assignee"] or f"waits for {one['missing']}" for one in listed)


async def test_forty_conversations_of_somebody_suspended_are_with_others_or_in_the_queue_within_two_seconds(
    platform: Platform,
) -> None:
    await certify_two(platform)
    for number in range(OPEN):
        await push(platform, str(number))
    assert await open_with(platform) == {"E-1": OPEN}
    await there(platform, 2, 25)
    certificate = (await platform.client.get("/v1/people/E-1/certificates")).json()["items"][0]["id"]

    began = time.monotonic()
    suspended = await platform.client.post(
        f"/v1/certificates/{certificate}/suspension", json={"reason": "Looked into."}
    )
    assert suspended.is_success, suspended.text
    while (await open_with(platform))["E-1"]:
        assert time.monotonic() - began < SECONDS
        await asyncio.sleep(0.02)
    assert time.monotonic() - began < SECONDS
    assert await open_with(platform) == {"E-2": 25, "waits for room": 15}
    waiting = (await platform.client.get("/v1/routing-queue", params={"limit": 200})).json()["items"]
    assert Counter(one["missing"] for one in waiting) == {"room": 15}
    gaps = (await platform.client.get("/v1/routing-gaps")).json()
    assert [(gap["missing"], gap["conversations"]) for gap in gaps["items"]] == [("room", 15)]


async def test_a_pause_stops_replies_and_routing_and_is_told_to_those_who_send_within_two_seconds(
    platform: Platform,
) -> None:
    await certify_two(platform)
    given = await push(platform, "first")
    held = {"scope": "network:email", "reason": "A recall.", "holding_statement": "We answer tomorrow."}
    async with listening(platform.client, "?types=monitoring.pause.started.v1,monitoring.pause.ended.v1") as listener:
        began = time.monotonic()
        pause = (await platform.client.post("/v1/pauses", json=held)).json()
        told = await listener.next()
        assert time.monotonic() - began < SECONDS
        assert (told.type, told.data["data"]["holding_statement"]) == (
            "monitoring.pause.started.v1",
            "We answer tomorrow.",
        )
        reply = await platform.client.post(f"/v1/conversations/{given['id']}/reply", json={"text": "Hello!"})
        assert (reply.status_code, reply.json()["holding_statement"]) == (409, "We answer tomorrow.")
        assert (await push(platform, "second"))["missing"] == "pause"
        shown = (await platform.client.get("/v1/pauses", params={"in_force": True})).json()["items"]
        assert [one["holding_statement"] for one in shown] == ["We answer tomorrow."]

        path = f"/v1/pauses/{pause['id']}"
        read = await platform.client.get(path)
        assert (await platform.client.get(path, headers={"If-None-Match": read.headers["ETag"]})).status_code == 304
        began = time.monotonic()
        assert (await platform.client.delete(path)).status_code == 204
        assert (await listener.next()).type == "monitoring.pause.ended.v1"
        while (await open_with(platform)) != {"E-1": 2}:
            assert time.monotonic() - began < SECONDS
            await asyncio.sleep(0.05)
    assert (await platform.client.get(path)).headers["ETag"] != read.headers["ETag"]


async def test_presence_and_requirements_are_reached_through_the_gateway(platform: Platform) -> None:
    assert owner("/v1/routing-queue") == "monitoring"
    await add_people(platform, 1)
    await platform.settle()
    await there(platform, 1, OPEN)
    confirmed = await platform.client.post("/v1/availability/E-1/presence", json={})
    assert (confirmed.status_code, confirmed.json()["barrier"]) == (200, "holds no valid certificate")
    read = await platform.client.get("/v1/routing-requirements")
    asked = {"items": [{"kind": "crisis", "certification": "spokesperson"}]}
    stated = await platform.client.put(
        "/v1/routing-requirements", json=asked, headers={"If-Match": read.headers["ETag"]}
    )
    assert (stated.status_code, stated.json()["otherwise"]) == (200, "responder")
    stale = await platform.client.put("/v1/routing-requirements", json=asked, headers={"If-Match": '"0"'})
    assert stale.status_code == 412
    twice = {"items": [*asked["items"], *asked["items"]]}
    assert (await platform.client.put("/v1/routing-requirements", json=twice)).status_code == 422
