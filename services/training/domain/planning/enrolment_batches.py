"""Putting people on a course by a list, with a report of what became of each."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from sqlmodel import col, select

from services.training.domain import access
from services.training.domain.learning import enrolments
from services.training.domain.teaching import courses
from services.training.schemas.assigning import BatchIn, BatchItem, BatchOut
from services.training.tables import Completion, Course, Person
from shared.db import Session
from shared.problems import NotFound

CHUNK = 25
"""People in one unit, so that nobody else's write waits for all of a list."""


def chunks(body: BatchIn) -> Iterator[list[str]]:
    """Yield the numbers of a list, a chunk at a time."""
    for start in range(0, len(body.employee_numbers), CHUNK):
        yield body.employee_numbers[start : start + CHUNK]


def apply(session: Session, body: BatchIn, numbers: Sequence[str]) -> list[BatchItem]:
    """Put some people of a list on the version in force; raises NotFound or NothingToLearn."""
    course = courses.load(session, body.course)
    if course.version == 0:
        raise enrolments.NothingToLearn(f"The course {course.key} has no version yet.")
    return [put_on(session, number, course, body.due_days) for number in numbers]


def report(items: list[BatchItem]) -> BatchOut:
    """Return what became of all of a list."""
    return BatchOut(enrolled=sum(item.outcome in {"enrolled", "resumed"} for item in items), items=items)


def put_on(session: Session, employee_number: str, course: Course, due_days: int | None) -> BatchItem:
    """Put one person on a course, unless they are on it, or have completed it."""
    person = known(session, employee_number)
    if person is None:
        return BatchItem(employee_number=employee_number, outcome="unknown", enrolment=None)
    there = enrolments.open_one(session, person.id, course.key)
    if there is not None and there.withdrawn_at is None:
        return BatchItem(employee_number=employee_number, outcome="already_enrolled", enrolment=there.id)
    completed = select(Completion.id).where(Completion.person == person.id, col(Completion.course) == course.key)
    if session.exec(completed).first() is not None:
        return BatchItem(employee_number=employee_number, outcome="already_completed", enrolment=None)
    due_at = session.now + timedelta(days=due_days) if due_days else None
    row = enrolments.enrol(session, person, course, due_at)
    outcome = "enrolled" if there is None else "resumed"
    return BatchItem.model_validate(
        {"employee_number": employee_number, "outcome": outcome, "enrolment": row.id if row else None}
    )


def known(session: Session, employee_number: str) -> Person | None:
    """Return a person who works here and whom the caller may reach."""
    try:
        person = access.get_person(session, employee_number, "training:write")
    except NotFound:
        return None
    return person if person.active else None
