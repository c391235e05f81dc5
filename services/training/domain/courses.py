"""Courses and their versions; a version is in force for those who enrol after it was written."""

from pydantic import TypeAdapter
from sqlmodel import col, select, update

from services.training.domain import decisions
from services.training.schemas.courses import (
    CourseIn,
    CourseOut,
    CourseVersionIn,
    CourseVersionOut,
    Lesson,
    Module,
    ModuleOut,
)
from services.training.schemas.quizzes import Quiz
from services.training.tables import Completion, Course, CourseVersion, ExternalCourse, Person
from shared.db import Session, insert
from shared.evidence import digest_of, record
from shared.pages import Page, PageQuery, page
from shared.problems import Conflict, NotFound

MODULES: TypeAdapter[list[Lesson | Quiz]] = TypeAdapter(list[Module])


class CourseExists(Conflict):
    """There is a course with this key already."""


def create(session: Session, body: CourseIn) -> CourseOut:
    """Add a course that has no version yet; raises CourseExists."""
    if session.exec(select(Course.id).where(Course.key == body.key)).first() is not None:
        raise CourseExists(f"There is a course {body.key} already.")
    row = Course(**body.model_dump(include={"key", "title", "summary"}), created_at=session.now)
    session.add(row)
    session.flush()
    map_external(session, body.key, body.external_courses)
    record(session, "course.created", f"course/{row.key}")
    return CourseOut.model_validate(row)


def map_external(session: Session, course: str, names: list[str]) -> None:
    """Let external courses stand for one of ours, also where they were completed before this was known."""
    if not names:
        return
    rows = [{"name": name, "course": course} for name in sorted(set(names))]
    session.execute(insert(session, ExternalCourse.__table__).values(rows).on_conflict_do_nothing())  # type: ignore[attr-defined]
    learnt = select(Completion.person).where(col(Completion.external_course).in_(names))
    session.execute(
        update(Completion)
        .where(col(Completion.external_course).in_(names), col(Completion.course).is_(None))
        .values(course=course)
    )
    decisions.later(session, col(Person.id).in_(learnt))


def add_version(session: Session, key: str, body: CourseVersionIn) -> CourseVersionOut:
    """Write the next version and bring it into force; raises NotFound."""
    course = load(session, key)
    session.refresh(course, with_for_update=True)
    course.version += 1
    course.revision += 1
    modules = [module.model_dump() for module in body.modules]
    row = CourseVersion(course=key, number=course.version, modules=modules, created_at=session.now)
    session.add(row)
    record(session, "course.version_added", f"course/{key}/{row.number}", content_hash=digest_of(body))
    return version_out(row)


def get(session: Session, key: str) -> CourseOut:
    """Return a course with the modules in force, without questions; raises NotFound."""
    row = load(session, key)
    modules = modules_of(session, key, row.version) if row.version else []
    return CourseOut.model_validate({**row.model_dump(), "modules": [ModuleOut.of(module) for module in modules]})


def find(session: Session, paging: PageQuery) -> Page[CourseOut]:
    """List the courses, without their modules."""
    return page(session, select(Course), paging, key=Course.key, to=CourseOut.model_validate)


def find_versions(session: Session, key: str, paging: PageQuery) -> Page[CourseVersionOut]:
    """List the versions of a course with all their questions, oldest first; raises NotFound."""
    load(session, key)
    return page(
        session, select(CourseVersion).where(CourseVersion.course == key), paging, key=CourseVersion.id, to=version_out
    )


def load(session: Session, key: str) -> Course:
    """Return the row of a course; raises NotFound."""
    row = session.exec(select(Course).where(Course.key == key)).first()
    if row is None:
        raise NotFound(f"There is no course {key}.")
    return row


def modules_of(session: Session, key: str, number: int) -> list[Lesson | Quiz]:
    """Return the modules of a version; raises NotFound."""
    row = session.exec(select(CourseVersion).where(CourseVersion.course == key, CourseVersion.number == number)).first()
    if row is None:
        raise NotFound(f"The course {key} has no version {number}.")
    return MODULES.validate_python(row.modules)


def version_out(row: CourseVersion) -> CourseVersionOut:
    """Return a version as its authors see it."""
    return CourseVersionOut.model_validate(row)
