"""How good questions are, by first sittings: equal to a count by hand, and nothing of a few people."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from math import isclose
from pathlib import Path
from statistics import StatisticsError, correlation, fmean
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import delete

from services.training.domain.teaching import item_analysis
from services.training.domain.teaching.item_weaknesses import weaknesses
from services.training.schemas.item_analysis import ItemAnalysisOut, OptionCount
from services.training.tables import Attempt, BankQuestion, BankQuestionVersion, Course, Enrolment, GradedAnswer
from shared.clock import ShiftedClock
from shared.db import Database, Session
from shared.ids import new_id
from shared.pages import PageQuery
from tests.conftest import Templates
from tests.training.conftest import TrainingService
from tests.training.quizzing import fill_bank, learner, single, write_quiz

AT = datetime(2026, 11, 1, tzinfo=UTC)
COURSE = "analysed"
PATH = "/v1/courses/tested/item-analysis"


class Graded(NamedTuple):
    """One question of a sitting: its place among the questions, its version, what was earned and chosen."""

    question: int
    version: int
    earned: float
    chosen: int | None


Sitting = tuple[int, bool, list[Graded]]
"""Who sat, whether for the first time, and how each question went."""

graded = st.builds(
    Graded, st.integers(0, 3), st.integers(1, 2), st.sampled_from([0.0, 0.5, 1.0]), st.none() | st.integers(0, 2)
)
sittings = st.lists(
    st.tuples(
        st.integers(0, 13),
        st.booleans() | st.just(True),
        st.lists(graded, min_size=1, max_size=4, unique_by=lambda one: one.question),
    ),
    min_size=8,
    max_size=40,
)
POINTS = (1, 2, 5, 1)


def fill(session: Session, sat: Sequence[Sitting]) -> None:
    """Keep sittings as grading does, instead of those before."""
    for table in (GradedAnswer, Attempt, Enrolment):
        session.execute(delete(table))
    for person, first, answers in sat:
        enrolment, attempt = new_id(), new_id()
        session.add(
            Enrolment(id=enrolment, person=f"p{person}", course=COURSE, version=1, created_at=AT, completed_at=AT)
        )
        session.add(
            Attempt(id=attempt, enrolment=enrolment, module="quiz", version=1, items=[], started_at=AT, submitted_at=AT)
        )
        for one in answers:
            session.add(
                GradedAnswer(
                    attempt=attempt,
                    item=new_id(),
                    course=COURSE,
                    module="quiz",
                    question=f"q{one.question}",
                    version=one.version,
                    bank=True,
                    first=first,
                    given={"options": [one.chosen]} if one.chosen is not None else None,
                    earned=one.earned,
                    points=POINTS[one.question],
                    graded_at=AT,
                )
            )
    session.flush()


def prepare(session: Session) -> None:
    """Add a course with four questions in two versions each."""
    session.add(Course(key=COURSE, title="Analysed", summary="", created_at=AT))
    for number in range(4):
        question = BankQuestion(
            course=COURSE, key=f"q{number}", kind="single", difficulty="medium", version=2, created_at=AT
        )
        session.add(question)
        options = [{"text": str(place), "correct": place == 0} for place in range(3)]
        for version in (1, 2):
            content = {"key": f"q{number}", "kind": "single", "text": f"{number}?", "options": options}
            session.add(BankQuestionVersion(question=question.id, number=version, content=content, created_at=AT))


def by_hand(sat: Sequence[Sitting]) -> dict[tuple[str, int], dict[str, Any]]:
    """Return the figures of each version of a question, counted by hand."""
    found = {}
    for question, version in {(one.question, one.version) for _, first, answers in sat if first for one in answers}:
        mine = [
            (person, one, [other for other in answers if other is not one])
            for person, first, answers in sat
            if first
            for one in answers
            if (one.question, one.version) == (question, version)
        ]
        rest = [
            (
                person,
                one.earned,
                sum(o.earned * POINTS[o.question] for o in others) / sum(POINTS[o.question] for o in others),
            )
            for person, one, others in mine
            if others
        ]
        enough = len({person for person, _, _ in mine}) >= 8
        compared = enough and len({person for person, _, _ in rest}) >= 8
        try:
            together = correlation([x for _, x, _ in rest], [round(y, 9) for _, _, y in rest]) if compared else None
        except StatisticsError:
            together = None
        found[f"q{question}", version] = {
            "facility": fmean(one.earned for _, one, _ in mine) if enough else None,
            "facility_sittings": len(mine) if enough else None,
            "discrimination": together,
            "discrimination_sittings": len(rest) if compared else None,
            "unanswered": sum(one.chosen is None for _, one, _ in mine) if enough else None,
            "options": [sum(one.chosen == place for _, one, _ in mine) for place in range(3)] if enough else [],
        }
    return found


def alike(one: float | None, other: float | None) -> bool:
    """Say whether two figures are the same."""
    return one is other if one is None or other is None else isclose(one, other, abs_tol=1e-6)


def compare(items: Sequence[ItemAnalysisOut], sat: Sequence[Sitting]) -> None:
    """Compare what is said with what was counted by hand."""
    wanted = by_hand(sat)
    assert [(item.question, item.version) for item in items] == sorted(wanted)
    for item in items:
        figures = wanted[item.question, item.version]
        for name in ("facility", "discrimination"):
            assert alike(getattr(item, name), figures[name]), (name, item, figures)
        for name in ("facility_sittings", "discrimination_sittings", "unanswered"):
            assert getattr(item, name) == figures[name], (name, item, figures)
        assert [option.chosen for option in item.options] == figures["options"]
        assert item.enough == (figures["facility"] is not None)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_figures_equal_those_counted_by_hand(
    kind: str, tmp_path: Path, templates: Templates, clock: ShiftedClock
) -> None:
    database = Database(templates.copy(kind, "training", tmp_path), clock)
    loop = asyncio.new_event_loop()

    @given(sittings)
    @settings(max_examples=50 if kind == "sqlite" else 10, deadline=None, suppress_health_check=[*HealthCheck])
    def check(sat: list[Sitting]) -> None:
        loop.run_until_complete(database.write(fill, sat))
        page = loop.run_until_complete(database.read(item_analysis.find, COURSE, PageQuery(200, None)))
        compare(page.items, sat)

    try:
        loop.run_until_complete(database.write(prepare))
        check()
    finally:
        database.stop()
        loop.close()


async def test_first_sittings_of_eight_people_are_analysed_and_those_of_seven_are_not(service: TrainingService) -> None:
    await fill_bank(service, single(1, tags=["tone"]), single(2, tags=["tone"]))
    await write_quiz(service, draws=[{"tag": "tone", "count": 2}])
    people = [await learner(service, f"E-{number}") for number in range(8)]
    for place, person in enumerate(people):
        if place == 7:
            few = (await service.get(PATH))["items"]
            assert [(one["enough"], one["facility"], one["options"], one["flags"]) for one in few] == [
                (False, None, [], [])
            ] * 2
        attempt = await person.drawn()
        await person.choose(attempt, "right" if place < 6 else "wrong")
        await person.submit(attempt)
    again = await people[7].drawn()  # a second sitting does not count
    await people[7].choose(again)
    await people[7].submit(again)

    first = await service.get(PATH, limit=1)
    second = await service.get(PATH, cursor=first["next_cursor"])
    assert ([one["question"] for one in (*first["items"], *second["items"])], second["next_cursor"]) == (
        ["q1", "q2"],
        None,
    )
    (item,) = first["items"]
    assert (item["facility"], item["facility_sittings"], item["discrimination"], item["unanswered"]) == (
        0.75,
        8,
        1.0,
        0,
    )
    assert [(one["text"], one["chosen"]) for one in item["options"]] == [("right 1", 6), ("wrong 1", 2)]
    reader = await service.as_person("E-1", "training:read")
    assert (await reader.get(PATH)).status_code == 403
    assert (await service.client.get("/v1/courses/nowhere/item-analysis")).status_code == 404
    assert (await service.client.get(PATH, params={"cursor": "MTIz"})).status_code in {200, 422}


async def test_questions_of_a_quiz_itself_are_told_apart_by_quiz_and_version(service: TrainingService) -> None:
    await write_quiz(service, questions=[single(1), single(2)])
    for number in range(8):
        person = await learner(service, f"E-{number}")
        attempt = await person.drawn()
        await person.choose(attempt)
        await person.submit(attempt)
    (one, other) = (await service.get(PATH))["items"]
    assert [(item["question"], item["module"], item["version"]) for item in (one, other)] == [
        ("q1", "quiz", 1),
        ("q2", "quiz", 1),
    ]
    assert (one["facility"], one["discrimination"], [flag["flag"] for flag in one["flags"]]) == (
        1.0,
        None,
        ["too_easy"],
    )


def option(chosen: int, *, correct: bool = False) -> OptionCount:
    """Return an option and how many chose it."""
    return OptionCount(text=f"{chosen}", correct=correct, chosen=chosen)


@pytest.mark.parametrize(
    ("facility", "discrimination", "options", "flags"),
    [
        (0.7, 0.4, [option(21, correct=True), option(9)], []),
        (0.97, 0.4, [option(29, correct=True), option(1)], ["too_easy"]),
        (0.1, 0.4, [option(3, correct=True), option(27)], ["too_hard", "misleading_option"]),
        (0.7, -0.1, [option(21, correct=True), option(9)], ["negative_discrimination"]),
        (0.7, 0.1, [option(21, correct=True), option(9)], ["weak_discrimination"]),
        (0.7, None, [option(21, correct=True), option(9), option(0)], ["unused_options"]),
    ],
)
def test_weak_questions_are_flagged_with_the_figures(
    facility: float, discrimination: float | None, options: list[OptionCount], flags: list[str]
) -> None:
    found = weaknesses(facility, 30, discrimination, 25, options)
    assert [one.flag for one in found] == flags
    assert all("25" in one.why or "30" in one.why or "times" in one.why for one in found)
