"""Versions of a course: drafts that may be changed, and what happens when one comes into force.

Who is on a course stays on their version, and may move to the one in force (`domain/moves.py`).
"""

from sqlalchemy import func
from sqlmodel import col, select

from services.training.domain import access
from services.training.domain.planning import occasions
from services.training.domain.teaching import course_changes, courses, quizzes
from services.training.schemas.courses import AnyModule, CourseVersionIn, CourseVersionOut
from services.training.tables import Course, CourseAsset, CourseVersion
from shared.conditions import expect
from shared.db import Session
from shared.events.training import CoursePublishedV1
from shared.evidence import digest_of, record
from shared.outbox import tell
from shared.problems import Conflict, FieldError, Invalid, NotFound


class NotADraftVersion(Conflict):
    """The version is published; write another one."""


class VersionOvertaken(Conflict):
    """A later version is in force already; write this one anew."""


class CircularPrerequisites(Conflict):
    """The courses would wait for each other, so nobody could begin any of them."""


class NotInTheCourse(Invalid):
    """The version refers to what is not there."""


def add(session: Session, key: str, body: CourseVersionIn) -> CourseVersionOut:
    """Write the next version and, unless it is a draft, bring it into force.

    Raises NotFound, NotInTheCourse or CircularPrerequisites.
    """
    access.refuse_limited(session, "A course")
    course = take(session, key)
    check(session, key, body)
    newest = session.exec(select(func.max(CourseVersion.number)).where(CourseVersion.course == key)).one()
    row = CourseVersion(course=key, number=(newest or 0) + 1, created_at=session.now, modules=[])
    row.sqlmodel_update(content(body))
    session.add(row)
    record(session, "course.version_added", f"course/{key}/{row.number}", content_hash=digest_of(body))
    if not body.draft:
        bring_into_force(session, course, row)
    return courses.version_out(row)


def change(session: Session, key: str, number: int, body: CourseVersionIn, revision: int | None) -> CourseVersionOut:
    """Write a draft anew; `draft: false` publishes it with that.

    Raises NotFound, NotADraftVersion, Stale, NotInTheCourse, VersionOvertaken or CircularPrerequisites.
    """
    access.refuse_limited(session, "A course")
    course, row = take_draft(session, key, number, revision)
    check(session, key, body)
    row.sqlmodel_update(content(body))
    row.revision += 1
    session.add(row)
    record(session, "course.version_changed", f"course/{key}/{number}", content_hash=digest_of(body))
    if not body.draft:
        bring_into_force(session, course, row)
    return courses.version_out(row)


def publish(session: Session, key: str, number: int, revision: int | None) -> CourseVersionOut:
    """Bring a draft into force; raises NotFound, NotADraftVersion, Stale, VersionOvertaken or CircularPrerequisites."""
    access.refuse_limited(session, "A course")
    course, row = take_draft(session, key, number, revision)
    row.revision += 1
    bring_into_force(session, course, row)
    return courses.version_out(row)


def take(session: Session, key: str) -> Course:
    """Return the row of a course for a change of its versions, locked; raises NotFound."""
    course = courses.load(session, key)
    session.refresh(course, with_for_update=True)
    return course


def take_draft(session: Session, key: str, number: int, revision: int | None) -> tuple[Course, CourseVersion]:
    """Return a draft with its course, locked; raises NotFound, NotADraftVersion or Stale."""
    course = take(session, key)
    row = courses.load_version(session, key, number)
    expect(row.revision, revision)
    if row.published_at is not None:
        raise NotADraftVersion
    return course, row


def bring_into_force(session: Session, course: Course, row: CourseVersion) -> None:
    """Let a version hold for those who enrol from now on, and tell of it."""
    if row.number < course.version:
        raise VersionOvertaken(f"The version {course.version} of the course {course.key} is in force already.")
    refuse_circles(session, course.key, row.details["prerequisites"])
    row.modules = quizzes.publish(session, course.key, row.modules)
    row.published_at = session.now
    if not course.version:
        occasions.first_version(session)
    course.version = row.number
    course.revision += 1
    session.add(row)
    session.add(course)
    record(session, "course.version_published", f"course/{course.key}/{row.number}")
    course_changes.new_version(session, course.key, row.number)
    tell(session, told(course, row))


def told(course: Course, row: CourseVersion) -> CoursePublishedV1:
    """Return what is told of a version that came into force."""
    return CoursePublishedV1(course=course.key, version=row.number, title=course.title, note=row.details["note"])


def refuse_circles(session: Session, key: str, prerequisites: list[str]) -> None:
    """Raise CircularPrerequisites where a course would be asked for before itself, over any number of others."""
    seen: set[str] = set()
    waiting = list(prerequisites)
    while waiting:
        asked = waiting.pop()
        if asked == key:
            raise CircularPrerequisites(f"{key} would have to be completed before itself.")
        if asked not in seen:
            seen.add(asked)
            course = courses.load(session, asked)
            if course.version:
                waiting += courses.load_version(session, asked, course.version).details.get("prerequisites", [])


def check(session: Session, key: str, body: CourseVersionIn) -> None:
    """Raise NotInTheCourse for files that were not uploaded and courses that there are not."""
    wrong: list[FieldError] = []
    there = set(
        session.exec(
            select(CourseAsset.hash).where(CourseAsset.course == key, col(CourseAsset.hash).in_(body.assets.values()))
        )
    )
    wrong += [
        FieldError(pointer=f"/assets/{name}", detail="was not uploaded for this course")
        for name, digest in body.assets.items()
        if digest not in there
    ]
    for place, asked in enumerate(body.prerequisites):
        try:
            courses.load(session, asked)
        except NotFound as missing:
            wrong.append(FieldError(pointer=f"/prerequisites/{place}", detail=missing.detail))
    if wrong:
        raise NotInTheCourse(errors=wrong)


def content(body: CourseVersionIn) -> dict[str, object]:
    """Return the columns that hold what an author wrote."""
    details = body.model_dump(mode="json", exclude={"modules", "draft"})
    return {"modules": [dumped(module) for module in body.modules], "details": details}


def dumped(module: AnyModule) -> dict[str, object]:
    """Return a module as it is kept."""
    return module.model_dump(mode="json", exclude_none=True)
