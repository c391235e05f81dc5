"""Two entries of one person become one for the policy service, too."""

from services.policy.handlers import free_seats, make_one_of_two
from shared.events.training import PersonLeftV1, PersonMergedV1
from tests.policy.conftest import PolicyService
from tests.policy.team import TEAM, changes, ok, seat


async def test_acceptances_and_seats_of_a_duplicate_are_the_persons(service_on_both: PolicyService) -> None:
    service = service_on_both
    versions = [await service.publish(), await service.publish(key="other")]
    for number, version in (("E-1", versions[0]), ("E-3", versions[0]), ("E-3", versions[1])):
        answer = await service.client.post(f"{version}/acknowledgements", json={"employee_number": number})
        assert answer.status_code == 201, answer.text
    path = await seat(service, "care", "E-3")
    now = service.clock.now()
    into, duplicate = service.people["E-1"], service.people["E-3"]
    merged = PersonMergedV1(id=duplicate, into=into, employee_number="E-1", merged_at=now)

    await service.app.state.db.write(lambda session: make_one_of_two(merged, session))
    await service.app.state.db.write(lambda session: free_seats(PersonLeftV1(id=duplicate, left_at=now), session))

    assert ok(await service.client.get(path))["employee_number"] == "E-1"
    assert [change for _, change in await changes(service)][-1] == "merged"
    for key in ("social-media", "other"):
        query = {"employee_number": "E-1"}
        listed = ok(await service.client.get(f"/v1/policies/{key}/acknowledgements", params=query))
        assert [one["status"] for one in listed["items"]] == ["done"]
    assert len(ok(await service.client.get(f"{TEAM}/members"))["items"]) == 1
