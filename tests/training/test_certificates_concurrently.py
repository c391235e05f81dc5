"""Two facts that together cause a third, in the same instant, on each kind of database."""

import asyncio
import random

from sqlalchemy import func, select
from sqlmodel import col

from services.training.domain import changes
from services.training.tables import Certificate
from shared.clock import ShiftedClock
from shared.db import Database, Session
from shared.tables import outbox
from tests.conftest import DatabaseUrl
from tests.training.organisation import acknowledge, add_people, complete, define_tier

PEOPLE = 500


def certificates_by_person(session: Session) -> dict[str, int]:
    rows = session.execute(select(col(Certificate.person), func.count()).group_by(col(Certificate.person)))
    return dict(rows.all())


def issued_events(session: Session) -> int:
    told = select(func.count()).where(outbox.c.type == "training.certificate.issued.v1")
    return int(session.execute(told).scalar_one())


async def test_a_course_pass_and_an_acknowledgement_in_the_same_instant_issue_one_certificate_each_of_500_times(
    database_url: DatabaseUrl, clock: ShiftedClock
) -> None:
    url = database_url("training")
    first = Database(url, clock)
    # SQLite has one writing process; on PostgreSQL the two facts come through two processes' pools.
    second = first if first.dialect == "sqlite" else Database(url, clock)
    try:
        people = await add_people(first, PEOPLE)
        await define_tier(first)

        async def both(number: str, person: str) -> None:
            facts = [first.write(complete, number), second.write(acknowledge, person)]
            random.shuffle(facts)
            await asyncio.gather(*facts)

        await asyncio.gather(*(both(number, person) for number, person in people.items()))

        held = await first.read(certificates_by_person)
        assert held == dict.fromkeys(people.values(), 1)
        assert await first.read(issued_events) == PEOPLE
        cursor, heard = None, []
        while page := (await first.read(changes.read, cursor, 200)).items:
            heard += page
            cursor = page[-1].cursor
        assert sorted(change.employee_number for change in heard) == sorted(people)
    finally:
        first.stop()
        second.stop()


async def test_the_same_fact_told_many_times_at_once_issues_one_certificate(
    database_url: DatabaseUrl, clock: ShiftedClock
) -> None:
    db = Database(database_url("training"), clock)
    try:
        people = await add_people(db, 1)
        await define_tier(db)
        await db.write(complete, "E-1")

        await asyncio.gather(*(db.write(acknowledge, people["E-1"]) for _ in range(50)))

        assert await db.read(certificates_by_person) == {people["E-1"]: 1}
        assert await db.read(issued_events) == 1
    finally:
        db.stop()
