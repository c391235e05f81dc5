"""A person whose data makes a sweep raise holds up nobody else, and is caught up with once it is put right."""

from datetime import timedelta

from sqlalchemy import text

from shared.db import Session
from tests.training.conftest import MODULES, TrainingService
from tests.training.courses import enrol

DAY = timedelta(days=1)
COLUMNS = (("certificates", "expires_at", "person"), ("enrolments", "due_at", "person"), ("people", "languages", "id"))


def damage(session: Session, person: str) -> dict[str, str]:
    """Break what is kept of a person, as a bad disk or a bad release would; return how it was."""
    before: dict[str, str] = {}
    for table, column, of in COLUMNS:
        mine = {"person": person}
        before[table] = session.execute(text(f"SELECT {column} FROM {table} WHERE {of} = :person"), mine).scalar_one()
        session.execute(text(f"UPDATE {table} SET {column} = 'damaged' WHERE {of} = :person"), mine)
    return before


def repair(session: Session, person: str, before: dict[str, str]) -> None:
    """Put it right."""
    for table, column, of in COLUMNS:
        session.execute(
            text(f"UPDATE {table} SET {column} = :was WHERE {of} = :person"),
            {"was": before[table], "person": person},
        )


async def told_of(service: TrainingService, event: str) -> set[str]:
    return {told["person"] for told in await service.told(event)}


async def aside(service: TrainingService) -> float:
    text_ = (await service.client.get("/metrics")).text
    return next(float(line.split()[-1]) for line in text_.splitlines() if line.startswith("shareload_set_aside "))


async def test_one_persons_damaged_data_holds_up_neither_expiry_nor_reminders_nor_rules(
    service: TrainingService,
) -> None:
    await service.post("/v1/courses", {"key": "refresher", "title": "Refresher"})
    await service.post("/v1/courses/refresher/versions", {"modules": MODULES, "due_days": 40})
    people = {number: await service.add_person(number) for number in ("E-1", "E-2", "E-3")}
    for number in people:
        await service.certify(number)
        await enrol(service.client, "refresher", employee_number=number)
    await service.advance()
    before = await service.db.write(damage, people["E-1"])
    rule = {"key": "all", "title": "All", "course": "refresher", "audience": {"departments": ["Support"]}}
    await service.post("/v1/enrolment-rules", rule)

    await service.advance(400 * DAY)
    others = {people["E-2"], people["E-3"]}
    overdue, expired = "training.enrolment.overdue.v1", "training.certificate.expired.v1"
    assert await told_of(service, expired) == others
    assert await told_of(service, overdue) == others
    assert await aside(service) >= 3

    await service.db.write(repair, people["E-1"], before)
    await service.advance(timedelta(minutes=2))
    assert await told_of(service, expired) == set(people.values())
    assert await told_of(service, overdue) == set(people.values())
    assert await aside(service) == 0
