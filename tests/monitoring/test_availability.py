"""Who is there, for how long, and what their hours and minutes allow."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import col, select

from services.monitoring.domain.accounts import handle_key
from services.monitoring.domain.conversations import conversations
from services.monitoring.domain.posts import posts
from services.monitoring.domain.routing import availability, staff
from services.monitoring.handlers import keep_work_moving
from services.monitoring.schemas.availability import PresenceIn
from services.monitoring.schemas.conversations import HandoffIn
from services.monitoring.tables import Account, Assignment, Availability
from shared.clock import ShiftedClock
from shared.db import Database, Session
from shared.ids import new_id
from shared.marks import write_mark
from shared.problems import NotFound
from shared.tables import outbox
from tests.monitoring.organisation import (
    KEY,
    add_person,
    certify,
    hire,
    listed,
    only,
    person_id,
    post,
    signed_in,
    state_availability,
)

MINUTE = timedelta(minutes=1)
ALL_WEEK = [0, 1, 2, 3, 4, 5, 6]


async def confirm(db: Database, number: int, *, present: bool = True) -> str | None:
    told = await db.write(availability.confirm, f"E-{number}", PresenceIn(present=present), signed_in(number))
    return told.barrier


async def test_whoever_confirms_being_there_gets_what_waits_until_they_stop_confirming(
    db: Database, clock: ShiftedClock
) -> None:
    await hire(db, 1, online=False, capacity=1)
    await db.write(posts.ingest, [post("a"), post("b")])
    assert await confirm(db, 1) == staff.FULL
    given = next(one for one in await listed(db) if one.assignee == "E-1")
    clock.advance(14 * MINUTE)
    await confirm(db, 1)
    await db.write(conversations.accept, given.id, signed_in(1), None, None)
    clock.advance(16 * MINUTE)
    await db.write(conversations.resolve, given.id, signed_in(1), None)
    left = next(one for one in await listed(db) if one.id != given.id)
    assert left.state == "queued", "nobody has confirmed for a while"
    assert (await db.read(availability.read, "E-1", KEY)).online is False
    assert await confirm(db, 1) == staff.FULL
    assert {one.state for one in await listed(db)} == {"resolved", "assigned"}


async def test_nobody_confirms_for_somebody_else_and_whoever_says_they_are_gone_gets_nothing(db: Database) -> None:
    await hire(db, 1, 2)
    with pytest.raises(NotFound):
        await db.write(availability.confirm, "E-1", PresenceIn(), signed_in(2))
    assert await confirm(db, 1, present=False) == staff.OFFLINE
    await db.write(posts.ingest, [post("a")])
    assert (await only(db)).assignee == "E-2"


def in_an_hour(clock: ShiftedClock, **changes: object) -> dict[str, object]:
    """Return hours that end in ten minutes, and begin again in an hour."""
    now = clock.now().replace(microsecond=0)
    start, end = (now + timedelta(hours=1)).time(), (now + 10 * MINUTE).time()
    return {"zone": "UTC", "days": ALL_WEEK, "start": start.isoformat(), "end": end.isoformat(), **changes}


async def test_the_time_to_accept_stands_still_outside_the_persons_hours(db: Database, clock: ShiftedClock) -> None:
    await hire(db, 1, hours=in_an_hour(clock))
    await db.write(posts.ingest, [post("a")])
    given = await only(db)
    clock.advance(59 * MINUTE)
    await db.write(keep_work_moving)
    assert (await only(db)).assignee == "E-1"
    clock.advance(7 * MINUTE)
    await db.write(keep_work_moving)
    assert (await only(db)).assignee is None
    assert given.accept_by is not None
    assert given.accept_by > given.queued_at + 60 * MINUTE


def nothing_published(session: Session) -> None:
    """Let this be a service that has a broker, which is away."""
    write_mark(session, "relay.stream", "2026-01-01")


def published(session: Session) -> None:
    session.execute(outbox.update().values(published_at=session.now))


async def test_the_time_to_accept_runs_from_when_the_notice_was_delivered(
    db_on_both: Database, clock: ShiftedClock
) -> None:
    db = db_on_both
    await db.write(nothing_published)
    await hire(db, 1)
    await db.write(posts.ingest, [post("a")])
    clock.advance(20 * MINUTE)
    await db.write(keep_work_moving)
    assert (await only(db)).assignee == "E-1", "nobody told them yet"
    clock.advance(5 * MINUTE)
    await db.write(published)
    clock.advance(14 * MINUTE)
    await db.write(keep_work_moving)
    assert (await only(db)).assignee == "E-1", "they have known for 14 minutes"
    clock.advance(2 * MINUTE)
    await db.write(keep_work_moving)
    assert (await only(db)).assignee is None


def spent(session: Session, number: int) -> int:
    return staff.minutes_spent(session.get_one(Availability, person_id(number)), session.now)


async def test_minutes_are_those_between_acceptance_and_answer_each_counted_once(
    db: Database, clock: ShiftedClock
) -> None:
    while clock.now().weekday() == 6:
        clock.advance(timedelta(days=1))
    await hire(db, 1, weekly_minutes=100, capacity=10)
    await db.write(posts.ingest, [post("a"), post("b"), post("c")])
    first, second, third = sorted(await listed(db), key=lambda one: one.id)
    await db.write(conversations.accept, first.id, KEY, "E-1", None)
    clock.advance(10 * MINUTE)
    await db.write(conversations.accept, second.id, KEY, "E-1", None)
    clock.advance(10 * MINUTE)
    await db.write(conversations.resolve, first.id, KEY, None)
    clock.advance(10 * MINUTE)
    await db.write(conversations.resolve, second.id, KEY, None)
    assert 30 <= await db.read(spent, 1) <= 32, "not 20 and 20"
    await db.write(conversations.hand_off, third.id, HandoffIn(reason="Not mine."), KEY, None)
    assert 30 <= await db.read(spent, 1) <= 32, "what was not begun takes nothing"


async def test_whoever_has_spent_their_minutes_gets_nothing_more_this_week(db: Database, clock: ShiftedClock) -> None:
    while clock.now().weekday() == 6:
        clock.advance(timedelta(days=1))
    await hire(db, 1, weekly_minutes=45, capacity=10)
    await db.write(posts.ingest, [post("a")])
    given = await only(db)
    await db.write(conversations.accept, given.id, KEY, "E-1", None)
    clock.advance(36 * MINUTE)
    await db.write(conversations.resolve, given.id, KEY, None)
    await db.write(posts.ingest, [post("b")])
    waiting = next(one for one in await listed(db) if one.customer == "@customer-b")
    assert (waiting.state, waiting.missing) == ("queued", "room")
    clock.advance(timedelta(days=7))
    await db.write(keep_work_moving)
    assert next(one for one in await listed(db) if one.customer == "@customer-b").state == "assigned"


small = st.integers(0, 12)


@given(small, st.integers(0, 120), small, st.integers(0, 120), st.booleans())
def test_room_never_goes_beyond_the_capacity_or_the_minutes_that_are_left(
    capacity: int, weekly: int, opened: int, minutes: int, this_week: bool
) -> None:
    now = datetime(2026, 11, 25, 12, tzinfo=UTC)
    row = Availability(
        person="p",
        languages=["en"],
        topics=[],
        capacity=capacity,
        weekly_minutes=weekly,
        online=True,
        open=opened,
        minutes=minutes,
        week=staff.week_of(now if this_week else now - timedelta(days=7)),
        faded_at=now,
        idle_since=now,
    )
    left, spent_now = staff.room(row, now), minutes if this_week else 0
    assert left >= 0
    if left:
        assert opened + left <= capacity
        assert spent_now + (opened + left) * 10 <= weekly
    else:
        assert opened + 1 > capacity or spent_now + (opened + 1) * 10 > weekly


async def test_a_customer_who_comes_back_is_answered_by_whom_they_know(
    db_on_both: Database, clock: ShiftedClock
) -> None:
    db = db_on_both
    await hire(db, 1, capacity=5)
    await db.write(posts.ingest, [post("a", author="@ruth")])
    known = await only(db)
    await db.write(conversations.accept, known.id, KEY, "E-1", None)
    await db.write(conversations.resolve, known.id, KEY, None)
    await hire(db, 2, capacity=5)
    clock.advance(MINUTE)
    await db.write(posts.ingest, [post("b", author="@ruth"), post("c", author="@someone")])
    again = {one.customer: one for one in await listed(db) if one.state != "resolved"}
    assert (again["@ruth"].assignee, again["@someone"].assignee) == ("E-1", "E-2")
    assert again["@ruth"].why.chosen is not None
    assert "knows this customer" in again["@ruth"].why.chosen


def own_account(session: Session, number: int, handle: str) -> None:
    session.add(
        Account(
            id=new_id(),
            network="mastodon",
            handle=handle,
            handle_key=handle_key(handle),
            kind="staff",
            person=person_id(number),
            created_at=session.now,
        )
    )


async def test_nobody_answers_themselves_their_manager_or_a_customer_they_do_not_want(db_on_both: Database) -> None:
    db = db_on_both
    await hire(db, 1, capacity=5)
    await hire(db, 2, capacity=5, not_with=["@RUDE"])
    await hire(db, 3, capacity=2)
    await db.write(add_person, 3, manager=1)
    await db.write(own_account, 1, "@ana")
    await db.write(posts.ingest, [post("a", author="@Ana"), post("b", author="@rude")])
    given = {one.customer: one for one in await listed(db)}
    assert given["@Ana"].assignee == "E-2"
    assert given["@rude"].assignee in {"E-1", "E-3"}

    await db.write(state_availability, 2, away={})
    waiting = next(one for one in await listed(db) if one.customer == "@Ana")
    too_close = "is too close to this customer, or does not want them"
    assert waiting.assignee is None
    assert {(one.person, one.why) for one in waiting.why.passed_over if one.why == too_close} == {
        ("E-1", too_close),
        ("E-3", too_close),
    }, "E-1 manages E-3"


async def test_hours_off_duty_do_not_count_as_hours_online(db: Database, clock: ShiftedClock) -> None:
    await db.write(add_person, 1)
    await db.write(certify, 1)
    await db.write(state_availability, 1, hours=in_an_hour(clock))
    clock.advance(timedelta(hours=2))
    (member,) = await db.read(staff.members)
    _, online = staff.faded(member.row, clock.now())
    assert 70 / 60 - 0.1 < online < 70 / 60 + 0.1


def noted(session: Session) -> list[int | None]:
    return list(session.execute(select(Assignment.minutes).order_by(col(Assignment.id))).scalars())


async def test_what_an_answer_took_stands_on_its_assignment(db: Database, clock: ShiftedClock) -> None:
    await hire(db, 1)
    await db.write(posts.ingest, [post("a")])
    given = await only(db)
    await db.write(conversations.accept, given.id, KEY, "E-1", None)
    clock.advance(timedelta(hours=9))
    await db.write(conversations.resolve, given.id, KEY, None)
    assert await db.read(noted) == [60], "left open over night: no more than the most that one counts for"
