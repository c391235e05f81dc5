"""Enrolments: a person works through one version of a course until all its modules are done."""

from datetime import datetime, timedelta

from sqlmodel import col, select

from services.training.domain import access
from services.training.domain.learning import completions, progress
from services.training.domain.planning import offers, reminders
from services.training.domain.relearning import delta_queue
from services.training.domain.teaching import courses, wording
from services.training.schemas.courses import CourseVersionOut
from services.training.schemas.enrolments import EnrolmentIn, EnrolmentOut, ModuleProgress, PositionIn
from services.training.tables import Course, Enrolment, ModuleDone, Person
from shared.db import Session, insert
from shared.events.training import EnrolmentCreatedV1, EnrolmentResumedV1, EnrolmentWithdrawnV1
from shared.evidence import digest_of, record
from shared.outbox import tell
from shared.pages import Page, PageQuery, encode_cursor
from shared.problems import Conflict, NotFound


class AlreadyEnrolled(Conflict):
    """The person is on this course and has not completed it yet."""


class NothingToLearn(Conflict):
    """The course has no version in force yet."""


class CourseDone(Conflict):
    """The course was completed with this enrolment; enrol again to renew."""


class ModuleLocked(Conflict):
    """The module cannot be begun yet; what has to come first is said."""


def create(session: Session, body: EnrolmentIn) -> EnrolmentOut:
    """Put a person on the version in force; raises NotFound, NothingToLearn, AlreadyEnrolled or CourseNotOffered."""
    person = access.acting(session, body.employee_number, "training:write")
    course = courses.load(session, body.course)
    offers.refuse_unless_offered(session, person, course)
    row = enrol(session, person, course)
    if row is None:
        raise AlreadyEnrolled(f"{person.employee_number} is on the course {body.course} already.")
    return out(session, row, person)


def enrol(
    session: Session, person: Person, course: Course, due_at: datetime | None = None, rule: str | None = None
) -> Enrolment | None:
    """Put a person on the version in force, or back on one that was withdrawn; None when they are on the course already.

    Without `due_at`, the course says by when. Raises NothingToLearn.
    """
    if course.version == 0:
        raise NothingToLearn(f"The course {course.key} has no version yet.")
    days = courses.version_of(session, course.key, course.version).due_days
    if due_at is None and days:
        due_at = session.now + timedelta(days=days)
    row = Enrolment(
        person=person.id,
        course=course.key,
        version=course.version,
        created_at=session.now,
        due_at=due_at,
        rule=rule,
    )
    reminders.wind(row, session.now)
    new = insert(session, Enrolment.__table__).values(row.model_dump()).on_conflict_do_nothing()  # type: ignore[attr-defined]
    if session.execute(new.returning(col(Enrolment.id))).first() is None:
        return resume(session, person.id, course.key, due_at, rule)
    tell(session, told(row))
    record(session, "enrolment.created", f"enrolment/{row.id}", person=person.id)
    return row


def resume(session: Session, person: str, course: str, due_at: datetime | None, rule: str | None) -> Enrolment | None:
    """Ask of a person again what was withdrawn; None where nothing was."""
    row = open_one(session, person, course)
    if row is None or row.withdrawn_at is None:
        return None
    row.withdrawn_at, row.due_at, row.rule = None, due_at, rule
    reminders.wind(row, session.now)
    session.add(row)
    session.flush()
    tell(session, EnrolmentResumedV1(id=row.id, person=person, course=course, due_at=due_at))
    record(session, "enrolment.resumed", f"enrolment/{row.id}", person=person)
    return row


def withdraw(session: Session, row: Enrolment) -> None:
    """Ask a course of a person no more; what is done stays done, and who goes on with it may."""
    row.withdrawn_at = session.now
    row.next_turn_at = None
    session.add(row)
    session.flush()
    tell(session, EnrolmentWithdrawnV1(id=row.id, person=row.person, course=row.course, due_at=row.due_at))
    record(session, "enrolment.withdrawn", f"enrolment/{row.id}", person=row.person)


def ask_sooner(session: Session, row: Enrolment, due_at: datetime) -> None:
    """Let an enrolment be due earlier than it is."""
    row.due_at = due_at
    row.next_turn_at = reminders.next_at(row)
    session.add(row)
    record(session, "enrolment.due_changed", f"enrolment/{row.id}", person=row.person)


def open_one(session: Session, person: str, course: str) -> Enrolment | None:
    """Return a person's enrolment on a course that is not completed, locked, withdrawn or not."""
    query = select(Enrolment).where(
        Enrolment.person == person, Enrolment.course == course, col(Enrolment.completed_at).is_(None)
    )
    return session.exec(query.with_for_update().execution_options(populate_existing=True)).first()


def told(row: Enrolment) -> EnrolmentCreatedV1:
    """Return what is told of an enrolment."""
    return EnrolmentCreatedV1(**row.model_dump(include=set(EnrolmentCreatedV1.model_fields)))


def get(session: Session, enrolment: str, locale: str | None = None) -> EnrolmentOut:
    """Return an enrolment with how far it is; raises NotFound."""
    row, person = load(session, enrolment, "training:read")
    return out(session, row, person, locale)


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
    items = [summary(session, row, person) for row, person in rows[: paging.limit]]
    return Page(items=items, next_cursor=encode_cursor(items[-1].id) if len(rows) > paging.limit else None)


def remember_position(session: Session, enrolment: str, body: PositionIn) -> EnrolmentOut:
    """Keep where a person left off: a bookmark of their own, of which no evidence is kept. Raises NotFound."""
    row, person = take(session, enrolment)
    module_of(session, row, body.module)
    row.position = {**body.model_dump(), "at": session.now.isoformat()}
    session.add(row)
    return out(session, row, person)


def module_done(
    session: Session, row: Enrolment, module: str, action: str, details: dict[str, object] | None = None
) -> None:
    """Note that a module is done, once, and complete the course with its last; the caller holds the enrolment's lock."""
    done = insert(session, ModuleDone.__table__).values(  # type: ignore[attr-defined]
        enrolment=row.id, module=module, done_at=session.now, details=details
    )
    if session.execute(done.on_conflict_do_nothing().returning(col(ModuleDone.module))).first() is not None:
        content = digest_of(repr(sorted(details.items()))) if details else None
        record(session, action, f"enrolment/{row.id}/{module}", content_hash=content, person=row.person)
    complete_if_done(session, row)


def is_done(session: Session, row: Enrolment, module: str) -> bool:
    """Say whether a module of an enrolment is done."""
    return session.get(ModuleDone, (row.id, module)) is not None


def complete_if_done(session: Session, row: Enrolment) -> None:
    """Complete the course when its last module is done; the caller holds the enrolment's lock."""
    if row.completed_at is not None:
        return
    session.flush()
    # Read without checking them again: every module that is done comes by here.
    keys = {module["key"] for module in courses.load_version(session, row.course, row.version).modules}
    if keys <= progress.done_at(session, row).keys():
        row.completed_at = session.now
        row.next_turn_at = None
        session.add(row)
        session.flush()
        if row.delta is not None:
            delta_queue.look_at(session, [row.person])
        else:
            completions.complete_here(session, row)


def refuse_locked(session: Session, row: Enrolment, module: str) -> None:
    """Raise ModuleLocked, with every reason, when a module cannot be begun yet."""
    because = progress.why_locked(session, row, module)
    if because:
        raise ModuleLocked(
            " ".join(lock.detail for lock in because),
            extra={"locked_by": [lock.model_dump(mode="json") for lock in because]},
        )


def module_of(session: Session, row: Enrolment, key: str) -> object:
    """Return a module of an enrolment's version; raises NotFound."""
    found = next((one for one in courses.modules_of(session, row.course, row.version) if one.key == key), None)
    if found is None:
        raise NotFound(f"The course has no module {key}.")
    return found


def take(session: Session, enrolment: str) -> tuple[Enrolment, Person]:
    """Return an enrolment for a change, locked, so that of two last modules one sees the other.

    Raises NotFound, or LearningForAnother.
    """
    row, person = load(session, enrolment, "training:write")
    access.refuse_proxy(session, person.id)
    session.refresh(row, with_for_update=True)
    return row, person


def lock(session: Session, enrolment: str) -> Enrolment:
    """Return an enrolment for a change that somebody else makes, such as a coach, locked; raises NotFound."""
    row = session.get(Enrolment, enrolment)
    if row is None:
        raise NotFound("There is no such enrolment.")
    session.refresh(row, with_for_update=True)
    return row


def load(session: Session, enrolment: str, scope: str) -> tuple[Enrolment, Person]:
    """Return an enrolment that the caller may reach, with its person; raises NotFound."""
    found = session.exec(
        select(Enrolment, Person)
        .join(Person, col(Person.id) == col(Enrolment.person))
        .where(Enrolment.id == enrolment, *access.limits(session, scope))
    ).first()
    if found is None:
        raise NotFound("There is no such enrolment, or it is someone else's.")
    access.note_look(session, found[1].id)
    return found


def out(session: Session, row: Enrolment, person: Person, locale: str | None = None) -> EnrolmentOut:
    """Return an enrolment as clients see it."""
    version = courses.version_of(session, row.course, row.version)
    modules = progress.of(session, row, version, locale)
    course = courses.load(session, row.course)
    shown = wording.course_out(course, version, locale)
    return summary(session, row, person).model_copy(
        update={
            "title": shown.title,
            "locale": shown.locale,
            "newer_version": newer(course, row, version),
            "next": progress.next_of(modules) if row.completed_at is None else None,
            "minutes": shown.minutes,
            "minutes_left": left(modules),
            "modules": modules,
        }
    )


def newer(course: Course, row: Enrolment, version: CourseVersionOut) -> int | None:
    """Return the version in force where a person who is still learning is on an earlier one."""
    return course.version if row.completed_at is None and course.version > version.number else None


def left(modules: list[ModuleProgress]) -> int | None:
    """Return the estimated time for what is not done, where it is known of some."""
    known = [module for module in modules if module.minutes]
    return sum(module.minutes or 0 for module in known if not module.done) if known else None


def summary(session: Session, row: Enrolment, person: Person) -> EnrolmentOut:
    """Return an enrolment without its modules."""
    overdue = (
        row.completed_at is None and row.withdrawn_at is None and row.due_at is not None and row.due_at < session.now
    )
    return EnrolmentOut.model_validate(
        {**row.model_dump(), "employee_number": person.employee_number, "overdue": overdue}
    )
