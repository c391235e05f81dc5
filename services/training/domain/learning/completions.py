"""Completions: that a person has learnt something, here or elsewhere, and what it makes due."""

from sqlmodel import col, select

from services.training.domain import access
from services.training.domain.certification import decisions
from services.training.domain.planning import occasions
from services.training.domain.teaching import courses
from services.training.schemas.enrolments import CompletionIn, CompletionOut
from services.training.tables import Completion, Enrolment, ExternalCourse, Person
from shared.db import Session, insert
from shared.events.training import CourseCompletedV1
from shared.evidence import record
from shared.outbox import tell
from shared.pages import Page, PageQuery, encode_cursor
from shared.problems import FieldError, Invalid

HERE = "shareload"


class NotACompletion(Invalid):
    """The completion does not say what was learnt, or lies in the future."""


def add(session: Session, body: CompletionIn) -> CompletionOut:
    """Record what a person learnt elsewhere; the same again changes nothing.

    Raises NotFound, OwnMatter or NotACompletion.
    """
    if (body.course is None) == (body.external_course is None):
        raise NotACompletion(
            errors=[FieldError(pointer="/course", detail="Name either a course or an external_course.")]
        )
    if body.completed_at > session.now:
        raise NotACompletion(errors=[FieldError(pointer="/completed_at", detail="lies in the future")])
    person = access.get_person(session, body.employee_number, "training:write")
    access.refuse_own(session, person.id)
    course = body.course
    if course is not None:
        courses.load(session, course)
    elif body.external_course is not None:
        course = session.exec(select(ExternalCourse.course).where(ExternalCourse.name == body.external_course)).first()
    row = Completion(
        **body.model_dump(exclude={"employee_number", "course"}),
        person=person.id,
        course=course,
        learnt=learnt(body.course, body.external_course),
        recorded_at=session.now,
    )
    return out(keep(session, row), person)


def find(
    session: Session, paging: PageQuery, employee_number: str | None, course: str | None, external_course: str | None
) -> Page[CompletionOut]:
    """List the completions that the caller may see, the oldest first."""
    query = (
        select(Completion, Person)
        .join(Person, col(Person.id) == col(Completion.person))
        .where(*access.limits(session, "training:read"))
    )
    if employee_number is not None:
        query = query.where(Person.id == access.get_person(session, employee_number, "training:read").id)
    for column, value in ((Completion.course, course), (Completion.external_course, external_course)):
        if value is not None:
            query = query.where(col(column) == value)
    if paging.after is not None:
        query = query.where(Completion.id > paging.after)
    rows = session.exec(query.order_by(Completion.id).limit(paging.limit + 1)).all()
    items = [out(row, person) for row, person in rows[: paging.limit]]
    return Page(items=items, next_cursor=encode_cursor(items[-1].id) if len(rows) > paging.limit else None)


def complete_here(session: Session, enrolment: Enrolment) -> None:
    """Record that an enrolment came to its end."""
    row = Completion(
        person=enrolment.person,
        learnt=learnt(enrolment.course, None),
        course=enrolment.course,
        version=enrolment.version,
        completed_at=session.now,
        source=HERE,
        evidence=f"enrolment/{enrolment.id}",
        recorded_at=session.now,
    )
    keep(session, row)


def keep(session: Session, row: Completion) -> Completion:
    """Write a completion unless it is known; tell of it and issue what it makes due. Returns what is kept."""
    new = insert(session, Completion.__table__).values(row.model_dump()).on_conflict_do_nothing()  # type: ignore[attr-defined]
    if session.execute(new.returning(col(Completion.id))).first() is None:
        same = (Completion.person == row.person, Completion.learnt == row.learnt, Completion.source == row.source)
        return session.exec(select(Completion).where(*same, Completion.completed_at == row.completed_at)).one()
    if row.course is not None:
        tell(session, told(row))
        decisions.decide(session, {row.person: None})
        occasions.later(session, [row.person], occasions.GO_ON)
    record(session, "course.completed", f"completion/{row.id}", person=row.person)
    return row


def told(row: Completion) -> CourseCompletedV1:
    """Return what is told of the completion of a course of ours."""
    return CourseCompletedV1(**row.model_dump(include=set(CourseCompletedV1.model_fields)))


def snapshot(session: Session, after: str | None, limit: int) -> list[CourseCompletedV1]:
    """Return what is told of completions with an id after `after`."""
    query = select(Completion).where(col(Completion.course).is_not(None), Completion.id > (after or ""))
    return [told(row) for row in session.exec(query.order_by(Completion.id).limit(limit))]


def learnt(course: str | None, external_course: str | None) -> str:
    """Name what was learnt, so that the same completion is known again."""
    return f"course:{course}" if course is not None else f"external:{external_course}"


def out(row: Completion, person: Person) -> CompletionOut:
    """Return a completion as clients see it."""
    return CompletionOut.model_validate({**row.model_dump(), "employee_number": person.employee_number})
