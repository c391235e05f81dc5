"""Two entries turn out to be one person's."""

from datetime import timedelta
from typing import Any

from services.training.handlers import snapshots
from tests import retelling
from tests.training.conftest import TrainingService
from tests.training.courses import LIVE, TASK, enrol, write
from tests.training.quizzing import learner, write_quiz


async def merge(service: TrainingService, into: str, duplicate: str) -> Any:
    return await service.client.post(f"/v1/people/{into}/merge", json={"duplicate": duplicate})


async def test_all_that_a_duplicate_learnt_and_holds_is_the_persons_and_its_number_names_them(
    service: TrainingService,
) -> None:
    survivor = await service.add_person("E-1")
    duplicate = await service.add_person("E-2", email="ana@x.example")
    await service.add_person("E-3", manager="E-2")
    await service.certify("E-2")
    (before,) = (await service.get("/v1/certificates", employee_number="E-2"))["items"]

    merged = await merge(service, "E-1", "E-2")

    assert merged.status_code == 200, merged.text
    assert (await service.get("/v1/people/E-2"))["id"] == survivor
    (held,) = (await service.get("/v1/people/E-2/certificates"))["items"]
    assert (held["id"], held["employee_number"], held["status"]) == (before["id"], "E-1", "valid")
    assert (await service.status("E-1"))["certified"] is True
    assert (await service.get("/v1/people/E-3"))["manager"] == "E-1"
    assert [one["employee_number"] for one in (await service.get("/v1/people"))["items"]] == ["E-1", "E-3"]
    assert (await service.get("/v1/people/E-1/sources"))["former_numbers"] == ["E-2"]
    assert [one["change"] for one in await service.changes("E-1")] == ["reinstated"]
    assert [one["change"] for one in await service.changes("E-2")] == ["issued", "person_left"]
    (told,) = await service.told("training.person.merged.v1")
    assert (told["id"], told["into"], told["employee_number"]) == (duplicate, survivor, "E-1")
    before, found = await retelling.told(service.db, snapshots), await retelling.retold(service.db, snapshots)
    kinds = {key for key in before if key[1].startswith("training.person.")}
    assert {key: found[key] for key in kinds} == {key: before[key] for key in kinds}
    free = {"name": "N", "email": "ana@x.example", "department": "D", "region": "R"}
    assert (await service.client.post("/v1/people", json={**free, "employee_number": "E-2"})).status_code == 409
    assert (await service.client.post("/v1/people", json={**free, "employee_number": "E-4"})).status_code == 201


async def test_of_two_certificates_the_stricter_stands(service: TrainingService) -> None:
    for number in ("E-1", "E-2"):
        await service.add_person(number)
    kept, given_up = await service.certify("E-2"), await service.certify("E-1")
    await service.post(f"/v1/certificates/{kept}/suspension", {"reason": "Under review."})

    assert (await merge(service, "E-1", "E-2")).status_code == 200

    assert (await service.status("E-1"))["status"] == "suspended"
    assert (await service.get(f"/v1/certificates/{given_up}"))["status"] == "revoked"
    assert [one["change"] for one in await service.changes("E-1")] == ["issued", "revoked", "suspended"]


async def test_parts_of_a_certificate_that_two_entries_have_make_it_due(service: TrainingService) -> None:
    await service.add_person("E-1")
    other = await service.add_person("E-2")
    await service.complete("E-1")
    await service.hear_of_acknowledgement(other)
    assert (await service.status("E-1"))["certified"] is False

    assert (await merge(service, "E-1", "E-2")).status_code == 200

    assert (await service.status("E-1"))["certified"] is True


async def test_nobody_is_merged_with_themselves_or_with_their_superiors(service: TrainingService) -> None:
    await service.add_person("E-1")
    await service.add_person("E-2", manager="E-1")
    await service.add_person("E-3", manager="E-2")
    assert (await merge(service, "E-1", "E-1")).status_code == 409
    assert (await merge(service, "E-3", "E-1")).status_code == 409
    assert (await merge(service, "E-1", "E-3")).status_code == 200
    assert (await merge(service, "E-1", "E-3")).status_code == 409
    assert (await merge(service, "E-1", "E-9")).status_code == 404


async def test_a_weaker_source_does_not_change_what_a_stronger_one_wrote(service: TrainingService) -> None:
    header = "employee_number,name,email,department,region\n"
    rows = f"{header}E-1,Ana,ana@x.example,Support,EMEA\n"
    headers = {"Content-Type": "text/csv"}
    assert (await service.client.post("/v1/people/imports", content=rows, headers=headers)).json()["created"] == 1

    refused = await service.client.patch("/v1/people/E-1", json={"region": "APAC", "title": "Lead"})
    assert (refused.status_code, refused.json()["errors"]) == (409, [{"pointer": "/region", "detail": "csv owns this"}])
    assert (await service.client.patch("/v1/people/E-1", json={"title": "Lead", "region": "EMEA"})).status_code == 200
    order = {"sources": ["scim", "api", "csv"]}
    assert (await service.client.put("/v1/attribute-authority/region", json=order)).status_code == 200
    assert (await service.client.patch("/v1/people/E-1", json={"region": "APAC"})).status_code == 200

    again = await service.client.post("/v1/people/imports", content=rows, headers=headers)
    assert (again.json()["unchanged"], again.json()["rows"][0]["detail"]) == (
        1,
        "not changed: region (api owns this)",
    )
    listed = {one["attribute"]: one["sources"] for one in (await service.get("/v1/attribute-authority"))["items"]}
    assert (listed["region"], listed["name"]) == (["scim", "api", "csv"], ["scim", "csv", "api"])
    sources = (await service.get("/v1/people/E-1/sources"))["sources"]
    assert [(one["source"], one["attributes"]) for one in sources] == [
        ("csv", ["department", "email", "employee_number", "name", "region"]),
        ("api", ["region", "title"]),
    ]


async def test_a_first_sync_can_be_looked_at_before_it_is_made(service: TrainingService) -> None:
    await service.add_person("E-1", user_name="ana")
    await service.add_person("E-2", email="shared@x.example", user_name="ben")
    await service.add_person("E-3", email="cy@x.example", user_name="cy")
    asked = [
        {"employee_number": "E-1", "department": "Legal"},
        {"user_name": "BEN", "name": "Person E-2"},
        {"email": "Cy@X.example"},
        {"employee_number": "E-9", "user_name": "cy"},
        {"employee_number": "E-1", "user_name": "ben"},
        {"user_name": "new"},
    ]
    answer = await service.client.post("/v1/people/matches", json={"source": "scim", "people": asked})
    assert answer.status_code == 200, answer.text
    found = [
        (one["outcome"], one["employee_number"], one["matched_by"], one["changes"]) for one in answer.json()["items"]
    ]
    assert found == [
        ("updated", "E-1", "employee_number", ["department"]),
        ("updated", "E-2", "user_name", ["user_name"]),
        ("updated", "E-3", "email", ["email"]),
        ("conflict", None, None, []),
        ("conflict", None, None, []),
        ("created", None, None, []),
    ]
    assert (await service.get("/v1/people/E-1"))["department"] == "Support"


async def test_an_open_sitting_of_the_enrolment_that_gives_way_stalls_nobody_elses(service: TrainingService) -> None:
    await write_quiz(service, time_limit_minutes=10)
    one, two, other = [await learner(service, number) for number in ("E-1", "E-2", "E-3")]
    await two.drawn()
    theirs = await other.drawn()

    assert (await merge(service, "E-1", "E-2")).status_code == 200
    await service.advance(timedelta(hours=1))

    assert (await other.client.get(f"/v1/attempts/{theirs['id']}")).json()["submitted_at"] is not None
    assert (await one.start()).status_code == 201


async def test_what_waits_for_a_coach_goes_on_with_the_enrolment_that_stays(service: TrainingService) -> None:
    await write(service, "talk", [TASK])
    for number in ("E-1", "E-2", "E-3"):
        await service.add_person(number)
    kept, given_up = [await enrol(service.client, "talk", employee_number=number) for number in ("E-1", "E-2")]
    handed_in = await service.post(f"/v1/enrolments/{given_up}/tasks/reply/submissions", {"text": "I asked first."})

    assert (await merge(service, "E-1", "E-2")).status_code == 200
    accept = {"decision": "accept", "words": "Lovely.", "employee_number": "E-3"}
    reviewed = await service.post(f"/v1/task-submissions/{handed_in['id']}/review", accept)

    assert (reviewed["enrolment"], reviewed["employee_number"]) == (kept, "E-1")
    assert (await service.get(f"/v1/enrolments/{kept}"))["completed_at"] is not None


async def test_two_places_in_one_live_session_become_one(service: TrainingService) -> None:
    await write(service, "talk", [LIVE])
    for number in ("E-1", "E-2", "E-9"):
        await service.add_person(number)
        await enrol(service.client, "talk", employee_number=number)
    times = {"starts_at": "2099-01-01T10:00:00Z", "ends_at": "2099-01-01T11:00:00Z"}
    date = {"course": "talk", "module": "meet", "capacity": 2, "place": "Room 4", "host": "E-9", **times}
    live = f"/v1/live-sessions/{(await service.post('/v1/live-sessions', date))['id']}"
    for number in ("E-1", "E-2"):
        await service.post(f"{live}/registrations", {"employee_number": number})
    assert (await service.get(live))["left"] == 0

    assert (await merge(service, "E-1", "E-2")).status_code == 200
    assert (await service.get(live))["left"] == 1
    assert [one["employee_number"] for one in (await service.get(f"{live}/registrations"))["items"]] == ["E-1"]
