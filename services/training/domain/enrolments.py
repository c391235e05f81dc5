"""Enrolments: a person works through one version of a course until all its modules are done."""

from sqlmodel import col, select

from services.training.domain import access, completions, courses
from services.training.schemas.courses import Lesson, ModuleOut
from services.training.schemas.enrolments import EnrolmentIn, EnrolmentOut, ModuleProgress
from services.training.schemas.quizzes import Quiz
from services.training.tables import Attempt, Enrolment, LessonRead, Person
from shared.db import Session, insert
from shared.events.training import EnrolmentCreatedV1
from shared.evidence import record
from shared.outbox import tell
from shared.pages import Page, PageQuery, encode_cursor
from shared.problems import Conflict, NotFound


class AlreadyEnrolled(Conflict):
    """The person is on this course and has not completed it yet."""


class NothingToLearn(Conflict):
    """The course has no version in force yet."""


class CourseDone(Conflict):
    """The course was completed with this enrolment; enrol again to renew."""


def create(session: Session, body: EnrolmentIn) -> EnrolmentOut:
    """Put a person on the version in force; raises NotFound, NothingToLearn or AlreadyEnrolled."""
    person = access.acting(session, body.employee_number, "training:write")
    course = courses.load(session, body.course)
    if course.version == 0:
        raise NothingToLearn(f"The course {course.key} has no version yet.")
    row = Enrolment(person=person.id, course=course.key, version=course.version, created_at=session.now)
    new = insert(session, Enrolment.__table__).values(row.model_dump()).on_conflict_do_nothing()  # type: ignore[attr-defined]
    if session.execute(new.returning(col(Enrolment.id))).first() is None:
        raise AlreadyEnrolled(f"{person.employee_number} is on the course {course.key} already.")
    tell(session, told(row))
    record(session, "enrolment.created", f"enrolment/{row.id}", person=person.id)
    return out(session, row, person)


def told(row: Enrolment) -> EnrolmentCreatedV1:
    """Return what is told of an enrolment."""
    return EnrolmentCreatedV1(**row.model_dump(include=set(EnrolmentCreatedV1.model_fields)))


def get(session: Session, enrolment: str) -> EnrolmentOut:
    """Return an enrolment with how far it is; raises NotFound."""
    row, person = load(session, enrolment, "training:read")
    return out(session, row, person)


def find(
    session: Session, paging: PageQuery, employee_number: str | None, course: str | None, *, completed: bool | None
) -> Page[EnrolmentOut]:
    """List enrolments, newest last, without their modules."""
    query = (
        select(Enrolment, Person)
        .join(Person, col(Person.id) == col(Enrolment.person))
        .where(*access.limits(session, "training:read"))
    )
    if employee_number is not None:
        query = query.where(Person.employee_number == employee_number)
    if course is not None:
        query = query.where(Enrolment.course == course)
    if completed is not None:
        query = query.where(
            col(Enrolment.completed_at).is_not(None) if completed else col(Enrolment.completed_at).is_(None)
        )
    if paging.after is not None:
        query = query.where(Enrolment.id > paging.after)
    rows = session.exec(query.order_by(Enrolment.id).limit(paging.limit + 1)).all()
    items = [summary(row, person) for row, person in rows[: paging.limit]]
    return Page(items=items, next_cursor=encode_cursor(items[-1].id) if len(rows) > paging.limit else None)


def read_lesson(session: Session, enrolment: str, module: str) -> EnrolmentOut:
    """Note that a lesson was read; reading it again changes nothing. Raises NotFound."""
    row, person = take(session, enrolment)
    if not any(
        isinstance(one, Lesson) and one.key == module for one in courses.modules_of(session, row.course, row.version)
    ):
        raise NotFound(f"The course has no lesson {module}.")
    read = insert(session, LessonRead.__table__).values(enrolment=row.id, module=module, read_at=session.now)  # type: ignore[attr-defined]
    session.execute(read.on_conflict_do_nothing())
    complete_if_done(session, row)
    return out(session, row, person)


def complete_if_done(session: Session, row: Enrolment) -> None:
    """Complete the course when its last module is done; the caller holds the enrolment's lock."""
    if row.completed_at is None and all(module.done for module in progress(session, row)):
        row.completed_at = session.now
        session.add(row)
        session.flush()
        completions.complete_here(session, row)


def take(session: Session, enrolment: str) -> tuple[Enrolment, Person]:
    """Return an enrolment for a change, locked, so that of two last modules one sees the other.

    Raises NotFound, or LearningForAnother.
    """
    row, person = load(session, enrolment, "training:write")
    access.refuse_proxy(session, person.id)
    session.refresh(row, with_for_update=True)
    return row, person


def load(session: Session, enrolment: str, scope: str) -> tuple[Enrolment, Person]:
    """Return an enrolment that the caller may reach, with its person; raises NotFound."""
    found = session.exec(
        select(Enrolment, Person)
        .join(Person, col(Person.id) == col(Enrolment.person))
        .where(Enrolment.id == enrolment, *access.limits(session, scope))
    ).first()
    if found is None:
        raise NotFound("There is no such enrolment, or it is someone else's.")
    return found


def progress(session: Session, row: Enrolment) -> list[ModuleProgress]:
    """Return the modules of an enrolment: which are done, and which quiz has an open sitting."""
    read = set(session.exec(select(LessonRead.module).where(LessonRead.enrolment == row.id)))
    sat = session.exec(
        select(Attempt.module, Attempt.id, Attempt.submitted_at, Attempt.passed).where(Attempt.enrolment == row.id)
    ).all()
    passed = {module for module, _, _, passed in sat if passed}
    open_now = {module: attempt for module, attempt, submitted_at, _ in sat if submitted_at is None}

    def of(module: Lesson | Quiz) -> ModuleProgress:
        done = module.key in (read if isinstance(module, Lesson) else passed)
        return ModuleProgress(**ModuleOut.of(module).model_dump(), done=done, open_attempt=open_now.get(module.key))

    return [of(module) for module in courses.modules_of(session, row.course, row.version)]


def out(session: Session, row: Enrolment, person: Person) -> EnrolmentOut:
    """Return an enrolment as clients see it."""
    return summary(row, person).model_copy(update={"modules": progress(session, row)})


def summary(row: Enrolment, person: Person) -> EnrolmentOut:
    """Return an enrolment without its modules."""
    return EnrolmentOut.model_validate({**row.model_dump(), "employee_number": person.employee_number})
