"""From works-council mode of a legal entity to events that name nobody who works for it."""

from typing import Any

import orjson

from tests.gateway.story import listening, person
from tests.platform import Platform

NDJSON = {"Accept": "application/x-ndjson"}
PATH = "/v1/works-council-modes/Nord%20AG/changes"
ACCOUNTS = "monitoring.account"


async def events(platform: Platform, types: str) -> list[dict[str, Any]]:
    """Return the data of all events of some types, as a key with every scope reads them from the log."""
    answer = await platform.client.get(f"/v1/events?limit=1000&after=start&types={types}", headers=NDJSON)
    assert answer.status_code == 200, answer.text
    return [orjson.loads(line)["data"] for line in answer.text.splitlines()]


async def register(platform: Platform, number: int) -> None:
    """Let somebody have an account, of which events tell."""
    account = {"network": "bluesky", "handle": f"p{number}.example", "kind": "staff", "employee_number": f"E-{number}"}
    made = await platform.client.post("/v1/accounts", json=account)
    assert made.status_code == 201, made.text


async def test_events_name_nobody_of_a_legal_entity_in_the_mode_not_even_those_told_before(platform: Platform) -> None:
    ids = []
    for number, entity in ((1, "Nord AG"), (2, "Nord AG"), (3, "Süd AG")):
        made = await platform.client.post("/v1/people", json=person(number) | {"legal_entity": entity})
        assert made.status_code == 201, made.text
        ids.append(made.json()["id"])
    await platform.settle()
    for number in (1, 3):
        await register(platform, number)
    await platform.settle()
    assert [each.get("person") for each in await events(platform, ACCOUNTS)] == [ids[0], ids[2]]

    one, other = await platform.as_person("E-1", "admin"), await platform.as_person("E-2", "admin")
    async with listening(platform.client, f"?types={ACCOUNTS}&after=start") as listener:
        assert [told.data["data"].get("person") for told in await listener.take(2)] == [ids[0], ids[2]]
        change = await one.post(PATH, json={"on": True, "reason": "Agreed."})
        assert change.status_code == 201, change.text
        assert (await one.post(f"{PATH}/{change.json()['id']}/confirmation")).status_code == 403
        confirmed = await other.post(f"{PATH}/{change.json()['id']}/confirmation", headers={"Prefer": "wait=5"})
        assert confirmed.status_code == 200, confirmed.text
        await register(platform, 2)
        assert "person" not in (await listener.next()).data["data"]

    assert [each.get("person") for each in await events(platform, ACCOUNTS)] == [None, ids[2], None]
    async with listening(platform.client, f"?types={ACCOUNTS}&after=start") as listener:
        assert [told.data["data"].get("person") for told in await listener.take(3)] == [None, ids[2], None]
    assert [each["id"] for each in await events(platform, "training.person.changed")] == ids
