"""A person's data: who may take it, who may erase it, and who looked at it."""

from datetime import timedelta
from typing import Any

from services.training.tables import CertificateOperation
from shared.context import Principal
from shared.db import Session
from tests.training.conftest import ALL, TrainingService
from tests.training.quizzing import learner, write_quiz

ADMIN = Principal(id="key:admin", scopes=ALL | {"admin:read", "admin:write"})
REASON = {"reason": "They asked for it."}


async def leave(service: TrainingService, number: str) -> None:
    answer = await service.client.patch(f"/v1/people/{number}", json={"active": False})
    assert answer.status_code == 200, answer.text


async def verify(service: TrainingService, code: str) -> Any:
    return (await service.client.get(f"/verify/{code}", headers={"Accept": "application/json"})).json()


async def test_only_a_leaver_is_erased_by_an_administrator_who_repeats_the_number(service: TrainingService) -> None:
    await service.add_person("E-1")
    admin, path = service.ask_as(ADMIN), "/v1/people/E-1/erasure"
    right = {**REASON, "employee_number": "E-1"}
    assert (await service.client.post(path, json=right)).status_code == 403
    here = await admin.post(path, json=right)
    assert (here.status_code, here.json()["type"].rpartition("/")[2]) == (409, "still-here")
    await leave(service, "E-1")
    wrong = await admin.post(path, json={**REASON, "employee_number": "E-2"})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/employee_number")

    assert (await admin.post(path, json=right)).status_code == 202
    assert (await admin.get("/v1/people/E-1")).status_code == 404
    assert (await service.get("/v1/people"))["items"] == []
    assert len(await service.told("training.person.erased.v1")) == 1


async def test_nobody_erases_themself(service: TrainingService) -> None:
    await service.add_person("E-1")
    me = await service.as_person("E-1", "people:write", "admin:write", "people:read")
    answer = await me.post("/v1/people/E-1/erasure", json={**REASON, "employee_number": "E-1"})
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (403, "own-matter")


async def test_whoever_comes_again_after_an_erasure_is_a_new_person(service: TrainingService) -> None:
    first = await service.add_person("E-1", email="ana@x.example")
    await leave(service, "E-1")
    await service.ask_as(ADMIN).post("/v1/people/E-1/erasure", json={**REASON, "employee_number": "E-1"})
    assert await service.add_person("E-1", email="ana@x.example") != first


async def test_certificates_of_an_erased_person_stay_without_a_name_and_the_badge_says_revoked(
    service: TrainingService,
) -> None:
    await service.add_person("E-1")
    certificate = await service.certify("E-1")
    badge = await service.get(f"/v1/certificates/{certificate}/badge.json")
    code = badge["id"].rpartition("/")[2]
    assert (await verify(service, code))["valid"] is True
    await leave(service, "E-1")
    await service.ask_as(ADMIN).post("/v1/people/E-1/erasure", json={**REASON, "employee_number": "E-1"})

    shown = await verify(service, code)
    assert (shown["status"], shown["holder"]) == ("revoked", None)
    [kept] = (await service.get("/v1/certificates"))["items"]
    assert kept["id"] == certificate
    assert kept["employee_number"].startswith("erased-")


async def test_a_person_takes_their_data_and_a_colleague_without_admin_rights_does_not(
    service: TrainingService,
) -> None:
    await service.add_person("E-1")
    await service.add_person("E-2")
    path = "/v1/people/E-1/data-export"
    assert (await (await service.as_person("E-2")).get(path)).status_code == 404
    assert (await (await service.as_person("E-2", "people:read")).get(path)).status_code == 403
    # The other services do not run here: nothing is answered rather than a part.
    answer = await (await service.as_person("E-1")).get(path)
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (503, "personal-data-away")


async def test_a_person_sees_who_looked_at_them_and_through_which_lists(service: TrainingService) -> None:
    await service.add_person("E-1")
    await service.add_person("E-2", name="Kim Park")
    me = await service.as_person("E-1")
    colleague = await service.as_person("E-2", "people:read", "certificates:read", "training:read")
    for path in ("/v1/people/E-1", "/v1/people/E-1", "/v1/people/E-1/certificates", "/v1/people/E-2"):
        assert (await colleague.get(path)).status_code == 200
    assert (await colleague.get("/v1/certificates", params={"employee_number": "E-1"})).status_code == 200
    assert (await colleague.get("/v1/people", params={"department": "Support"})).status_code == 200
    limited = Principal(id="key:legal", scopes=frozenset({"people:read"}), departments=frozenset({"Legal"}))
    assert (await service.ask_as(limited).get("/v1/people")).status_code == 200
    assert (await me.get("/v1/people/E-1")).status_code == 200
    assert (await me.get("/v1/people/E-2")).status_code == 404

    seen = [
        (look["what"], look["times"], look["list"], look["query"], look["reader"]["name"])
        for look in (await me.get("/v1/people/E-1/access-log")).json()["items"]
        if look["reader"]["kind"] == "person"
    ]
    assert sorted(seen) == [
        ("get_person", 2, False, None, "Kim Park"),
        ("list_certificates", 1, False, None, "Kim Park"),
        ("list_certificates_of_person", 1, False, None, "Kim Park"),
        ("list_people", 1, True, "department=Support", "Kim Park"),
    ]
    readers = {look["reader"]["id"] for look in (await me.get("/v1/people/E-1/access-log")).json()["items"]}
    assert "legal" not in readers
    assert (await colleague.get("/v1/people/E-9/access-log")).status_code == 404


async def test_the_log_of_looks_comes_in_pages_and_ends_after_a_year(service: TrainingService) -> None:
    await service.add_person("E-1")
    for day in range(3):
        for number in range(2):
            reader = Principal(id=f"key:{day}-{number}", scopes=frozenset({"people:read"}))
            assert (await service.ask_as(reader).get("/v1/people/E-1")).status_code == 200
        service.clock.advance(timedelta(days=1))
    me = await service.as_person("E-1")
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await me.get("/v1/people/E-1/access-log", params={"limit": 4, **cursor})).json()
        found += [look["reader"]["id"] for look in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert [one for one in found if "-" in one] == ["2-1", "2-0", "1-1", "1-0", "0-1", "0-0"]
    await service.advance(timedelta(days=366))
    later = (await me.get("/v1/people/E-1/access-log")).json()["items"]
    assert [look for look in later if "-" in look["reader"]["id"]] == []


async def test_answers_are_forgotten_after_their_time_and_how_it_went_stays(service: TrainingService) -> None:
    await write_quiz(service)
    me = await learner(service)
    attempt = await me.drawn()
    await me.choose(attempt)
    assert (await me.submit(attempt))["passed"] is True
    await service.advance(timedelta(days=1090))
    before = (await service.get(f"/v1/attempts/{attempt['id']}"))["items"]
    assert all(item["chosen"] for item in before)
    await service.advance(timedelta(days=10))
    after = await service.get(f"/v1/attempts/{attempt['id']}")
    assert [item["chosen"] for item in after["items"]] == [[], []]
    assert after["result"]["passed"] is True


async def test_an_erasure_takes_a_merged_entry_and_groups_with_it_and_is_answered_again(
    service: TrainingService,
) -> None:
    first = await service.add_person("E-1")
    second = await service.add_person("E-2", email="other@x.example")
    await service.post("/v1/people/E-1/merge", {"duplicate": "E-2"})
    user = await service.client.get(f"/scim/v2/Users/{first}")
    assert user.status_code == 200, user.text
    group = {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
        "displayName": "All",
        "members": [{"value": first}],
    }
    made = await service.client.post("/scim/v2/Groups", json=group)
    assert made.status_code == 201, made.text
    await leave(service, "E-1")
    wish = {**REASON, "employee_number": "E-1"}
    admin, once = service.ask_as(ADMIN), {"Idempotency-Key": "once"}
    answers = [await admin.post("/v1/people/E-1/erasure", json=wish, headers=once) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json() == answers[1].json()
    assert {one["id"] for one in await service.told("training.person.erased.v1")} == {first, second}
    assert (await service.told("training.membership.changed.v1"))[-1] == {"person": first, "groups": []}
    assert (await service.client.get(f"/scim/v2/Users/{first}")).status_code == 404
    assert (await admin.get("/v1/people/E-2")).status_code == 404


async def test_nothing_is_written_into_the_entry_of_an_erased_person(service: TrainingService) -> None:
    first = await service.add_person("E-1")
    await service.add_person("E-2")
    await leave(service, "E-1")
    admin, gone = service.ask_as(ADMIN), f"erased-{first}"
    await admin.post("/v1/people/E-1/erasure", json={**REASON, "employee_number": "E-1"})

    again = await admin.post(f"/v1/people/{gone}/erasure", json={**REASON, "employee_number": gone})
    back = await admin.patch(f"/v1/people/{gone}", json={"name": "Ana", "active": True})
    merges = [
        await admin.post(f"/v1/people/{one}/merge", json={"duplicate": other})
        for one, other in (("E-2", gone), (gone, "E-2"))
    ]
    assert [answer.status_code for answer in (again, back, *merges)] == [404] * 4
    file = f"employee_number,name,email,department,region\n{gone},Ana,ana@x.example,Support,EMEA\n"
    done = await admin.post("/v1/people/imports", content=file.encode(), headers={"Content-Type": "text/csv"})
    assert (done.status_code, done.json()["rejected"]) == (200, 1), done.text
    assert len(await service.told("training.person.erased.v1")) == 1


async def test_who_asked_for_an_operation_on_many_is_known_by_no_number_after_an_erasure(
    service: TrainingService,
) -> None:
    for number in ("E-1", "E-2"):
        await service.add_person(number)
    await service.certify("E-2")
    await service.add_person("E-47110815")
    chief = await service.as_person("E-47110815", "certificates:read", "certificates:write")
    wish = {"operation": "suspend", "filter": {"certification": "responder"}, "reason": "The region moves."}
    shown = (await chief.post("/v1/certificate-operations", json={**wish, "dry_run": True})).json()["preview"]
    begun = await chief.post("/v1/certificate-operations", json={**wish, "preview": shown["preview"]})
    await leave(service, "E-47110815")
    erased = {**REASON, "employee_number": "E-47110815"}
    assert (await service.ask_as(ADMIN).post("/v1/people/E-47110815/erasure", json=erased)).status_code == 202

    def caller(session: Session) -> dict[str, Any]:
        return session.get_one(CertificateOperation, begun.json()["operation"]["id"]).caller

    assert "E-47110815" not in str(await service.db.read(caller))
