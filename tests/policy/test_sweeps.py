"""A question whose row cannot be read holds up no other one, and goes on once it is put right."""

from datetime import timedelta

from sqlalchemy import text

from services.policy.handlers import keep_questions_moving
from shared import set_aside
from shared.db import Database, Session
from tests.policy.conftest import PolicyService
from tests.policy.team import TEAM, ok, seat

QUESTIONS = f"{TEAM}/questions"


def damage(session: Session, question: str, words: str) -> None:
    kept = text("UPDATE questions SET tried = :words WHERE id = :question")
    session.execute(kept, {"question": question, "words": words})


async def with_whom(db: Database) -> dict[str, str | None]:
    return await db.read(lambda session: dict(session.execute(text("SELECT id, assignee FROM questions")).all()))


async def test_one_damaged_question_keeps_no_other_from_the_next_member(service: PolicyService) -> None:
    db = service.app.state.db
    await seat(service, "one", "E-1")
    client = service.as_person("E-4")
    first, second = [ok(await client.post(QUESTIONS, json={"text": "May I?"}))["id"] for _ in range(2)]
    await seat(service, "two", "E-2")
    await db.write(damage, first, "damaged")
    service.clock.advance(timedelta(days=30))
    await db.write(keep_questions_moving)
    one, two = service.people["E-1"], service.people["E-2"]
    assert await with_whom(db) == {first: one, second: two}
    assert await db.read(set_aside.count) == 1

    await db.write(damage, first, "[]")
    service.clock.advance(timedelta(minutes=2))
    await db.write(keep_questions_moving)
    assert await with_whom(db) == {first: two, second: two}
    assert await db.read(set_aside.count) == 0
