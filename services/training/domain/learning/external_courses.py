"""Other systems' names for courses: which are completed and count for nothing yet, and what each stands for."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func
from sqlalchemy import select as core_select
from sqlmodel import col, select

from services.training.domain import access
from services.training.domain.certification import decisions
from services.training.domain.learning import completions
from services.training.domain.planning import occasions
from services.training.domain.teaching import courses
from services.training.schemas.completions import ExternalCourseIn, ExternalCourseOut
from services.training.tables import Completion, ExternalCourse, Person
from shared.db import Session
from shared.evidence import digest_of, record
from shared.marks import remove_marks
from shared.outbox import tell
from shared.pages import Page, PageQuery, encode_cursor
from shared.problems import Conflict
from shared.set_aside import at_hand, do_each
from shared.tables import marks

SWEEP = "mapped courses"
CHUNK = 200
"""Completions that are counted in one unit, so that nobody else's write waits for all of an old learning system."""


class MappedAlready(Conflict):
    """The external course stands for another course, and was counted as that."""


def find(session: Session, paging: PageQuery, *, mapped: bool | None) -> Page[ExternalCourseOut]:
    """List external courses by name, with how often each was completed."""
    counted = counts().subquery()
    names = core_select(col(ExternalCourse.name).label("name")).union(core_select(counted.c.name)).subquery()
    query = (
        core_select(names.c.name, col(ExternalCourse.course), counted.c.completions, counted.c.last_completed_at)
        .outerjoin(ExternalCourse, col(ExternalCourse.name) == names.c.name)
        .outerjoin(counted, counted.c.name == names.c.name)
        .order_by(names.c.name)
    )
    if mapped is not None:
        is_null = col(ExternalCourse.course).is_(None)
        query = query.where(~is_null if mapped else is_null)
    if paging.after is not None:
        query = query.where(names.c.name > paging.after)
    rows = session.execute(query.limit(paging.limit + 1)).all()
    items = [
        ExternalCourseOut(name=name, course=course, completions=count or 0, last_completed_at=last)
        for name, course, count, last in rows[: paging.limit]
    ]
    return Page(items=items, next_cursor=encode_cursor(items[-1].name) if len(rows) > paging.limit else None)


def counts() -> Select[*tuple[Any, ...]]:
    """Return the query for how often each external course was completed."""
    name = col(Completion.external_course)
    return (
        core_select(
            name.label("name"),
            func.count().label("completions"),
            func.max(col(Completion.completed_at)).label("last_completed_at"),
        )
        .where(name.is_not(None))
        .group_by(name)
    )


def put(session: Session, name: str, body: ExternalCourseIn) -> ExternalCourseOut:
    """Let an external course stand for one of ours, also where it was completed before; raises NotFound or MappedAlready."""
    access.refuse_limited(session, "What an external course stands for")
    courses.load(session, body.course)
    row = session.get(ExternalCourse, name)
    if row is not None and row.course != body.course:
        raise MappedAlready(f"{name} stands for {row.course}.")
    if row is None:
        courses.map_external(session, body.course, [name])
        record(session, "course.mapped", f"course/{body.course}", content_hash=digest_of(name))
        count_before(session, name)
    count, last = session.execute(
        core_select(func.count(), func.max(col(Completion.completed_at))).where(col(Completion.external_course) == name)
    ).one()
    return ExternalCourseOut(name=name, course=body.course, completions=count, last_completed_at=last)


def work_off(session: Session) -> None:
    """Count the next completions of external courses that were mapped after they were completed."""
    waiting = select(marks.c.value).where(marks.c.name.startswith(courses.MAPPED))
    names = list(session.execute(waiting.where(at_hand(session, SWEEP, marks.c.value)).limit(1)).scalars())

    def count(some: Sequence[str]) -> None:
        for name in some:
            if not count_before(session, name):
                remove_marks(session, courses.mapped_mark(name))

    do_each(session, SWEEP, names, count)


def count_before(session: Session, name: str) -> bool:
    """Count a chunk of what was completed before it was known what it stands for; say whether there was any."""
    mapped = session.get_one(ExternalCourse, name)
    unmapped = select(Completion).where(Completion.external_course == name, col(Completion.course).is_(None))
    rows = session.exec(unmapped.order_by(Completion.id).limit(CHUNK)).all()
    for one in rows:
        one.course = mapped.course
    session.flush()
    tell(session, *(completions.told(one) for one in rows))
    people = {one.person for one in rows}
    decisions.later(session, col(Person.id).in_(people))
    occasions.later(session, people, occasions.GO_ON)
    return bool(rows)
