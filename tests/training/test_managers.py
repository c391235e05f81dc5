"""Who reports to whom by a file: managers before their people, and no circles."""

import asyncio
from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from services.training.domain.provisioning import (
    imports,
    people,
)
from services.training.domain.provisioning.hierarchy import NotManaged
from services.training.importing import go_on
from services.training.schemas.people import PersonIn, PersonPatch
from services.training.tables import PeopleImportRow, metadata
from shared.context import Context
from shared.db import Database, Session
from tests.training.conftest import TrainingService
from tests.training.people_files import HEADER, planned, rows_of, upload


async def test_managers_in_a_circle_are_refused_however_the_circle_closes(service: TrainingService) -> None:
    for number, manager in (("E-1", None), ("E-2", "E-1"), ("E-3", "E-2"), ("E-4", "E-3")):
        await service.add_person(number, manager=manager)
    closed = await service.client.patch("/v1/people/E-1", json={"manager": "E-4"})
    assert (closed.status_code, closed.json()["errors"][0]["pointer"]) == (422, "/manager")

    def row(number: str, manager: str) -> str:
        return f"{number},Person {number},{number.lower()}@x.example,Support,EMEA,{manager},\n"

    by_file = await upload(service, HEADER + row("E-1", "E-4"))
    assert by_file["rows"][0]["detail"] == "manager: E-4 reports to this person"
    # E-4 is not in the file, but stands below E-2 in it.
    through = await upload(service, HEADER + row("E-1", "E-4") + row("E-2", "E-1"), dry_run=True)
    assert [one["outcome"] for one in through["rows"]] == ["rejected", "rejected"]
    # The same move is no circle when the file frees E-4 first.
    freed = await upload(service, HEADER + row("E-1", "E-4") + row("E-4", ""))
    assert (freed["rejected"], (await service.get("/v1/people/E-1"))["manager"]) == (0, "E-4")


async def test_of_two_who_would_close_a_circle_together_one_is_refused(
    open_database: Callable[[str], Database],
) -> None:
    db = open_database("training")
    for number in ("E-1", "E-2", "E-3"):
        body = PersonIn(employee_number=number, name="N", email=f"{number}@x.example", department="D", region="R")
        await db.write(people.create, body)
    moves = [("E-1", "E-2"), ("E-2", "E-3"), ("E-3", "E-1")]
    changes = [db.write(people.change, number, PersonPatch(manager=manager), None) for number, manager in moves]

    outcomes = await asyncio.gather(*changes, return_exceptions=True)

    assert sum(isinstance(one, NotManaged) for one in outcomes) == 1


async def test_a_file_that_closes_a_circle_with_others_is_refused_when_planned_and_when_applied(
    open_database: Callable[[str], Database],
) -> None:
    db = open_database("training")
    for number, manager in (("E-1", None), ("E-2", "E-1"), ("E-3", None)):
        body = PersonIn(
            employee_number=number, name="N", email=f"{number}@x.example", department="D", region="R", manager=manager
        )
        await db.write(people.create, body)
    rows = HEADER + "E-1,N,E-1@x.example,D,R,E-2,\nE-3,N,E-3@x.example,D,R,E-2,\n"
    row = await planned(db, rows)
    await db.write(people.change, "E-2", PersonPatch(manager="E-3"), None)

    await go_on(db, row.id, Context())

    assert [one["detail"] for one in await rows_of(db, row)] == [
        "manager: E-2 reports to this person",
        "manager: E-2 reports to this person",
    ]


PEOPLE = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 16) | st.none()), unique_by=lambda pair: pair[0], max_size=13
)


@given(PEOPLE, st.sets(st.integers(10, 16)))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rows_are_applied_after_their_managers_and_none_is_forgotten(
    open_sqlite: Database, pairs: list[tuple[int, int | None]], known: set[int]
) -> None:
    asyncio.run(check_order(open_sqlite, pairs, known))


async def check_order(db: Database, pairs: list[tuple[int, int | None]], known: set[int]) -> None:
    """Plan a file against an organisation and compare the order with what may come when."""
    await db.write(replace_people, known)
    rows = "".join(
        f"E-{number},N,e{number}@x.example,D,R,{'' if manager is None else f'E-{manager}'},\n"
        for number, manager in pairs
    )
    row = await planned(db, HEADER + rows)
    staged = await db.read(staged_rows, row.serial)

    assert len(staged) == len(pairs)
    there = {f"E-{number}" for number in known} - {one.employee_number for one in staged}
    for one in sorted((one for one in staged if one.place is not None), key=lambda one: one.place or 0):
        assert one.manager is None or one.manager in there
        there.add(str(one.employee_number))
    for one in staged:
        assert one.place is not None or one.manager not in there
    await db.write(imports.fail, row.id, "only planned")


def replace_people(session: Session, known: set[int]) -> None:
    table = metadata.tables["people"]
    session.execute(table.delete())
    if known:
        made = [
            {**people.ABSENT, "id": f"id-{n}", "employee_number": f"E-{n}", "user_name": f"e{n}@x.example", "name": "N"}
            | {"email": f"e{n}@x.example", "created_at": session.now}
            for n in known
        ]
        session.execute(table.insert(), made)


def staged_rows(session: Session, serial: int) -> list[PeopleImportRow]:
    rows = session.execute(select(PeopleImportRow).where(PeopleImportRow.serial == serial)).scalars().all()  # type: ignore[arg-type]
    session.expunge_all()
    return list(rows)
