"""Sittings where only the database shows: several processes that end one at once, and a store from before."""

import asyncio
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData, create_engine, func, insert, select, text

from services.training.domain.learning import answers, attempts, enrolments, sittings
from services.training.domain.provisioning import people
from services.training.domain.teaching import course_versions, courses
from services.training.schemas.attempts import AnswerIn, AttemptIn, AttemptOut
from services.training.schemas.courses import CourseIn, CourseVersionIn
from services.training.schemas.enrolments import EnrolmentIn
from services.training.tables import GradedAnswer
from shared import migrate
from shared.clock import ShiftedClock
from shared.context import Context
from shared.db import Database, Session
from shared.engines import Timeouts, create_postgresql
from shared.problems import Problem
from shared.tables import evidence_entries
from tests.conftest import SERVICES, Templates
from tests.training.organisation import person
from tests.training.quizzing import COURSE, single

VERSIONS = SERVICES / "training" / "migrations" / "versions"


async def start_timed(db: Database) -> AttemptOut:
    """Let somebody begin the quiz of a course, which lasts a minute."""
    quiz = {"kind": "quiz", "key": "quiz", "title": "Quiz", "pass_mark": 1, "time_limit_minutes": 1}
    version = CourseVersionIn.model_validate({"modules": [{**quiz, "questions": [single(1), single(2)]}]})
    await db.write(courses.create, CourseIn(key=COURSE, title="Tested"))
    await db.write(course_versions.add, COURSE, version)
    await db.write(people.create, person(1))
    enrolment = await db.write(enrolments.create, EnrolmentIn(employee_number="E-1", course=COURSE))
    return await db.write(attempts.start, enrolment.id, AttemptIn())


def graded(session: Session) -> tuple[int, int]:
    """Return how often a sitting was graded, and how many answers are kept of that."""
    proved = select(func.count()).where(evidence_entries.c.body.contains('"attempt.graded"'))
    kept = select(func.count()).select_from(GradedAnswer)
    return session.execute(proved).scalar_one(), session.execute(kept).scalar_one()


def run(url: str, now: datetime, fn: Callable[[Session], object]) -> object:
    """Run a function in a transaction of its own, as another process would; returns the problem that it raised, too."""
    engine = create_postgresql(url, Timeouts())
    try:
        with Session(engine, now, Context()) as session:
            result = fn(session)
            session.finish()
            session.commit()
            return result
    except Problem as problem:
        return problem
    finally:
        engine.dispose()


async def until_waiting(db: Database, count: int) -> None:
    """Wait until so many transactions wait for what another one holds."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with asyncio.timeout(20):
        while await db.read(lambda session: session.execute(waiting).scalar_one()) < count:  # noqa: ASYNC110  nobody tells
            await asyncio.sleep(0.02)


async def test_a_sitting_that_several_processes_end_at_once_is_graded_once(
    templates: Templates, tmp_path: Path, clock: ShiftedClock
) -> None:
    url = templates.copy("postgresql", "training", tmp_path)
    db = Database(url, clock)
    engine = create_postgresql(url, Timeouts())
    try:
        attempt = await start_timed(db)
        clock.advance(timedelta(minutes=2, seconds=1))
        others: list[Callable[[Session], object]] = [
            sittings.close_overdue,
            lambda session: attempts.submit(session, attempt.id),
            lambda session: answers.save(session, attempt.id, attempt.items[0].id, AnswerIn(options=[])),
        ]
        with Session(engine, clock.now(), Context()) as session:
            first = attempts.submit(session, attempt.id)
            waiting = asyncio.gather(*(asyncio.to_thread(run, url, clock.now(), other) for other in others))
            await until_waiting(db, len(others))
            session.finish()
            session.commit()
        swept, second, saved = await waiting

        assert (swept, second) == (None, first)
        assert isinstance(saved, sittings.AttemptClosed)
        assert await db.read(graded) == (1, 2)
    finally:
        db.stop()
        engine.dispose()


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
