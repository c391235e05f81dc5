"""Learning paths: courses in an order, who is on them, and how far they are."""

from datetime import datetime, timedelta

from sqlmodel import col, func, select

from services.training.domain import access
from services.training.domain.planning import asked, assigning, occasions, offers
from services.training.schemas.assigning import (
    PathIn,
    PathMemberIn,
    PathOut,
    PathPatch,
    PathProgress,
    Step,
    StepProgress,
)
from services.training.tables import Completion, Course, Enrolment, LearningPath, PathMember, Person
from shared.conditions import expect
from shared.db import Session
from shared.evidence import digest_of, record
from shared.pages import Page, PageQuery, cut, page
from shared.problems import Conflict, FieldError, Invalid, NotFound


class PathExists(Conflict):
    """There is a learning path with this key already."""


class NoSuchStep(Invalid):
    """The path asks for courses that are not there."""


def create(session: Session, body: PathIn) -> PathOut:
    """Write a path; raises Forbidden, PathExists or NoSuchStep."""
    access.refuse_limited(session, "A path")
    if session.exec(select(LearningPath.id).where(LearningPath.key == body.key)).first() is not None:
        raise PathExists(f"There is a learning path {body.key} already.")
    row = LearningPath(**body.model_dump(mode="json"), created_at=session.now)
    return written(session, row, "learning_path.created")


def change(session: Session, key: str, body: PathPatch, if_match: int | None) -> PathOut:
    """Change a path; who is on it goes on with what it asks now. Raises Forbidden, NotFound, Stale or NoSuchStep."""
    access.refuse_limited(session, "A path")
    row = load(session, key)
    session.refresh(row, with_for_update=True)
    expect(row.revision, if_match)
    row.sqlmodel_update(body.model_dump(mode="json", exclude_unset=True))
    row.revision += 1
    return written(session, row, "learning_path.changed")


def written(session: Session, row: LearningPath, action: str) -> PathOut:
    """Keep a path, and have it decided soon what that means for who is on it. Raises NoSuchStep."""
    courses = [step.course for step in asked.steps_of(row)]
    known = set(session.exec(select(Course.key).where(col(Course.key).in_(courses))))
    errors = [
        FieldError(pointer=f"/steps/{place}/course", detail=f"no course {course}")
        for place, course in enumerate(courses)
        if course not in known
    ]
    if errors:
        raise NoSuchStep(errors=errors)
    session.add(row)
    session.flush()
    on_it = select(PathMember.person).where(PathMember.path == row.key, col(PathMember.ended_at).is_(None))
    occasions.later_for(session, col(Person.id).in_(on_it), occasions.GO_ON)
    answer = PathOut.model_validate(row)
    record(session, action, f"learning_path/{row.key}", content_hash=digest_of(answer))
    return answer


def get(session: Session, key: str) -> PathOut:
    """Return a path; raises NotFound."""
    return PathOut.model_validate(load(session, key))


def find(session: Session, paging: PageQuery) -> Page[PathOut]:
    """List the paths."""
    return page(session, select(LearningPath), paging, key=LearningPath.key, to=PathOut.model_validate)


def load(session: Session, key: str) -> LearningPath:
    """Return the row of a path; raises NotFound."""
    row = session.exec(select(LearningPath).where(LearningPath.key == key)).first()
    if row is None:
        raise NotFound(f"There is no learning path {key}.")
    return row


def join(session: Session, key: str, body: PathMemberIn) -> PathProgress:
    """Put a person on a path; what it asks for first, they are put on soon. Raises NotFound or CourseNotOffered."""
    path = load(session, key)
    person = access.acting(session, body.employee_number, "training:write")
    required = [step.course for step in asked.steps_of(path) if not step.optional]
    for course in session.exec(select(Course).where(col(Course.key).in_(required))).all():
        offers.refuse_unless_offered(session, person, course)
    there = {(row.path, row.person): row for row in [session.get(PathMember, (key, person.id))] if row is not None}
    member = assigning.begin(session, key, person.id, None, there)
    session.flush()
    occasions.later(session, [person.id], occasions.GO_ON)
    return progress(session, path, member, person)


def members(session: Session, key: str, paging: PageQuery) -> Page[PathProgress]:
    """List who is on a path, and how far; raises NotFound."""
    path = load(session, key)
    query = (
        select(PathMember, Person)
        .join(Person, col(Person.id) == col(PathMember.person))
        .where(PathMember.path == key, col(PathMember.ended_at).is_(None), *access.limits(session, "training:read"))
    )
    if paging.after is not None:
        query = query.where(Person.employee_number > paging.after)
    rows = session.exec(query.order_by(Person.employee_number).limit(paging.limit + 1)).all()
    found, cursor = cut([(member, person, person.employee_number) for member, person in rows], paging.limit, 2)
    return Page(items=[progress(session, path, member, person) for member, person, _ in found], next_cursor=cursor)


def of_person(session: Session, employee_number: str) -> Page[PathProgress]:
    """List the paths that a person is on, and how far; raises NotFound."""
    person = access.get_person(session, employee_number, "training:read")
    query = (
        select(LearningPath, PathMember)
        .join(PathMember, col(PathMember.path) == col(LearningPath.key))
        .where(PathMember.person == person.id, col(PathMember.ended_at).is_(None))
        .order_by(LearningPath.key)
    )
    return Page(items=[progress(session, path, member, person) for path, member in session.exec(query).all()])


def progress(session: Session, path: LearningPath, member: PathMember, person: Person) -> PathProgress:
    """Return how far a person is on a path."""
    steps = asked.steps_of(path)
    courses = [step.course for step in steps]
    titles = dict(session.exec(select(Course.key, Course.title).where(col(Course.key).in_(courses))).all())
    done = completions_of(session, person.id, courses)
    open_ones = select(Enrolment).where(
        Enrolment.person == person.id, col(Enrolment.course).in_(courses), col(Enrolment.completed_at).is_(None)
    )
    enrolled = {row.course: row for row in session.exec(open_ones)}
    shown = [
        shown_step(step, member, titles.get(step.course, step.course), enrolled.get(step.course), done.get(step.course))
        for step in steps
    ]
    required = [step for step in shown if not step.optional]
    at = [step.completed_at for step in required if step.completed_at is not None]
    return PathProgress(
        employee_number=person.employee_number,
        path=path.key,
        title=path.title,
        rule=member.rule,
        started_at=member.started_at,
        completed_at=max(at) if len(at) == len(required) else None,
        done=len(at),
        of=len(required),
        steps=shown,
    )


def shown_step(
    step: Step, member: PathMember, title: str, row: Enrolment | None, completed_at: datetime | None
) -> StepProgress:
    """Return how far a person is with a step."""
    due_at = row.due_at if row else member.started_at + timedelta(days=step.due_days) if step.due_days else None
    under_way = row is not None and row.withdrawn_at is None
    ahead = "offered" if step.optional else "waiting"
    state = "done" if completed_at is not None else "open" if under_way else ahead
    return StepProgress.model_validate(
        {
            **step.model_dump(),
            "title": title,
            "state": state,
            "due_at": due_at,
            "enrolment": row.id if row else None,
            "completed_at": completed_at,
        }
    )


def completions_of(session: Session, person: str, courses: list[str]) -> dict[str, datetime]:
    """Return when a person last completed each of some courses."""
    query = (
        select(Completion.course, func.max(col(Completion.completed_at)))
        .where(Completion.person == person, col(Completion.course).in_(courses))
        .group_by(col(Completion.course))
    )
    return {str(course): at for course, at in session.exec(query)}
