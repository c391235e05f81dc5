"""How far departments are with what is asked of them, so that no figure is somebody's own."""

from collections import Counter, defaultdict
from typing import Literal

from sqlalchemy import ColumnElement, SQLColumnExpression, case
from sqlmodel import col, exists, func, select

from services.training.schemas.plans import Figures, GroupFigures, LearningFigures
from services.training.settings import terms
from services.training.tables import Completion, Enrolment, Person
from shared.db import Session
from shared.small_groups import too_small_across

OTHER = "other"


def by_group(session: Session, by: Literal["department", "region"], course: str | None) -> LearningFigures:
    """Count people by where they stand; groups that are too small are counted as one, so that no difference tells of a few.

    Not of both answers either, by department and by region: most of a department may be all of a region. Who is merged
    is the same for every reader. A key of some departments gets those of them that are shown, and no regions, which
    others share.
    """
    places = col(Person.department), col(Person.region)
    at = ("department", "region").index(by)
    stands = standing(session, course)
    each = select(places[at].label("name"), stands.label("stands")).where(col(Person.active)).subquery()
    rows = select(each.c.name, each.c.stands, func.count()).group_by(each.c.name, each.c.stands)
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for name, where, people in session.exec(rows):
        found[name][where] += people
    minimum = terms().min_group_size
    together = select(*places, func.count()).where(col(Person.active)).group_by(*places)
    people_by_both = {(department, region): people for department, region, people in session.exec(together)}
    small = too_small_across(people_by_both, minimum)[at]
    found = of_caller(session, by, found, small)
    answer = LearningFigures(by=by, course=course, minimum=minimum, total=Figures(), groups=[])
    total = sum(found.values(), Counter[str]())
    if total.total() < minimum:
        return answer
    answer.total = Figures.model_validate(counts(total))
    answer.groups = [
        GroupFigures.model_validate({"name": name, **counts(found[name])})
        for name in sorted(found)
        if name not in small
    ]
    merged = sum((found[name] for name in small & found.keys()), Counter[str]())
    if merged:
        answer.groups.append(GroupFigures.model_validate({"name": OTHER, **counts(merged)}))
    return answer


def of_caller(session: Session, by: str, found: dict[str, Counter[str]], small: set[str]) -> dict[str, Counter[str]]:
    """Return the groups that the caller gets: whole ones, and those that are merged only if all of them are theirs."""
    caller = session.context.caller
    if caller is None or caller.departments is None:
        return found
    if by != "department":
        return {}
    theirs = caller.departments
    return {name: found[name] for name in found if name in theirs and (name not in small or small <= theirs)}


def counts(numbers: Counter[str]) -> dict[str, int]:
    """Return the fields of `Figures`."""
    return {"people": numbers.total(), **{name: numbers[name] for name in ("overdue", "open", "done", "nothing")}}


def standing(session: Session, course: str | None) -> SQLColumnExpression[str]:
    """Return in SQL where a person stands, with one course or with all."""
    open_ones: list[ColumnElement[bool]] = [
        col(Enrolment.person) == Person.id,
        col(Enrolment.completed_at).is_(None),
        col(Enrolment.withdrawn_at).is_(None),
        *([col(Enrolment.course) == course] if course is not None else []),
        ~exists().where(
            col(Completion.person) == Enrolment.person,
            col(Completion.course) == Enrolment.course,
            col(Completion.recorded_at) >= Enrolment.created_at,
        ),
    ]
    learnt: list[ColumnElement[bool]] = [
        col(Completion.person) == Person.id,
        col(Completion.course).is_not(None) if course is None else col(Completion.course) == course,
    ]
    return case(
        (exists().where(*open_ones, col(Enrolment.due_at) < session.now), "overdue"),
        (exists().where(*open_ones), "open"),
        (exists().where(*learnt), "done"),
        else_="nothing",
    )
