"""Sittings where only the database shows: two processes that end one at once, and a store from before."""

import asyncio
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, create_engine, func, insert, select

from services.training.domain import answers, attempts, course_versions, courses, enrolments, people, sittings
from services.training.schemas.attempts import AnswerIn, AttemptIn
from services.training.schemas.courses import CourseIn, CourseVersionIn
from services.training.schemas.enrolments import EnrolmentIn
from services.training.tables import GradedAnswer
from shared import migrate
from shared.clock import ShiftedClock
from shared.db import Database
from shared.problems import Problem
from shared.tables import evidence_entries
from tests.conftest import SERVICES, DatabaseUrl, Templates
from tests.training.organisation import person
from tests.training.quizzing import COURSE, single

VERSIONS = SERVICES / "training" / "migrations" / "versions"


async def write_course(db: Database) -> None:
    """Write a course of one timed quiz."""
    quiz = {"kind": "quiz", "key": "quiz", "title": "Quiz", "pass_mark": 1, "time_limit_minutes": 1}
    version = CourseVersionIn.model_validate({"modules": [{**quiz, "questions": [single(1), single(2)]}]})
    await db.write(courses.create, CourseIn(key=COURSE, title="Tested"))
    await db.write(course_versions.add, COURSE, version)


async def test_a_sitting_that_is_handed_in_and_runs_out_in_two_processes_at_once_is_graded_once(
    database_url: DatabaseUrl, clock: ShiftedClock
) -> None:
    url = database_url("training")
    first = Database(url, clock)
    second = first if first.dialect == "sqlite" else Database(url, clock)
    try:
        await write_course(first)
        open_now = []
        for number in range(8):
            await first.write(people.create, person(number))
            enrolment = await first.write(enrolments.create, EnrolmentIn(employee_number=f"E-{number}", course=COURSE))
            open_now.append(await first.write(attempts.start, enrolment.id, AttemptIn()))
        clock.advance(timedelta(minutes=2, seconds=1))

        async def save(attempt: str, item: str, db: Database) -> None:
            with pytest.raises(Problem):
                await db.write(answers.save, attempt, item, AnswerIn(options=[]))

        results = await asyncio.gather(
            *(db.write(attempts.submit, one.id) for one in open_now for db in (first, second)),
            *(save(one.id, one.items[0].id, second) for one in open_now),
            *(db.write(sittings.close_overdue) for db in (first, second) for _ in range(3)),
        )

        told = {one.id: set[str]() for one in open_now}
        for result in results[: 2 * len(open_now)]:
            assert result is not None
            told[result.id].add(result.model_dump_json())
        assert {len(one) for one in told.values()} == {1}
        graded = select(func.count()).where(evidence_entries.c.body.contains('"attempt.graded"'))
        kept = select(func.count()).select_from(GradedAnswer)
        assert await first.read(lambda session: session.execute(graded).scalar_one()) == 8
        assert await first.read(lambda session: session.execute(kept).scalar_one()) == 16
    finally:
        for db in {first, second}:
            db.stop()


AT = datetime(2026, 1, 1, tzinfo=UTC)
QUESTIONS = [
    {
        "key": "old",
        "kind": "single",
        "text": "Since when?",
        "options": [{"text": "always", "correct": True, "feedback": None}, {"text": "never", "correct": False}],
    }
]
QUIZ = {"kind": "quiz", "key": "quiz", "title": "Quiz", "draw": 1, "pass_mark": 1.0, "questions": QUESTIONS}
ITEM = {"id": "item", "question": "old", "options": [{"id": "no", "index": 1}, {"id": "yes", "index": 0}]}
RESULT = {
    "id": "done",
    "enrolment": "enrolment",
    "score": 0.0,
    "passed": False,
    "submitted_at": "2026-01-01T00:00:00Z",
    "items": [{"id": "item", "correct": False, "feedback": None}],
}
PERSON = {
    "id": "person", "employee_number": "E-1", "user_name": "one", "name": "One", "email": "e@x.example",
    "department": "Support", "region": "EMEA", "languages": [], "active": True, "revision": 1, "created_at": AT,
}  # fmt: skip
ROWS: list[tuple[str, dict[str, Any]]] = [
    ("people", PERSON),
    ("courses", {"id": "c", "key": "old", "title": "Old", "summary": "", "version": 1, "revision": 1, "created_at": AT}),
    ("course_versions", {"id": "v", "course": "old", "number": 1, "modules": [QUIZ], "created_at": AT}),
    ("enrolments", {"id": "enrolment", "person": "person", "course": "old", "version": 1, "created_at": AT}),
    ("attempts", {"id": "open", "enrolment": "enrolment", "module": "quiz", "items": [ITEM], "started_at": AT}),
    ("answers", {"attempt": "open", "item": "item", "options": ["yes"]}),
    (
        "attempts",
        {"id": "done", "enrolment": "enrolment", "module": "quiz", "items": [ITEM], "started_at": AT,
         "submitted_at": AT, "passed": False, "result": RESULT},
    ),
    ("answers", {"attempt": "done", "item": "item", "options": ["no"]}),
]  # fmt: skip


async def test_sittings_and_answers_of_a_store_from_before_go_on(
    database_kind: str, templates: Templates, tmp_path: Path, clock: ShiftedClock
) -> None:
    url = templates.copy(database_kind, "backbone", tmp_path)
    engine = create_engine(url)
    before = tmp_path / "before"
    before.mkdir()
    shutil.copy(VERSIONS / "training_0001.py", before)
    migrate.upgrade(engine, before)
    tables = MetaData()
    tables.reflect(engine, only=list(dict(ROWS)))
    with engine.begin() as connection:
        for name, row in ROWS:
            table = tables.tables[name]
            connection.execute(insert(table).values(row))
    migrate.upgrade(engine, VERSIONS)
    engine.dispose()

    db = Database(url, clock)
    try:
        done = await db.read(attempts.get, "done")
        assert done.result is not None
        assert (done.result.score, done.items[0].chosen, done.deadline) == (0.0, ["no"], None)
        still = await db.read(attempts.get, "open")
        assert (still.items[0].chosen, still.items[0].text) == (["yes"], "Since when?")
        result = await db.write(attempts.submit, "open")
        assert (result.passed, result.score) == (True, 1.0)
    finally:
        db.stop()
