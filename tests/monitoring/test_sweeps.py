"""A conversation whose row cannot be read holds up no other one, and goes on once it is put right."""

from datetime import timedelta

from sqlalchemy import text

from services.monitoring.domain.posts import posts
from services.monitoring.handlers import keep_work_moving
from services.monitoring.settings import terms
from shared import set_aside
from shared.clock import ShiftedClock
from shared.db import Database, Session
from tests.monitoring.organisation import hire, person_id, post


def damage(session: Session, thread: str, words: str) -> None:
    kept = text("UPDATE conversations SET given_back = :words WHERE thread = :thread")
    session.execute(kept, {"thread": thread, "words": words})


async def held(db: Database) -> dict[str, str | None]:
    """Return with whom each thread is."""
    rows = "SELECT thread, assignee FROM conversations"
    return await db.read(lambda session: dict(session.execute(text(rows)).all()))


async def test_one_damaged_conversation_keeps_no_other_with_somebody_silent_or_gone(
    db: Database, clock: ShiftedClock
) -> None:
    await hire(db, 1)
    await db.write(posts.ingest, [post("a"), post("b")])
    await hire(db, 2)
    await db.write(damage, "@customer-a", "damaged")
    clock.advance(terms().accept_within + timedelta(seconds=1))
    await db.write(keep_work_moving)
    assert await held(db) == {"@customer-a": person_id(1), "@customer-b": person_id(2)}
    assert await db.read(set_aside.count) == 1

    await db.write(damage, "@customer-a", "[]")
    clock.advance(timedelta(seconds=61))
    await db.write(keep_work_moving)
    assert (await held(db))["@customer-a"] == person_id(2)
    assert await db.read(set_aside.count) == 0


async def test_one_damaged_conversation_keeps_no_other_in_the_queue(db: Database, clock: ShiftedClock) -> None:
    away = {"since": clock.now().isoformat(), "until": (clock.now() + timedelta(hours=1)).isoformat()}
    await hire(db, 1, away=away)
    await db.write(posts.ingest, [post("a"), post("b")])
    await db.write(damage, "@customer-a", "damaged")
    clock.advance(timedelta(hours=2))
    await db.write(keep_work_moving)
    assert await held(db) == {"@customer-a": None, "@customer-b": person_id(1)}
    assert await db.read(set_aside.count) == 1
