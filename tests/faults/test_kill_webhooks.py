"""The gateway is killed while it tells an endpoint of events: the endpoint has each, and none much more than once.

Proves, over real processes: what was told is delivered after any number of deaths, as the same message; what is sent
again is at most what was under way at a death.
"""

import asyncio
from collections import Counter
from typing import Any

import orjson
import pytest

from tests.faults.processes import Fleet, until
from tests.gateway.telling import Answer, Heard, receiving

PEOPLE, KILLS = 60, 2
UNDER_WAY = 32
"""More than are under way to an endpoint at one time."""


@pytest.mark.timeout(180)
async def test_an_endpoint_hears_each_event_however_often_the_gateway_is_killed(fleet: Fleet) -> None:
    fleet.also["GATEWAY_WEBHOOKS_ALSO"] = '["127.0.0.0/8"]'
    await restart(fleet)
    async with receiving() as receiver:

        async def take_slowly(_heard: Heard) -> Answer:
            await asyncio.sleep(0.02)
            return 204, {}, b""

        receiver.answers["/hook"] = take_slowly
        async with fleet.client() as client:
            asked = {"name": "HR", "url": f"{receiver.url}/hook", "types": ["training.person.changed"]}
            made = await client.post("/v1/webhooks", json=asked)
            assert made.status_code == 201, made.text
        for part in range(KILLS):
            before = len(receiver.heard)
            writing = asyncio.create_task(add_people(fleet, part))
            await until(lambda before=before: len(receiver.heard) > before + 5, "something at the endpoint")  # type: ignore[misc]
            await restart(fleet)
            await writing
        await until(lambda: len(numbers(receiver.heard)) == PEOPLE, "the last event at the endpoint")
        await fleet.settled(within=20)

    times = Counter(heard.id for heard in receiver.heard)
    assert len(times) == PEOPLE, "one message for each event"
    again = sum(times.values()) - PEOPLE
    assert again <= KILLS * UNDER_WAY
    assert max(times.values()) <= 1 + KILLS
    same = {(heard.id, heard.body) for heard in receiver.heard}
    assert len(same) == PEOPLE, "what comes again is the same message"


async def restart(fleet: Fleet) -> None:
    """Kill the gateway and start it again."""
    fleet.kill("gateway")
    assert await fleet.gone("gateway") == -9
    fleet.start("gateway")
    await fleet.ready("gateway")


async def add_people(fleet: Fleet, part: int) -> None:
    """Add people at the service itself, which lives on while the gateway does not."""
    async with fleet.client_of("training", "people:write") as training:
        for number in range(part * PEOPLE // KILLS, (part + 1) * PEOPLE // KILLS):
            answer = await training.post("/v1/people", json=person(number))
            assert answer.status_code == 201, answer.text


def person(number: int) -> dict[str, Any]:
    """Return a person."""
    return {
        "employee_number": f"W-{number}",
        "user_name": f"w{number}@x.example",
        "name": f"Person {number}",
        "email": f"w{number}@x.example",
        "department": "Support",
        "region": "EMEA",
        "languages": ["en"],
    }


def numbers(heard: list[Heard]) -> set[str]:
    """Return of whom the endpoint heard."""
    return {str(orjson.loads(each.body)["data"]["id"]) for each in heard}
