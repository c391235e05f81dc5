"""Two facts that together cause a third, in the same instant, on each kind of database."""

import asyncio
import random
from datetime import timedelta

from sqlalchemy import func, select
from sqlmodel import col

from services.training.domain.certification import changes, measures
from services.training.schemas.certificates import CertificateOut, Change
from services.training.tables import Certificate, State
from shared.clock import ShiftedClock
from shared.db import Database, Session
from shared.tables import outbox
from tests.conftest import DatabaseUrl
from tests.training.organisation import acknowledge, add_people, complete, define_tier

PEOPLE = 500
RACES = 20


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


async def test_a_suspension_and_a_renewal_in_the_same_instant_end_in_one_of_them(
    database_url: DatabaseUrl, clock: ShiftedClock
) -> None:
    db = Database(database_url("training"), clock)
    try:
        people = await add_people(db, RACES)
        await define_tier(db, policies=())
        for number in people:
            await db.write(complete, number)
        held = {row.person: row.id for row in await db.read(current)}
        clock.advance(timedelta(days=340))

        async def suspend(person: str) -> bool:
            try:
                await db.write(measures.suspend, held[person], "R", None)
            except measures.CertificateNotInForce:
                return False
            return True

        async def race(number: str, person: str) -> bool:
            suspended, _ = await asyncio.gather(suspend(person), db.write(complete, number))
            return suspended

        won = dict(zip(people.values(), await asyncio.gather(*(race(*one) for one in people.items())), strict=True))
        for row in await db.read(current):
            assert (row.id == held[row.person], row.state) == (
                (True, State.SUSPENDED) if won[row.person] else (False, State.HELD)
            ), "either it was suspended and not renewed, or renewed and the suspension was refused"
    finally:
        db.stop()


async def test_of_two_revocations_at_once_one_is_refused(database_url: DatabaseUrl, clock: ShiftedClock) -> None:
    db = Database(database_url("training"), clock)
    try:
        await add_people(db, RACES)
        await define_tier(db, policies=())
        for place in range(RACES):
            await db.write(complete, f"E-{place + 1}")
        ids = [row.id for row in await db.read(current)]
        units = [db.write(measures.revoke, one, "R", None) for one in [*ids, *ids]]
        answers = await asyncio.gather(*units, return_exceptions=True)

        refused = [answer for answer in answers if isinstance(answer, measures.CertificateNotInForce)]
        done = [answer.id for answer in answers if isinstance(answer, CertificateOut)]
        assert (sorted(done), len(refused)) == (sorted(ids), RACES)
        assert [one.change for one in (await db.read(changes.read, None, 200)).items].count(Change.REVOKED) == RACES
    finally:
        db.stop()


def current(session: Session) -> list[Certificate]:
    """Return the certificates that are not archived."""
    rows = session.execute(select(Certificate).where(col(Certificate.archived_at).is_(None))).scalars()
    return list(rows)
