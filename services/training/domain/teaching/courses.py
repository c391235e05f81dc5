"""Courses, and reading their versions; a version is in force for those who enrol after it was published."""

from hashlib import sha256

from sqlmodel import select

from services.training.domain import access
from services.training.domain.teaching import wording
from services.training.schemas.courses import AnyModule, CourseIn, CourseOut, CourseVersionOut
from services.training.tables import Course, CourseVersion, ExternalCourse
from shared.db import Session, insert
from shared.evidence import record
from shared.marks import write_marks
from shared.pages import Page, PageQuery, page
from shared.problems import Conflict, NotFound

MAPPED = "mapped course "


class CourseExists(Conflict):
    """There is a course with this key already."""


def create(session: Session, body: CourseIn) -> CourseOut:
    """Add a course that has no version yet; raises CourseExists."""
    access.refuse_limited(session, "A course")
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
    write_marks(session, {mapped_mark(name): name for name in names})


def mapped_mark(name: str) -> str:
    """Name the mark that says that completions of an external course are to be counted, soon and some at a time."""
    return f"{MAPPED}{sha256(name.encode()).hexdigest()[:40]}"


def get(session: Session, key: str, locale: str | None = None) -> CourseOut:
    """Return a course with the modules in force, without what they ask and teach; raises NotFound."""
    row = load(session, key)
    if not row.version:
        return CourseOut.model_validate(row)
    return wording.course_out(row, version_of(session, key, row.version), locale)


def find(session: Session, paging: PageQuery) -> Page[CourseOut]:
    """List the courses, without their modules."""
    return page(session, select(Course), paging, key=Course.key, to=CourseOut.model_validate)


def find_versions(session: Session, key: str, paging: PageQuery) -> Page[CourseVersionOut]:
    """List the versions of a course with all their questions, oldest first; raises NotFound."""
    load(session, key)
    return page(
        session, select(CourseVersion).where(CourseVersion.course == key), paging, key=CourseVersion.id, to=version_out
    )


def get_version(session: Session, key: str, number: int) -> CourseVersionOut:
    """Return a version as its authors see it; raises NotFound."""
    return version_of(session, key, number)


def load(session: Session, key: str) -> Course:
    """Return the row of a course; raises NotFound."""
    row = session.exec(select(Course).where(Course.key == key)).first()
    if row is None:
        raise NotFound(f"There is no course {key}.")
    return row


def load_version(session: Session, key: str, number: int) -> CourseVersion:
    """Return the row of a version; raises NotFound."""
    row = session.exec(select(CourseVersion).where(CourseVersion.course == key, CourseVersion.number == number)).first()
    if row is None:
        raise NotFound(f"The course {key} has no version {number}.")
    return row


def version_of(session: Session, key: str, number: int) -> CourseVersionOut:
    """Return a version with all that it holds; raises NotFound."""
    return version_out(load_version(session, key, number))


def modules_of(session: Session, key: str, number: int) -> list[AnyModule]:
    """Return the modules of a version; raises NotFound."""
    return version_of(session, key, number).modules


def version_out(row: CourseVersion) -> CourseVersionOut:
    """Return a version as its authors see it."""
    state = "published" if row.published_at else "draft"
    return CourseVersionOut.model_validate({"locale": "en", **row.details, **row.model_dump(), "state": state})
