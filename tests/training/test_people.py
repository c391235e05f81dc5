"""People come by API and by CSV, and leave."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from sqlalchemy.dialects import sqlite

from services.training.domain.provisioning import directory, people
from services.training.schemas.people import PersonIn, PersonOut
from shared.context import Principal
from shared.db import Database
from shared.pages import PageQuery
from shared.rendered import Rendered
from tests.conftest import Templates
from tests.training.conftest import TrainingService

HEADER = "employee_number,name,email,department,region,manager,languages\n"
CSV = {"Content-Type": "text/csv"}


async def upload(
    service: TrainingService, rows: str, *, dry_run: bool = False, header: str = HEADER
) -> dict[str, object]:
    query = {"dry_run": str(dry_run).lower()}
    answer = await service.client.post(
        "/v1/people/imports", content=(header + rows).encode(), headers=CSV, params=query
    )
    assert answer.status_code == 200, answer.text
    report: dict[str, object] = answer.json()
    return report


async def test_a_person_is_added_and_changed_and_the_others_are_told(service: TrainingService) -> None:
    boss = await service.add_person("E-1")
    await service.add_person("E-2", manager="E-1", languages=["pt", "en"])

    found = await service.client.get("/v1/people/E-2")
    assert found.json()["manager"] == "E-1"
    stale = {"If-Match": '"7"'}
    assert (await service.client.patch("/v1/people/E-2", json={"region": "APAC"}, headers=stale)).status_code == 412
    fresh = {"If-Match": found.headers["etag"]}
    changed = await service.client.patch("/v1/people/E-2", json={"region": "APAC", "manager": None}, headers=fresh)

    assert (changed.json()["region"], changed.json()["manager"]) == ("APAC", None)
    told = await service.told("training.person.changed.v1")
    assert [(one["employee_number"], one["region"], one["manager"]) for one in told] == [
        ("E-1", "EMEA", None),
        ("E-2", "EMEA", boss),
        ("E-2", "APAC", None),
    ]


async def test_people_are_found_by_a_part_of_what_they_are_called(service: TrainingService) -> None:
    await service.add_person("E-1", name="Özlem Müller", email="oe@x.example", department="Care")
    await service.add_person("E-2", name="Kim 100% Park", email="kim@x.example", department="Press")
    await service.add_person("E-3", name="Zoë/2 李", email="zoe@y.example", department="Care")

    async def found(q: str) -> list[str]:
        answer = await service.client.get("/v1/people", params={"q": q, "limit": 2})
        return [one["employee_number"] for one in answer.json()["items"]]

    asked = ("özlem", "MÜLL", "park", "0%", "%%", "_", "ë/2", "李", "王", "e-2", "Y.example", "care", "nobody")
    one, two, three = ["E-1"], ["E-2"], ["E-3"]
    wanted: tuple[list[str], ...] = (one, one, two, two, [], [], three, three, [], two, three, one + three, [])
    assert {q: await found(q) for q in asked} == dict(zip(asked, wanted, strict=True))
    narrowed = await service.client.get("/v1/people", params={"q": "x.example", "department": "Press"})
    assert [one["employee_number"] for one in narrowed.json()["items"]] == two
    assert (await service.client.get("/v1/people", params={"q": ""})).status_code == 422


async def test_people_are_read_by_their_numbers_at_once(service: TrainingService) -> None:
    for number in ("E-1", "E-2", "E-3"):
        await service.add_person(number, department="Care" if number == "E-3" else "Press")

    async def found(*numbers: str, **query: str) -> list[str]:
        answer = await service.client.get("/v1/people", params={"employee_number": numbers, **query})
        assert answer.status_code == 200, answer.text
        return [one["employee_number"] for one in answer.json()["items"]]

    assert await found("E-3", "E-1", "E-9", "E-1") == ["E-1", "E-3"]
    assert await found("E-3", "E-1", department="Care") == ["E-3"]
    too_many = {"employee_number": [f"E-{number}" for number in range(201)]}
    assert (await service.client.get("/v1/people", params=too_many)).status_code == 422


async def test_a_search_takes_small_letters_for_capital_ones_on_both_databases(
    open_database: Callable[[str], Database],
) -> None:
    db = open_database("training")
    await db.write(people.create, row_of(1, None).model_copy(update={"name": "ÖZLEM 100%"}))
    await db.write(people.create, row_of(2, None).model_copy(update={"name": "Ozlem"}))

    async def found(q: str) -> int:
        page = await db.read(directory.find, PageQuery(5, None), directory.Filter(q))
        return len(orjson.loads(page.body)["items"])

    assert [await found(q) for q in ("özlem 1", "ozlem", "0%", "%1")] == [1, 1, 1, 0]


async def test_a_person_reads_the_same_rendered_from_a_row_and_by_the_model(service: TrainingService) -> None:
    await service.add_person("E-1")
    odd = {
        "employee_number": "E-2",
        "name": 'Zoë "☃" \\ 😀',
        "email": "zoe@x.example",
        "department": "Ä/ß",
        "region": "EMEA",
        "manager": "E-1",
        "languages": ["pt", "zh-Hant"],
    }
    created = await service.client.post("/v1/people", json=odd)
    found = await service.client.get("/v1/people/E-2")
    assert (created.json(), created.headers["etag"]) == (found.json(), found.headers["etag"])

    left = await service.client.patch("/v1/people/E-2", json={"active": False})  # answered by the model
    assert left.json()["left_at"]
    limited = service.ask_as(Principal(id="key:1", scopes=frozenset({"people:read"}), departments=frozenset({"Ä/ß"})))
    for client in (service.client, limited):
        one = await client.get("/v1/people/E-2")
        some = await client.get("/v1/people", params={"active": "false"})
        assert [one.json()] == some.json()["items"] == [left.json()]
        assert PersonOut.model_validate_json(one.content).model_dump(mode="json") == one.json()
    assert [person["employee_number"] for person in (await limited.get("/v1/people")).json()["items"]] == ["E-2"]


async def test_a_change_that_changes_nothing_is_not_told(service: TrainingService) -> None:
    await service.add_person("E-1")
    await service.client.patch("/v1/people/E-1", json={"region": "EMEA"})

    assert len(await service.told("training.person.changed.v1")) == 1


async def test_a_taken_number_a_taken_user_name_and_an_unknown_manager_are_refused(service: TrainingService) -> None:
    await service.add_person("E-1")
    person = {"employee_number": "E-2", "name": "N", "email": "n@x.example", "department": "D", "region": "R"}

    taken = await service.client.post("/v1/people", json={**person, "employee_number": "E-1"})
    same_name = await service.client.post("/v1/people", json={**person, "email": "e-1@x.example"})
    stray = await service.client.post("/v1/people", json={**person, "manager": "E-9"})
    own = await service.client.patch("/v1/people/E-1", json={"manager": "E-1"})

    assert (taken.status_code, same_name.status_code) == (409, 409)
    assert [(answer.status_code, answer.json()["errors"][0]["pointer"]) for answer in (stray, own)] == [
        (422, "/manager")
    ] * 2


async def test_of_two_who_add_the_same_person_at_once_one_is_told_of_the_other(
    open_database: Callable[[str], Database],
) -> None:
    db = open_database("training")
    added = [db.write(people.create, row_of(1, None)) for _ in range(8)]

    outcomes = await asyncio.gather(*added, return_exceptions=True)

    assert sum(isinstance(one, Rendered) for one in outcomes) == 1
    assert sum(isinstance(one, people.PersonExists) for one in outcomes) == 7


async def test_an_import_applies_good_rows_and_reports_the_others(service: TrainingService) -> None:
    await service.add_person("E-1", name="Old Name")
    rows = (
        "E-3,Ana Sá,ana@x.example,Support,EMEA,E-2,pt;en\n"
        "E-2,Ben,ben@x.example,Support,EMEA,E-1,en\n"
        "E-1,New Name,e-1@x.example,Support,EMEA,,\n"
        "E-2,Again,again@x.example,Support,EMEA,,\n"
        "E-4,Cy,not-an-address,Support,EMEA,,\n"
        "E-5,Di,di@x.example,Support,EMEA,E-404,\n"
        "E-6,Ed,ben@x.example,Support,EMEA,,\n"
        "E-7,Fe,fe@x.example,Support,EMEA,E-8,\n"
        "E-8,Gi,gi@x.example,Support,EMEA,E-7,\n"
    )
    tried = await upload(service, rows, dry_run=True)
    assert (await service.client.get("/v1/people/E-2")).status_code == 404
    done = await upload(service, rows)

    assert {**tried, "dry_run": False} == done
    assert (done["created"], done["updated"], done["unchanged"], done["rejected"]) == (2, 1, 0, 6)
    assert isinstance(done["rows"], list)
    why = {row["row"]: row["detail"] for row in done["rows"] if row["outcome"] == "rejected"}
    assert {number: detail.split(":")[0] for number, detail in why.items()} == {
        4: "employee_number",
        5: "email",
        6: "manager",
        7: "user_name",
        8: "manager",
        9: "manager",
    }
    assert (await service.get("/v1/people/E-3"))["manager"] == "E-2"
    assert (await service.get("/v1/people/E-1"))["name"] == "New Name"
    again = await upload(service, rows)
    assert (again["unchanged"], again["rejected"]) == (3, 6)


async def test_an_address_too_long_for_a_user_name_needs_one_beside_it(service: TrainingService) -> None:
    body = {
        "employee_number": "E-1",
        "name": "N",
        "email": f"{'e' * 200}@x.example",
        "department": "D",
        "region": "R",
    }
    assert (await service.client.post("/v1/people", json=body)).status_code == 422
    assert (await service.client.post("/v1/people", json={**body, "user_name": "e"})).status_code == 201


@pytest.mark.parametrize("body", [b"\xff\xfe", b"name\nAna\n", (HEADER + '"').encode(), b""])
async def test_what_is_not_a_csv_file_of_people_is_refused(service: TrainingService, body: bytes) -> None:
    answer = await service.client.post("/v1/people/imports", content=body, headers=CSV)

    assert (answer.status_code, answer.json()["title"]) == (
        422,
        "The body is not a CSV file with the columns of people",
    )


async def test_a_row_with_too_many_cells_is_reported(service: TrainingService) -> None:
    done = await upload(service, "E-1,N,n@x.example,D,R,,en,what,is,this\n")

    assert done["rejected"] == 1


async def test_a_person_sees_themself_and_a_limited_key_sees_its_departments(service: TrainingService) -> None:
    await service.add_person("E-1")
    await service.add_person("E-2", department="Legal")
    ana = await service.as_person("E-1")
    limited = service.ask_as(
        Principal(id="key:few", scopes=frozenset({"people:read"}), departments=frozenset({"Legal"}))
    )

    for client, seen, hidden in ((ana, "E-1", "E-2"), (limited, "E-2", "E-1")):
        assert [one["employee_number"] for one in (await client.get("/v1/people")).json()["items"]] == [seen]
        assert (await client.get(f"/v1/people/{seen}")).status_code == 200
        assert (await client.get(f"/v1/people/{hidden}")).status_code == 404
    assert (await ana.patch("/v1/people/E-1", json={"department": "Legal"})).status_code == 403


async def test_a_limited_key_writes_only_people_of_its_departments(service: TrainingService) -> None:
    await service.add_person("E-1")
    scopes = frozenset({"people:read", "people:write"})
    limited = service.ask_as(Principal(id="key:few", scopes=scopes, departments=frozenset({"Legal"})))
    person = {"employee_number": "E-2", "name": "N", "email": "n@x.example", "region": "R"}
    rows = f"{HEADER}E-1,N,e-1@x.example,Legal,R,,\nE-3,N,e-3@x.example,Support,R,,\nE-4,N,e-4@x.example,Legal,R,,\n"

    assert (await limited.post("/v1/people", json={**person, "department": "Support"})).status_code == 403
    assert (await limited.post("/v1/people", json={**person, "department": "Legal"})).status_code == 201
    assert (await limited.patch("/v1/people/E-2", json={"department": "Support"})).status_code == 403
    report = (await limited.post("/v1/people/imports", content=rows, headers=CSV)).json()
    assert [row["outcome"] for row in report["rows"]] == ["rejected", "rejected", "created"]


async def test_null_is_refused_where_it_means_nothing(service: TrainingService) -> None:
    await service.add_person("E-1")

    assert (await service.client.patch("/v1/people/E-1", json={"name": None})).status_code == 422
    assert (await service.client.patch("/v1/certifications/responder", json={"validity_days": None})).status_code == 422


async def test_lists_come_in_pages(service: TrainingService) -> None:
    await upload(service, "".join(f"E-{n},N,e{n}@x.example,D,R,,en\n" for n in range(10, 35)))

    seen, cursor = [], None
    while True:
        page = await service.get("/v1/people", limit=10, **({"cursor": cursor} if cursor else {}))
        seen += [one["employee_number"] for one in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [f"E-{n}" for n in range(10, 35)]


def row_of(number: int, manager: int | None) -> PersonIn:
    boss = f"E-{manager}" if manager is not None else None
    email = f"e{number}@x.example"
    return PersonIn(employee_number=f"E-{number}", name="N", email=email, department="D", region="R", manager=boss)


@pytest.mark.parametrize("asked", [(), ("after",), ("active", "after")])
def test_a_page_of_people_is_read_in_order_and_sorts_nobody(
    asked: tuple[str, ...], templates: Templates, tmp_path: Path
) -> None:
    url = templates.copy("sqlite", "training", tmp_path)
    statement = str(directory.shown_if(asked).compile(dialect=sqlite.dialect()))
    with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        given = ["x"] * (statement.count("?") - 1)
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", [*given, 50])]
    assert not [step for step in plan if "ORDER BY" in step], plan
