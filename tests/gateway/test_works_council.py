"""From works-council mode of a legal entity to events that name nobody who works for it."""

from typing import Any

import orjson

from shared.events.policy import ApprovalRequestedV1
from shared.works_council import NOBODY, Hidden, without_persons
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


def test_somebody_in_the_mode_is_not_named_among_others_either() -> None:
    asked = ApprovalRequestedV1(id="a-1", person="author", text="", approver=None, approvers=["one", "other"])
    data = asked.model_dump(mode="json")
    in_the_mode = Hidden(everybody=False, but=frozenset({"other"}))

    told = without_persons("policy.approval.requested.v1", data, in_the_mode)

    assert "approvers" not in told
    assert told["person"] == "author"
    assert without_persons("policy.approval.requested.v1", data, NOBODY) == data


async def test_nobody_counts_in_the_audit_what_somebody_in_the_mode_did_and_one_case_is_proved_still(
    platform: Platform,
) -> None:
    for number, entity in ((1, "Nord AG"), (2, "Nord AG"), (3, "Süd AG")):
        await platform.client.post("/v1/people", json=person(number) | {"legal_entity": entity})
    await platform.settle()
    for number in (1, 3):
        await register(platform, number)
    before = await audit(platform, action="account.register")
    hidden, open_person = before[1]["person"], before[0]["person"]
    assert len(await audit(platform, person=hidden, service="monitoring")) == 1

    await turn_on(platform)
    assert [entry["person"] for entry in await audit(platform, action="account.register")] == [open_person, None]
    assert [entry["actor"] for entry in await audit(platform, action="account.register")] == [before[0]["actor"]] * 2
    assert await audit(platform, person=hidden, service="monitoring") == []
    assert len(await audit(platform, person=open_person, service="monitoring")) == 1
    records = await audit(platform, person=hidden, service="training")
    assert "person.created" in {entry["action"] for entry in records}, "what is no measure stays"
    await be_present(platform)
    [stated] = await audit(platform, action="availability.state")
    assert (stated["actor"], stated["person"], stated["subject"]) == (None, None, "availability/withheld")
    by_subject = await audit(platform, subject=f"availability/{hidden}")
    by_actor = await audit(platform, actor=f"person:{hidden}", service="monitoring")
    assert (by_subject, by_actor) == ([], [])
    refused = await platform.client.get("/v1/audit/chains", params={"person": "E-1"})
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (403, "persons-chain-switched-off")
    assert (await platform.client.get("/v1/audit/chains", params={"person": "E-3"})).status_code == 200


async def audit(platform: Platform, **query: str) -> list[dict[str, Any]]:
    """Read the list of what was done."""
    answer = await platform.client.get("/v1/audit", params=query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def turn_on(platform: Platform) -> None:
    """Let two people turn the mode on, and all services hear of it."""
    one, other = await platform.as_person("E-1", "admin"), await platform.as_person("E-2", "admin")
    change = await one.post(PATH, json={"on": True, "reason": "Agreed."})
    assert change.status_code == 201, change.text
    confirmed = await other.post(f"{PATH}/{change.json()['id']}/confirmation", headers={"Prefer": "wait=5"})
    assert confirmed.status_code == 200, confirmed.text
    await platform.settle()


async def be_present(platform: Platform) -> None:
    """Let somebody say themselves when they are there."""
    me = await platform.as_person("E-1")
    said = await me.put("/v1/availability/E-1", json={"languages": ["en"], "capacity": 3, "weekly_minutes": 600})
    assert said.is_success, said.text
