"""More time for those who need it: one factor a person, which every timed quiz applies. Told to no other service."""

from sqlmodel import col, select

from services.training.domain import access
from services.training.domain.learning.sitting_times import give_time
from services.training.schemas.accommodations import AccommodationIn, AccommodationOut
from services.training.tables import Accommodation, Attempt, Enrolment, Person
from shared.conditions import expect
from shared.db import Session
from shared.evidence import record

RIGHTS = ("training:write", "people:write")
NO_MORE = 1.0


def factor(session: Session, person: str) -> float:
    """Return how many times as long a person has."""
    row = session.get(Accommodation, person)
    return row.time_factor if row is not None else NO_MORE


def get(session: Session, employee_number: str) -> AccommodationOut:
    """Return a person's factor, to themself and to those who may set it; raises NotFound."""
    person = reach(session, employee_number)
    return out(person, session.get(Accommodation, person.id))


def put(session: Session, employee_number: str, body: AccommodationIn, if_match: int | None) -> AccommodationOut:
    """Set a person's factor, also for sittings that are open, which it never shortens.

    Raises NotFound, OwnMatter or Stale.
    """
    person = reach(session, employee_number)
    access.refuse_own(session, person.id)
    session.refresh(person, with_for_update=True)
    row = session.get(Accommodation, person.id)
    expect(row.revision if row else 0, if_match)
    if body.time_factor == (row.time_factor if row else NO_MORE):
        return out(person, row)
    if row is None:
        row = Accommodation(person=person.id, time_factor=body.time_factor, changed_at=session.now)
    else:
        row.time_factor, row.changed_at = body.time_factor, session.now
        row.revision += 1
    session.add(row)
    lengthen(session, person.id, body.time_factor)
    record(session, "accommodation.set", f"accommodation/{person.id}", person=person.id)
    return out(person, row)


def lengthen(session: Session, person: str, time_factor: float) -> None:
    """Give the timed sittings that a person has open as much more time."""
    lock = select(Enrolment).where(Enrolment.person == person, col(Enrolment.completed_at).is_(None))
    locked = [row.id for row in session.exec(lock.order_by(Enrolment.id).with_for_update())]
    still = select(Attempt).where(col(Attempt.enrolment).in_(locked), col(Attempt.submitted_at).is_(None))
    for row in session.exec(still.where(col(Attempt.closes_at) > session.now, Attempt.time_factor < time_factor)):
        give_time(row, time_factor)
        session.add(row)


def reach(session: Session, employee_number: str) -> Person:
    """Return a person whose factor the caller may know; raises NotFound."""
    caller = session.context.caller
    held = [scope for scope in RIGHTS if caller is not None and caller.has(scope)]
    return access.get_person(session, employee_number, held[0] if held else RIGHTS[0])


def out(person: Person, row: Accommodation | None) -> AccommodationOut:
    """Return a person's factor as clients see it; revision 0 stands for one that was never set."""
    return AccommodationOut(
        employee_number=person.employee_number,
        time_factor=row.time_factor if row else NO_MORE,
        revision=row.revision if row else 0,
    )
