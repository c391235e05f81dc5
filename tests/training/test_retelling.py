"""What training's snapshot tells is what its events led to: also of who left, and of certificates that were replaced."""

from datetime import timedelta

from services.training.handlers import snapshots
from tests.retelling import retold, told
from tests.training.conftest import TrainingService


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
