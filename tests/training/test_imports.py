"""Files of people: read however they are written, planned as a whole, applied once, in chunks, by whoever goes on."""

import asyncio
import io
from collections.abc import Callable
from contextlib import closing
from functools import partial

import orjson
import pytest
from sqlalchemy import select

from services.training.domain.provisioning import (
    csv_files,
    import_columns,
    import_files,
    import_reports,
    imports,
)
from services.training.domain.provisioning.import_files import next_of
from services.training.domain.provisioning.imports import Asked, Step
from services.training.importing import go_on, run
from services.training.schemas.imports import Delimiter
from services.training.tables import PeopleImport
from shared.context import Context
from shared.db import Database, Session
from shared.tables import outbox
from tests.training.conftest import TrainingService
from tests.training.people_files import CSV, HEADER, person, planned, rows_of, send, upload


async def test_a_file_is_read_in_whatever_encoding_and_with_whatever_delimiter_it_comes(
    service: TrainingService,
) -> None:
    row = ["E-1", "Zoë Łukasz", "zoe@x.example", "Ärzte", "EMEA", "", "de"]
    ways = {
        ("utf-8", ","): ("utf-8", {}),
        ("utf-8-sig", ";"): ("utf-8", {}),
        ("utf-16", "\t"): ("utf-16", {}),
        ("utf-16-le", "|"): ("utf-16-le", {}),
        ("utf-16-be", "^"): ("utf-16-be", {}),
        ("windows-1250", ";"): ("windows-1250", {"encoding": "windows-1250"}),
        ("iso-8859-2", "|"): ("iso-8859-2", {"encoding": "iso-8859-2", "delimiter": "pipe"}),
    }
    for (encoding, sign), (said, query) in ways.items():
        text = "\r\n".join(sign.join(cells) for cells in (HEADER.strip().split(","), row))
        done = await upload(service, text.encode(encoding), **query)
        assert (done["encoding"], done["delimiter"], done["rejected"]) == (said, sign, 0), done
        assert (await service.get("/v1/people/E-1"))["name"] == "Zoë Łukasz"
    excel = "sep=;\r\n" + HEADER.replace(",", ";") + "E-1;Zoë;zoe@x.example;Ärzte;EMEA;;de\r\n"
    assert (await upload(service, excel.encode("windows-1252")))["encoding"] == "windows-1252"
    assert (await service.get("/v1/people/E-1"))["department"] == "Ärzte"


async def test_columns_are_mapped_in_the_request_or_by_a_mapping_that_is_kept(service: TrainingService) -> None:
    body = (
        "Personalnummer;Vorname Nachname;E-Mail;Abteilung;Region;Kostenstelle;Schuhgröße\n"
        "E-1;Ana Sá;ana@x.example;Support;EMEA;4711;38\n"
    )
    columns = {"Personalnummer": "employee_number", "Vorname Nachname": "name", "Abteilung": "department"}
    unmapped = await send(service, body)
    assert unmapped.status_code == 422
    assert "employee_number" in unmapped.json()["detail"]

    kept = await service.client.put("/v1/import-mappings/payroll", json={"columns": columns})
    assert kept.status_code == 200, kept.text
    query = {"mapping": "payroll", "column": "Kostenstelle:cost_centre"}
    done = await upload(service, body, **query)
    assert (done["created"], done["ignored_columns"]) == (1, ["Schuhgröße"])
    person = await service.get("/v1/people/E-1")
    assert (person["name"], person["cost_centre"], person["languages"]) == ("Ana Sá", "4711", [])

    assert (await send(service, body, mapping="none")).status_code == 404
    wrong = await send(service, body, column="Kostenstelle:shoe_size")
    assert wrong.json()["errors"][0]["pointer"] == "?column"
    absent = await send(service, body, **query, delimiter="comma")
    assert "mapped but not there" in absent.json()["detail"]
    tag = kept.headers["etag"]
    assert (await service.client.delete("/v1/import-mappings/payroll")).status_code == 204
    assert tag == '"1"'
    assert (await send(service, body, mapping="payroll")).status_code == 404


@pytest.mark.parametrize("delimiter", [*Delimiter, None])
async def test_a_mapping_keeps_how_files_are_delimited(service: TrainingService, delimiter: Delimiter | None) -> None:
    columns = {"Nummer": "employee_number", "Mail": "email", "Name": "name", "Abteilung": "department", "Ort": "region"}
    for expected in (delimiter, Delimiter.SEMICOLON, delimiter):
        mapping = {"columns": columns, "delimiter": expected}
        assert (await service.client.put("/v1/import-mappings/payroll", json=mapping)).status_code == 200
        assert (await service.get("/v1/import-mappings/payroll"))["delimiter"] == expected
    (listed,) = (await service.get("/v1/import-mappings"))["items"]
    assert (listed["delimiter"], listed["columns"]) == (delimiter, columns)
    sign = delimiter.sign if delimiter else ","
    file = "".join(sign.join(row) + "\n" for row in (columns, ("E-1", "ana@x.example", "Ana", "Support", "EMEA")))
    assert (await upload(service, file, mapping="payroll"))["created"] == 1


async def test_a_column_that_a_file_does_not_have_changes_nothing(service: TrainingService) -> None:
    await upload(
        service, HEADER + "E-1,Ana,ana@x.example,Support,EMEA,,pt;en\nE-2,Ben,ben@x.example,Support,EMEA,E-1,\n"
    )
    short = "employee_number,name,email,department,region\nE-2,Benjamin,ben@x.example,Support,EMEA\n"
    assert (await upload(service, short))["rows"][0]["detail"] == "name"
    assert (await service.get("/v1/people/E-2"))["manager"] == "E-1"
    cleared = await upload(service, HEADER + "E-2,Benjamin,ben@x.example,Support,EMEA,,\n")
    assert cleared["rows"][0]["detail"] == "manager"


async def test_all_or_nothing_applies_no_row_of_a_file_with_one_bad_row(service: TrainingService) -> None:
    rows = HEADER + "E-1,Ana,ana@x.example,Support,EMEA,,\nE-2,Ben,ben@x.example,Support,EMEA,E-404,\n"
    refused = await upload(service, rows, all_or_nothing=True)
    assert (refused["state"], refused["created"], refused["rejected"]) == ("refused", 1, 1)
    assert (await service.client.get("/v1/people/E-1")).status_code == 404
    done = await upload(service, rows.replace("E-404", "E-1"), all_or_nothing=True)
    assert (done["state"], done["created"]) == ("done", 2)


async def test_nobody_takes_a_name_from_a_file_that_is_applied_whole_or_not_at_all(service: TrainingService) -> None:
    row = await planned(service.db, HEADER + "E-1,Ana,ana@x.example,Support,EMEA,,\n", all_or_nothing=True)
    person = {"employee_number": "E-9", "name": "N", "email": "ana@x.example", "department": "D", "region": "R"}
    meanwhile = await service.client.post("/v1/people", json=person)
    assert (meanwhile.status_code, meanwhile.headers["retry-after"]) == (409, "5")
    second = await planned_until_it_waits(service.db, HEADER + "E-9,Ana,ana@x.example,Support,EMEA,,\n")

    await go_on(service.db, row.id, Context())
    await go_on(service.db, second.id, Context())
    assert [one["outcome"] for one in await rows_of(service.db, row)] == ["created"]
    assert [one["detail"] for one in await rows_of(service.db, second)] == ["user_name: E-1 has it already"]
    assert (await service.client.post("/v1/people", json={**person, "email": "n@x.example"})).status_code == 201


async def planned_until_it_waits(db: Database, body: str) -> PeopleImport:
    file = csv_files.read(io.BytesIO(body.encode()), None, None, partial(import_columns.known, mapping={}), 10_000)
    columns = import_columns.columns_of(file.header, {})
    row = await db.write(imports.begin, file, columns, Asked(dry_run=False, all_or_nothing=False))
    await db.write(imports.stage, row.serial, next_of(file.rows(), columns))
    await db.write(imports.received, row.id)
    while (step := await db.write(imports.step, row.id)) is Step.ON:
        pass
    assert step is Step.WAIT
    return row


async def test_a_user_name_taken_while_an_import_runs_is_a_rejected_row(service: TrainingService) -> None:
    body = f"{HEADER}E-2,Ben,ben@x.example,Support,EMEA,,en\nE-3,Cy,cy@x.example,Support,EMEA,E-2,en\n"
    row = await planned(service.db, body)
    await service.add_person("E-1", user_name="ben@x.example")

    await go_on(service.db, row.id, Context())
    assert [(one["employee_number"], one["detail"]) for one in await rows_of(service.db, row)] == [
        ("E-2", "user_name: E-1 has it already"),
        ("E-3", "manager: E-2 is not known"),
    ]


async def test_two_who_go_on_with_the_same_import_apply_each_row_once(
    open_database: Callable[[str], Database],
) -> None:
    db = open_database("training")
    body = HEADER + "".join(f"E-{n},N,e{n}@x.example,D,R,{f'E-{n // 3}' if n else ''},\n" for n in reversed(range(350)))
    row = await planned(db, body)

    await asyncio.gather(*(go_on(db, row.id, Context()) for _ in range(3)))

    assert {one["outcome"] for one in await rows_of(db, row)} == {"created"}
    assert await db.read(told_numbers) == sorted(f"E-{n}" for n in range(350))


def told_numbers(session: Session) -> list[str]:
    bodies = session.execute(select(outbox.c.body).where(outbox.c.type == "training.person.changed.v1")).scalars()
    return sorted(orjson.loads(body)["data"]["employee_number"] for body in bodies)


async def test_a_large_file_is_applied_in_the_background_and_can_be_watched(service: TrainingService) -> None:
    rows = "".join(f"E-{n},N,e{n}@x.example,D,R,,en\n" for n in range(imports.AT_ONCE))
    keyed = {**CSV, "Idempotency-Key": "large"}
    body = (HEADER + rows + "E-x,N,no-address,D,R,,en\n").encode()
    answer = await service.client.post("/v1/people/imports", content=body, headers=keyed)
    assert (answer.status_code, answer.json()["state"]) == (202, "planning")
    again = await service.client.post("/v1/people/imports", content=body, headers=keyed)
    assert (again.status_code, again.json()["id"]) == (202, answer.json()["id"])

    async with asyncio.timeout(60):
        while (job := await service.get(answer.headers["location"]))["finished_at"] is None:  # noqa: ASYNC110
            await asyncio.sleep(0.2)
    assert (job["state"], job["total"], job["created"], job["rejected"]) == ("done", 5001, 5000, 1)
    bad = await service.get(f"{answer.headers['location']}/rows", outcome="rejected")
    assert [(one["row"], one["employee_number"]) for one in bad["items"]] == [(5001, "E-x")]
    first = await service.get(f"{answer.headers['location']}/rows", limit=2)
    second = await service.get(f"{answer.headers['location']}/rows", limit=2, cursor=first["next_cursor"])
    assert [one["row"] for one in [*first["items"], *second["items"]]] == [1, 2, 3, 4]
    assert [one["id"] for one in (await service.get("/v1/people/imports"))["items"]] == [answer.json()["id"]]
    assert (await service.get("/v1/people/E-4999"))["active"]


async def test_an_import_that_its_request_left_behind_is_brought_to_its_end(service: TrainingService) -> None:
    row = await planned(service.db, HEADER + "E-1,Ana,ana@x.example,Support,EMEA,,\n", all_or_nothing=True)
    service.clock.advance(imports.LEFT * 2)

    async with asyncio.timeout(10):
        while (await service.get(f"/v1/imports/{row.id}"))["state"] != "done":  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert (await service.get("/v1/people/E-1"))["name"] == "Ana"


async def test_a_large_file_that_was_left_half_read_is_read_on_from_there_by_one_of_two(
    open_database: Callable[[str], Database],
) -> None:
    db = open_database("training")
    lines = [f'E-{n},"N\r\n{n}",e{n}@x.example,D{"é" * (n % 5)},R,,en\r\n' for n in range(350)]
    body = (HEADER + "".join(lines)).encode("utf-16")
    file = csv_files.read(io.BytesIO(body), None, None, partial(import_columns.known, mapping={}), 10_000)
    columns = import_columns.columns_of(file.header, {})
    row = await db.write(imports.begin, file, columns, Asked(dry_run=False, all_or_nothing=False))
    pieces = [body[start : start + 1021] for start in range(0, len(body), 1021)]
    for number, piece in enumerate(pieces):
        await db.write(import_files.keep_piece, row.serial, number, piece)
    await db.write(received_large, row.id)
    stale = await db.read(imports.waiting)
    assert stale is not None
    assert await db.write(imports.step, row.id) is Step.WAIT
    with closing(file.rows()) as rows:
        assert await db.write(imports.stage_next, row.id, next_of(rows, columns))
    fresh = await db.read(imports.waiting)
    assert fresh is not None
    assert (stale.cursor, fresh.cursor) == (0, 100)

    await asyncio.gather(run(db, stale), run(db, fresh))

    done = await db.read(import_reports.finish, row.id)
    assert (done.state, done.created, [one.row for one in done.rows]) == ("done", 350, list(range(1, 351)))
    assert await db.read(told_numbers) == sorted(f"E-{n}" for n in range(350))
    assert await db.read(import_files.piece, row.serial, 0) is None


def received_large(session: Session, import_id: str) -> None:
    session.get_one(PeopleImport, import_id).background = True
    imports.received(session, import_id)


async def test_a_leaver_is_back_under_the_same_number_or_a_new_one(service: TrainingService) -> None:
    await service.add_person("E-1")
    await service.certify("E-1")
    await service.client.patch("/v1/people/E-1", json={"active": False})
    assert (await service.status("E-1"))["certified"] is False

    stays = await upload(service, HEADER + "E-1,Person E-1,e-1@x.example,Support,EMEA,,\n")
    assert "left" in stays["rows"][0]["detail"]
    other = await upload(service, HEADER + "E-7,Somebody Else,e-1@x.example,Support,EMEA,,\n")
    assert other["rows"][0]["outcome"] == "rejected"
    back = await upload(service, HEADER + "E-7,Person E-1,e-1@x.example,Support,EMEA,,\n")
    assert (back["updated"], back["rows"][0]["detail"]) == (1, "active, employee_number")

    assert (await service.get("/v1/people/E-1"))["employee_number"] == "E-7"
    assert (await service.status("E-7"))["certified"] is True
    assert (await service.client.post("/v1/people", json=person("E-1"))).status_code == 409
    await service.client.patch("/v1/people/E-7", json={"active": False})
    again = HEADER.replace("languages", "active") + "E-7,Person E-1,e-1@x.example,Support,EMEA,,yes\n"
    assert (await upload(service, again))["updated"] == 1
    assert (await service.status("E-7"))["certified"] is True


async def test_whoever_has_no_employee_number_gets_one_of_ours_and_keeps_it(service: TrainingService) -> None:
    made = await service.client.post("/v1/people", json={**person("x"), "employee_number": None})
    assert made.json()["employee_number"] == "C-000001"
    rows = HEADER + ",Cy,cy@x.example,Support,EMEA,,\n,Di,di@x.example,Support,EMEA,,\n"
    assert (await upload(service, rows))["created"] == 2
    again = await upload(service, rows.replace("Di,", "Dina,"))
    assert [one["outcome"] for one in again["rows"]] == ["unchanged", "updated"]
    hired = await upload(service, HEADER + "E-9,Dina,di@x.example,Support,EMEA,,\n")
    assert hired["rows"][0]["detail"] == "employee_number"
    assert (await service.get("/v1/people/C-000003"))["employee_number"] == "E-9"
