"""How good questions are, by people's first sittings: counted in the database, so that their number is no matter.

Discrimination is the corrected item-total correlation: of the share that a question earned and the share that the rest
of the same sitting earned (Henrysson 1963), so that no question is compared with itself.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Any, NamedTuple

from sqlalchemy import Float, Select, String, Subquery, case, cast, distinct, func, literal, select, tuple_
from sqlmodel import col

from services.training.domain.teaching import courses
from services.training.domain.teaching.item_weaknesses import weaknesses
from services.training.domain.teaching.questions import QUESTION
from services.training.schemas.item_analysis import ItemAnalysisOut, OptionCount
from services.training.schemas.quizzes import Choice, Question, RuleBreak
from services.training.settings import terms
from services.training.tables import (
    Attempt,
    BankQuestion,
    BankQuestionVersion,
    CourseVersion,
    Enrolment,
    GradedAnswer,
)
from shared.db import Session
from shared.pages import Page, PageQuery, encode_cursor

STILL = 1e-9
"""Variance below which shares are taken for all the same."""
BANK = ""


class Item(NamedTuple):
    """One version of a question: `module` is the quiz of one that is not of the bank, `version` the course's then."""

    question: str
    module: str
    version: int

    @property
    def cursor(self) -> str:
        """What a page begins after."""
        return json.dumps(self)


class Sums(NamedTuple):
    """What the database adds up of one item; those ending in `_rest` are over sittings that had other questions."""

    people: int
    n: int
    earned: float
    people_rest: int
    n_rest: int
    x: float
    y: float
    xx: float
    yy: float
    xy: float


def find(session: Session, course: str, paging: PageQuery) -> Page[ItemAnalysisOut]:
    """List how the questions of a course do, by key, quiz and version; raises NotFound."""
    courses.load(session, course)
    items = items_after(session, course, paging.after)
    there, more = items[: paging.limit], len(items) > paging.limit
    if not there:
        return Page(items=[])
    answers = answers_of(course, there)
    sums = {Item(*row[:3]): Sums(*row[3:]) for row in session.execute(summed(course, answers))}
    contents = contents_of(session, course, there)
    chosen = choices_of(
        session, answers, [item for item in there if isinstance(contents.get(item), Choice | RuleBreak)]
    )
    found = [out(item, contents[item], sums[item], chosen.get(item)) for item in there if item in contents]
    return Page(items=found, next_cursor=encode_cursor(there[-1].cursor) if more else None)


def items_after(session: Session, course: str, after: str | None) -> list[Item]:
    """Return what was asked in first sittings, in order, after a cursor."""
    asked = (
        select(col(GradedAnswer.question), module_of(), col(GradedAnswer.version)).where(*first_of(course)).distinct()
    )
    items = sorted(Item(*row) for row in session.execute(asked))
    return [item for item in items if item > begin(after)] if after is not None else items


def begin(after: str) -> tuple[str, str, int]:
    """Return the item that a cursor stands for; anything else stands before all."""
    try:
        question, module, version = json.loads(after)
    except (ValueError, TypeError, RecursionError):
        return ("", "", 0)
    return (str(question), str(module), version if isinstance(version, int) else 0)


def module_of() -> Any:
    """Return the column that tells questions of quizzes apart, and is the same for all of the bank."""
    return case((col(GradedAnswer.bank), literal(BANK)), else_=col(GradedAnswer.module)).label("module")


def first_of(course: str) -> tuple[Any, Any]:
    """Return the condition on answers of people's first sittings."""
    return col(GradedAnswer.course) == course, col(GradedAnswer.first).is_(True)


def answers_of(course: str, items: Sequence[Item]) -> Subquery:
    """Return the answers to some items, each with who gave it."""
    return (
        select(
            col(GradedAnswer.question),
            module_of(),
            col(GradedAnswer.version),
            col(GradedAnswer.attempt),
            col(GradedAnswer.given),
            cast(col(GradedAnswer.earned), Float).label("earned"),
            col(GradedAnswer.points),
            col(Enrolment.person),
        )
        .join(Attempt, col(Attempt.id) == col(GradedAnswer.attempt))
        .join(Enrolment, col(Enrolment.id) == col(Attempt.enrolment))
        .where(*first_of(course), col(GradedAnswer.question).in_({item.question for item in items}))
        .subquery()
    )


def summed(course: str, answers: Subquery) -> Select[Any]:
    """Return the query of `Sums` by item."""
    earned = col(GradedAnswer.earned) * col(GradedAnswer.points)
    totals = (
        select(
            col(GradedAnswer.attempt),
            func.sum(earned).label("earned"),
            func.sum(col(GradedAnswer.points)).label("points"),
        )
        .where(*first_of(course))
        .group_by(col(GradedAnswer.attempt))
        .subquery()
    )
    a, t = answers.c, totals.c
    has_rest = t.points > a.points
    x = case((has_rest, a.earned))
    y = case((has_rest, cast(t.earned - a.earned * a.points, Float) / (t.points - a.points)))
    add = [func.coalesce(func.sum(one), 0.0) for one in (x, y, x * x, y * y, x * y)]
    people = (func.count(distinct(a.person)), func.count(distinct(case((has_rest, a.person)))))
    item = (a.question, a.module, a.version)
    return (
        select(*item, people[0], func.count(), func.sum(a.earned), people[1], func.count(x), *add)
        .join(totals, t.attempt == a.attempt)
        .group_by(*item)
    )


def choices_of(session: Session, answers: Subquery, items: Sequence[Item]) -> dict[Item, Counter[int | None]]:
    """Count how often each option was chosen, by its place; none counts those who chose nothing."""
    if not items:
        return {}
    item = (answers.c.question, answers.c.module, answers.c.version)
    given = cast(answers.c.given, String)
    counted = select(*item, given, func.count()).where(tuple_(*item).in_(items)).group_by(*item, given)
    chosen: dict[Item, Counter[int | None]] = {one: Counter() for one in items}
    for question, module, version, text, count in session.execute(counted):
        places = (json.loads(text) or {}).get("options", []) if text is not None else []
        for place in places or [None]:
            chosen[Item(question, module, version)][place] += count
    return chosen


def contents_of(session: Session, course: str, items: Sequence[Item]) -> dict[Item, Question]:
    """Return what the versions of questions say."""
    return {**of_bank(session, course, items), **of_quizzes(session, course, items)}


def of_bank(session: Session, course: str, items: Sequence[Item]) -> Mapping[Item, Question]:
    """Return the versions of the bank among some items."""
    wanted = [(item.question, item.version) for item in items if item.module == BANK]
    if not wanted:
        return {}
    versions = (
        select(col(BankQuestion.key), col(BankQuestionVersion.number), col(BankQuestionVersion.content))
        .join(BankQuestion, col(BankQuestion.id) == col(BankQuestionVersion.question))
        .where(col(BankQuestion.course) == course)
        .where(tuple_(col(BankQuestion.key), col(BankQuestionVersion.number)).in_(wanted))
    )
    return {
        Item(key, BANK, number): QUESTION.validate_python(content) for key, number, content in session.execute(versions)
    }


def of_quizzes(session: Session, course: str, items: Sequence[Item]) -> Mapping[Item, Question]:
    """Return the questions of quizzes themselves among some items."""
    wanted = {item for item in items if item.module != BANK}
    versions = select(col(CourseVersion.number), col(CourseVersion.modules)).where(
        col(CourseVersion.course) == course, col(CourseVersion.number).in_({item.version for item in wanted})
    )
    return {
        item: QUESTION.validate_python(question)
        for number, modules in (session.execute(versions) if wanted else ())
        for module in modules
        for question in module.get("questions", ())
        if (item := Item(question["key"], module["key"], number)) in wanted
    }


def out(item: Item, question: Question, sums: Sums, chosen: Counter[int | None] | None) -> ItemAnalysisOut:
    """Return the figures of one item, or none of them where too few people answered."""
    minimum = terms().min_group_size
    enough = sums.people >= minimum
    facility = sums.earned / sums.n if enough else None
    rest = enough and sums.people_rest >= minimum
    discrimination = correlation(sums) if rest else None
    counts = options_of(question, chosen) if enough and chosen is not None else []
    return ItemAnalysisOut(
        question=item.question,
        version=item.version,
        module=item.module or None,
        kind=question.kind,
        text=question.text[:200],
        enough=enough,
        facility=facility,
        facility_sittings=sums.n if enough else None,
        discrimination=discrimination,
        discrimination_sittings=sums.n_rest if rest else None,
        unanswered=chosen[None] if enough and chosen is not None else None,
        options=counts,
        flags=weaknesses(facility, sums.n, discrimination, sums.n_rest, counts) if facility is not None else [],
    )


def correlation(sums: Sums) -> float | None:
    """Return Pearson's correlation of sums; none where one side is the same in all sittings."""
    n = sums.n_rest
    xx, yy = sums.xx - sums.x * sums.x / n, sums.yy - sums.y * sums.y / n
    if min(xx, yy) / n < STILL:
        return None
    return min(max((sums.xy - sums.x * sums.y / n) / sqrt(xx * yy), -1.0), 1.0)


def options_of(question: Question, chosen: Counter[int | None]) -> list[OptionCount]:
    """Return how many chose each option."""
    options = question.options if isinstance(question, Choice | RuleBreak) else []
    return [
        OptionCount(text=option.text, correct=option.correct, chosen=chosen[place])
        for place, option in enumerate(options)
    ]
