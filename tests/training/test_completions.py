"""What was learnt elsewhere: one by one, by CSV, and counted once somebody says what it stands for."""

from typing import Any

from shared.context import Principal
from tests.training.conftest import TrainingService

CSV = {"Content-Type": "text/csv"}
HEADER = "employee_number;external_course;completed_at;score;source\n"


async def send(service: TrainingService, body: str, **query: Any) -> Any:
    answer = await service.client.post("/v1/completions/imports", content=body.encode(), headers=CSV, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_file_of_completions_counts_each_once_and_names_what_nobody_has_mapped(
    service: TrainingService,
) -> None:
    person = await service.add_person("E-1")
    await service.hear_of_acknowledgement(person)
    rows = (
        "E-1;Replies/101;2026-01-05;0,9;LMS\n"
        "E-1;Replies/101;2026-01-05;0.9;LMS\n"
        "E-1;Replies/101;2026-01-05;0.9;LMS\n"
        "E-404;Replies/101;2026-01-05;;LMS\n"
        "E-1;Replies/101;2999-01-05;;LMS\n"
        "E-1;;2026-01-05;;LMS\n"
        "E-1;Replies/101;yesterday;;LMS\n"
    )
    tried = await send(service, HEADER + rows, dry_run=True)
    done = await send(service, HEADER + rows)
    assert {**tried, "dry_run": False} == done
    assert (done["created"], done["unchanged"], done["rejected"], done["unmapped_courses"]) == (
        *(1, 1, 5),
        ["Replies/101"],
    )
    why = {row["row"]: row["detail"].split(":")[0] for row in done["rows"] if row["outcome"] == "rejected"}
    assert why == {1: "score", 4: "employee_number", 5: "completed_at", 6: "course", 7: "completed_at"}
    assert (await send(service, HEADER + rows))["created"] == 0

    (waiting,) = (await service.get("/v1/external-courses", mapped=False))["items"]
    assert (waiting["name"], waiting["completions"], waiting["course"]) == ("Replies/101", 1, None)
    assert (await service.status("E-1"))["certified"] is False
    path = "/v1/external-courses/Replies%2F101"
    assert (await service.client.put(path, json={"course": "none"})).status_code == 404
    mapped = await service.client.put(path, json={"course": "answering"})
    assert (mapped.status_code, mapped.json()["completions"]) == (200, 1), mapped.text
    await service.advance()
    assert (await service.status("E-1"))["certified"] is True
    assert [one["course"] for one in await service.told("training.course.completed.v1")] == ["answering"]
    await service.add_course("other")
    assert (await service.client.put(path, json={"course": "other"})).status_code == 409


async def test_a_person_lists_their_own_completions_and_a_key_those_of_its_departments(
    service: TrainingService,
) -> None:
    for number, department in (("E-1", "Support"), ("E-2", "Legal")):
        await service.add_person(number, department=department)
        await service.complete(number)
    ana = await service.as_person("E-1")
    limited = service.ask_as(
        Principal(id="key:few", scopes=frozenset({"training:read", "training:write"}), departments=frozenset({"Legal"}))
    )
    for client, number in ((ana, "E-1"), (limited, "E-2")):
        listed = (await client.get("/v1/completions")).json()["items"]
        assert [one["employee_number"] for one in listed] == [number]
    assert (await limited.get("/v1/completions", params={"employee_number": "E-1"})).status_code == 404
    body = HEADER + "E-1;X;2026-01-05;;LMS\nE-2;X;2026-01-05;;LMS\n"
    report = (await limited.post("/v1/completions/imports", content=body.encode(), headers=CSV)).json()
    assert (report["created"], report["rejected"]) == (1, 1)


async def test_what_is_no_file_of_completions_is_refused_whole(service: TrainingService) -> None:
    await service.add_person("E-1")
    for body in (b"", b"employee_number;source\n", HEADER.encode() + b'E-1;X;2026-01-05;;LMS\nE-1;"X', b"PK\x03\x04"):
        answer = await service.client.post("/v1/completions/imports", content=body, headers=CSV)
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (422, "not-a-completion-file")
    assert (await service.get("/v1/completions"))["items"] == []
