"""What was learnt elsewhere: one by one, by CSV, and counted once somebody says what it stands for."""

import io
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.training.domain.learning import completion_files
from services.training.domain.learning.completion_files import NotACompletionFile
from services.training.domain.provisioning import csv_files
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


GOOD = HEADER + "E-1;X;2026-01-05;;LMS\n"
BROKEN: dict[str, bytes] = {
    "empty": b"",
    "only blanks": b" \n" * 20,
    "a mark only": b"\xff\xfe",
    "one column": b"employee_number\nE-1\n",
    "no header": GOOD.removeprefix(HEADER).encode(),
    "no person": GOOD.replace("employee_number", "who").encode(),
    "no course": GOOD.replace("external_course", "what").encode(),
    "no moment": GOOD.replace("completed_at", "when").encode(),
    "no source": GOOD.replace("source", "from").encode(),
    "a column twice": GOOD.replace("score", "source").encode(),
    "header cut": HEADER[:30].encode(),
    "a quote that never ends": GOOD.encode() + b'E-1;"X;2026-01-05;;LMS\n',
    "text after a quote": GOOD.encode() + b'E-1;"X"Y;2026-01-05;;LMS\n',
    "a cell without end": GOOD.encode() + b"E-1;" + b"x" * 140_000 + b";2026-01-05;;LMS\n",
    "NUL": GOOD.replace("LMS", "L\x00S").encode(),
    "a spreadsheet": b"PK\x03\x04" + bytes(range(256)),
    "an old spreadsheet": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500),
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4,
    "HTML": b"<!doctype html><title>Sign in</title>",
    "JSON": b'{"completions": []}',
    "half UTF-16": GOOD.encode("utf-16")[:41],
}


async def test_what_is_no_file_of_completions_is_refused_whole(service: TrainingService) -> None:
    await service.add_person("E-1")
    for kind, body in BROKEN.items():
        answer = await service.client.post("/v1/completions/imports", content=body, headers=CSV)
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (422, "not-a-completion-file"), kind
    assert (await service.get("/v1/completions"))["items"] == []


@given(changes=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 20), st.binary(max_size=6)), max_size=4))
@settings(max_examples=200, deadline=None)
def test_a_file_of_completions_with_any_bytes_changed_is_read_or_refused(
    changes: list[tuple[int, int, bytes]],
) -> None:
    body = bytearray((HEADER + "E-1;X;2026-01-05;7;LMS\n" * 30).encode())
    for at, cut, put in changes:
        start = at % len(body)
        body[start : start + cut] = put
    try:
        file = csv_files.read(io.BytesIO(body), None, None, completion_files.known, 100, NotACompletionFile)
        columns = completion_files.columns_of(file.header)
    except NotACompletionFile:
        return
    rows = [completion_files.row_of(number, cells, columns) for number, cells in file.rows()]
    assert len(rows) == file.count
    assert all(row.why for row in rows if row.body is None)


async def test_a_path_goes_on_with_what_a_file_or_a_mapping_says_was_learnt(service: TrainingService) -> None:
    await service.add_person("E-1")
    for key in ("second", "third"):
        await service.add_course(key)
    steps = [{"course": key} for key in ("answering", "second", "third")]
    await service.post("/v1/learning-paths", {"key": "start", "title": "Your start", "steps": steps})
    await service.post("/v1/learning-paths/start/people", {"employee_number": "E-1"})
    await service.advance()

    async def asked() -> list[str]:
        await service.advance()
        (path,) = (await service.get("/v1/people/E-1/learning-paths"))["items"]
        return [step["state"] for step in path["steps"]]

    await send(service, HEADER + "E-1;Replies/101;2026-01-05;0.9;LMS\n")
    assert await asked() == ["open", "waiting", "waiting"]
    mapped = await service.client.put("/v1/external-courses/Replies%2F101", json={"course": "answering"})
    assert mapped.status_code == 200, mapped.text
    assert await asked() == ["done", "open", "waiting"]
    await send(service, "employee_number;course;completed_at;source\nE-1;second;2026-01-06;LMS\n")
    assert await asked() == ["done", "done", "open"]
