"""What training's snapshot tells is what its events led to: also of who left, and of certificates that were replaced."""

from datetime import timedelta
from typing import Any

from services.training.handlers import snapshots
from tests.retelling import State, retold, told
from tests.training.conftest import TrainingService
from tests.training.provisioning import GROUP, GROUPS


async def test_a_snapshot_tells_the_state_that_the_events_led_to(service: TrainingService) -> None:
    for number in ("E-1", "E-2", "E-3"):
        await service.add_person(number)
        await service.certify(number)
    held = {one["employee_number"]: one["id"] for one in (await service.get("/v1/certificates"))["items"]}
    await service.post(f"/v1/certificates/{held['E-1']}/revocation", {"reason": "R"})
    await service.post(f"/v1/certificates/{held['E-2']}/suspension", {"reason": "R"})
    await service.client.patch("/v1/people/E-3", json={"active": False})
    await service.post("/v1/enrolments", {"employee_number": "E-2", "course": "answering"})
    await service.advance(timedelta(days=2))
    await service.complete("E-1")
    await service.hear_of_acknowledgement((await service.get("/v1/people/E-1"))["id"])

    before, found = await told(service.db, snapshots), await retold(service.db, snapshots)

    assert set(found) == set(before)
    left = {data["person"] for data in before.values() if data.get("person")} & {
        data["id"] for (_, event_type), data in before.items() if event_type == "training.person.left.v1"
    }
    assert len(left) == 1
    for key, data in before.items():
        # A leaver's certificate has no status from then on; that they left is what is told of it.
        expected = data | {"status": "none"} if "status" in data and data["person"] in left else data
        assert found[key] == expected, key
    statuses = sorted(data["status"] for data in found.values() if "status" in data)
    assert statuses == ["none", "revoked", "suspended", "valid"]


async def test_a_snapshot_tells_of_groups_that_were_removed_and_of_those_who_left_their_last_one(
    service: TrainingService,
) -> None:
    people = [await service.add_person(number) for number in ("E-1", "E-2", "E-3")]

    async def make(name: str, *members: str) -> str:
        body = {"schemas": [GROUP], "displayName": name, "members": [{"value": person} for person in members]}
        answer = await service.client.post(GROUPS, json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    kept, ended = await make("Stores", people[0]), await make("Harbour", people[0], people[1])
    assert (await service.client.delete(f"{GROUPS}/{ended}")).status_code == 204

    before, found = await told(service.db, snapshots), await retold(service.db, snapshots)

    assert set(found) == set(before)
    assert {person: data["groups"] for person, data in of(found, "membership").items()} == {
        people[0]: [kept],
        people[1]: [],
    }
    assert {group: data["removed"] for group, data in of(found, "group").items()} == {kept: False, ended: True}
    assert of(found, "membership") == of(before, "membership")


def of(state: State, resource: str) -> dict[str, dict[str, Any]]:
    """Return what is told of one kind of thing, by its id."""
    return {
        subject.partition("/")[2]: data for (subject, _), data in state.items() if subject.startswith(f"{resource}/")
    }
