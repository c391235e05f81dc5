"""Somebody's time to accept a conversation runs from when a message told them, if one is on its way to them."""

from datetime import timedelta

from sqlmodel import select

from services.monitoring.domain.posts import posts
from services.monitoring.handlers import keep_work_moving, note_notice, wait_for_notice
from services.monitoring.settings import terms
from services.monitoring.tables import Assignment
from shared.clock import ShiftedClock
from shared.db import Database, Session
from shared.events.gateway import NoticeDeliveredV1, NoticePlannedV1
from tests.monitoring.organisation import hire, listed, only, person_id, post

MINUTE = timedelta(minutes=1)


def plan_notice(session: Session, kind: str = "conversation_yours") -> None:
    """Handle the event that a message about the assignment is on its way."""
    wait_for_notice(NoticePlannedV1(id="n", kind=kind, fact=assignment(session), planned_at=session.now), session)


def delivery(session: Session) -> NoticeDeliveredV1:
    """Return the event that it was taken at this moment."""
    told = {"kind": "conversation_yours", "channel": "email", "person": person_id(1)}
    return NoticeDeliveredV1(id="n", fact=assignment(session), delivered_at=session.now, **told)


def deliver_notice(session: Session) -> None:
    """Handle the event that it was taken."""
    note_notice(delivery(session), session)


def assignment(session: Session) -> str:
    return session.exec(select(Assignment.id)).one()


async def assigned(db: Database) -> None:
    """Let a conversation be somebody's, who is the only one."""
    await hire(db, 1)
    await db.write(posts.ingest, [post("a")])
    assert (await only(db)).assignee == "E-1"


async def holder(db: Database, clock: ShiftedClock, later: timedelta) -> str | None:
    """Return whose the conversation is after a while."""
    clock.advance(later)
    await db.write(keep_work_moving)
    return (await only(db)).assignee


async def test_time_runs_from_when_the_message_was_taken_and_not_while_it_is_on_its_way(
    db_on_both: Database, clock: ShiftedClock
) -> None:
    db = db_on_both
    await assigned(db)
    await db.write(plan_notice)
    assert await holder(db, clock, 50 * MINUTE) == "E-1", "the mail server is away"
    await db.write(deliver_notice)
    await db.write(deliver_notice)
    assert await holder(db, clock, 14 * MINUTE) == "E-1"
    assert await holder(db, clock, 2 * MINUTE) is None


async def test_a_deadline_that_was_put_off_for_a_message_is_that_of_the_message(
    db: Database, clock: ShiftedClock
) -> None:
    await assigned(db)
    await db.write(plan_notice)
    clock.advance(5 * MINUTE)
    late_news = await db.read(delivery)
    assert await holder(db, clock, 11 * MINUTE) == "E-1", "monitoring has not heard of it yet"
    await db.write(lambda session: note_notice(late_news, session))
    assert (await only(db)).accept_by == late_news.delivered_at + terms().accept_within
    assert await holder(db, clock, 5 * MINUTE) is None


async def test_a_message_that_nobody_takes_keeps_a_customer_waiting_for_two_hours_at_most(
    db: Database, clock: ShiftedClock
) -> None:
    await assigned(db)
    await db.write(plan_notice)
    assert await holder(db, clock, 119 * MINUTE) == "E-1"
    assert await holder(db, clock, 17 * MINUTE) is None


async def test_messages_about_anything_else_and_about_what_is_over_change_nothing(
    db: Database, clock: ShiftedClock
) -> None:
    await assigned(db)
    await db.write(plan_notice, "conversation_due_soon")
    assert await holder(db, clock, 16 * MINUTE) is None, "who is reached nowhere else was told by the bell"
    before = await listed(db)
    await db.write(deliver_notice)
    assert await listed(db) == before
