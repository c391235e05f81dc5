"""Whoever accepts a conversation and is silent then does not keep it; whoever works on it does."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from services.monitoring.domain.conversations import conversations, replies
from services.monitoring.domain.figures import load
from services.monitoring.domain.posts import posts
from services.monitoring.domain.routing import assignments, staff
from services.monitoring.handlers import keep_work_moving
from services.monitoring.schemas.conversations import ReplyIn
from services.monitoring.settings import terms
from services.monitoring.tables import Assignment, Availability
from shared.clock import ShiftedClock
from shared.db import Database, Session
from shared.events.monitoring import ConversationReturnedV1
from shared.evidence import digest_of
from shared.problems import Problem
from tests.evidence import evidence_of
from tests.monitoring.organisation import KEY, hire, open_count, person_id, post
from tests.monitoring.serving import MonitoringService

HOUR = timedelta(hours=1)
Act = Callable[[MonitoringService, str], Awaitable[object]]


async def accepted(service: MonitoringService, *others: int, **changes: object) -> str:
    """Let E-1 have accepted a conversation; others come after."""
    await hire(service.db, 1, **changes)
    conversation = await service.push()
    await service.post(f"/v1/conversations/{conversation['id']}/acceptance", {"employee_number": "E-1"})
    if others:
        await hire(service.db, *others)
    return str(conversation["id"])


async def holder(service: MonitoringService, conversation: str) -> tuple[str, str | None]:
    one = await service.get(f"/v1/conversations/{conversation}")
    return one["state"], one["assignee"]


def minutes(session: Session) -> list[tuple[str, int | None, str | None]]:
    rows = session.execute(select(Assignment).order_by(Assignment.id)).scalars()
    return [(row.person, row.minutes, row.ended) for row in rows]


def last_assignment(session: Session) -> Assignment:
    return session.exec(select(Assignment).order_by(col(Assignment.id).desc()).limit(1)).one()


async def test_who_accepts_and_is_silent_loses_it_to_the_next_and_nobody_counts_it_as_theirs(
    service: MonitoringService,
) -> None:
    conversation = await accepted(service, 2)
    await service.advance(timedelta(hours=3, minutes=59))
    assert await holder(service, conversation) == ("accepted", "E-1")
    await service.advance(timedelta(minutes=2))
    assert await holder(service, conversation) == ("assigned", "E-2")

    [told] = await service.told(ConversationReturnedV1.type)
    assert (told["person"], told["assignee"], told["why"]) == (person_id(1), None, staff.LAPSED)
    proved = (f"conversation/{conversation}", digest_of(staff.LAPSED), person_id(1))
    assert proved in await evidence_of(service.db, "conversation.return")
    assert [await service.db.read(open_count, number) for number in (1, 2)] == [0, 1]
    assumed = terms().minutes_per_conversation
    assert await service.db.read(minutes) == [(person_id(1), assumed, staff.LAPSED), (person_id(2), None, None)]
    assert (await service.db.read(load.report)).returned_for_silence == 1
    assert [said["text"] for said in (await service.get(f"/v1/conversations/{conversation}"))["messages"]]


async def test_with_nobody_else_there_it_waits_in_the_queue_where_it_is_seen(service: MonitoringService) -> None:
    conversation = await accepted(service)
    await service.advance(4 * HOUR)
    assert await holder(service, conversation) == ("queued", None)
    [waiting] = (await service.get("/v1/routing-queue"))["items"]
    assert (waiting["id"], waiting["missing"]) == (conversation, "somebody who has not given it back")


async def test_time_runs_in_working_hours_but_no_longer_than_a_day(service: MonitoringService) -> None:
    now = service.clock.now()
    shift = {"zone": "UTC", "days": list(range(7)), "start": "09:00", "end": "10:00"}
    service.clock.advance(datetime(now.year + 1, 3, 3, 9, tzinfo=UTC) - now)
    conversation = await accepted(service, hours=shift)
    until = (await service.get(f"/v1/conversations/{conversation}"))["theirs_until"]
    a_day_later = datetime(now.year + 1, 3, 4, 9, tzinfo=UTC)
    assert a_day_later <= datetime.fromisoformat(until) < a_day_later + HOUR, "and not in four days"
    await hire(service.db, 1, hours=shift | {"start": "09:00", "end": "12:30"})
    await service.advance(5 * HOUR)
    assert await holder(service, conversation) == ("accepted", "E-1")
    await service.advance(19 * HOUR + timedelta(seconds=1))
    assert (await holder(service, conversation))[0] == "queued"


async def note(service: MonitoringService, conversation: str) -> None:
    """Let E-1 note something."""
    await service.post(f"/v1/conversations/{conversation}/notes", {"text": "I asked them.", "employee_number": "E-1"})


async def draft(service: MonitoringService, conversation: str) -> None:
    """Let E-1 write a draft, which waits for a colleague."""
    await service.post(f"/v1/conversations/{conversation}/reply", {"text": "Soon.", "draft": True})


async def pause(service: MonitoringService, conversation: str) -> None:
    """Let a pause keep everybody from answering."""
    del conversation
    await service.post("/v1/pauses", {"scope": "all", "reason": "A storm."})


@pytest.mark.parametrize(("act", "much_later"), [(note, False), (draft, True), (pause, True)])
async def test_who_works_on_it_or_has_to_wait_for_others_keeps_it(
    service: MonitoringService, act: Act, much_later: bool
) -> None:
    conversation = await accepted(service, 2)
    await service.advance(3 * HOUR)
    await act(service, conversation)
    await service.advance(3 * HOUR)
    assert await holder(service, conversation) == ("accepted", "E-1")
    for _ in range(6):
        await service.advance(4 * HOUR)
    assert (await holder(service, conversation) == ("accepted", "E-1")) is much_later


async def test_a_draft_that_nobody_ever_reads_does_not_keep_a_customer_waiting_for_ever(
    service: MonitoringService,
) -> None:
    conversation = await accepted(service, 2)
    await draft(service, conversation)
    for _ in range(20):
        await service.advance(4 * HOUR)
    assert (await holder(service, conversation))[1] != "E-1"


async def test_a_draft_that_was_overtaken_does_not_stop_the_clock_when_the_customer_writes_again(
    service: MonitoringService,
) -> None:
    conversation = await accepted(service, 2)
    await draft(service, conversation)
    service.clock.advance(HOUR)
    await service.post(f"/v1/conversations/{conversation}/reply", {"text": "Today."})
    service.clock.advance(HOUR)
    await service.push(text="And when?")
    assert await holder(service, conversation) == ("accepted", "E-1")
    await service.advance(4 * HOUR)
    assert await holder(service, conversation) == ("assigned", "E-2")


async def test_what_they_worked_before_they_fell_silent_counts_of_their_week(service: MonitoringService) -> None:
    conversation = await accepted(service, 2)
    service.clock.advance(timedelta(minutes=24, seconds=1))
    await note(service, conversation)
    for _ in range(2):
        await service.advance(4 * HOUR)
    assert (await service.db.read(minutes))[0] == (person_id(1), 25, staff.LAPSED)


async def test_who_let_it_lie_is_not_the_one_who_knows_the_customer(service: MonitoringService) -> None:
    conversation = await accepted(service)
    await service.advance(4 * HOUR)
    await service.advance(2 * HOUR)
    assert await holder(service, conversation) == ("assigned", "E-1"), "after a while, who else"
    one = await service.get(f"/v1/conversations/{conversation}")
    assert "knows this customer" not in one["why"]["chosen"]


async def test_an_answer_in_the_moment_in_which_it_is_passed_on_is_given_once_or_refused(
    db_on_both: Database, clock: ShiftedClock
) -> None:
    db = db_on_both
    await hire(db, 1)
    for turn in range(6):
        await db.write(posts.ingest, [post(str(turn))])
        one = await db.read(last_assignment)
        await db.write(conversations.accept, one.conversation, KEY, "E-1", None)
        clock.advance(terms().act_within)
        answer = db.write(replies.send, one.conversation, ReplyIn(text="Today."), KEY, None)
        both = [answer, db.write(keep_work_moving)] if turn % 2 else [db.write(keep_work_moving), answer]
        results = await asyncio.gather(*both, return_exceptions=True)
        failed = [result for result in results if isinstance(result, BaseException)]
        assert all(isinstance(failure, Problem) for failure in failed), failed
        assert (await db.read(last_assignment)).ended == (staff.LAPSED if failed else "answered")
        assert await db.read(open_count, 1) == 0
        clock.advance(timedelta(hours=2))
        await db.write(conversations.resolve, one.conversation, KEY, None)
        await db.write(keep_work_moving)


@settings(max_examples=50, deadline=None)
@given(
    days_on=st.integers(0, 365),
    signs=st.lists(st.timedeltas(timedelta(), timedelta(days=3)), min_size=2, max_size=5),
    begins=st.integers(0, 23),
    days=st.sets(st.integers(0, 6), min_size=1),
)
def test_a_later_sign_never_shortens_the_time_and_it_is_never_more_than_a_day(
    days_on: int, signs: list[timedelta], begins: int, days: set[int]
) -> None:
    start = datetime(2030, 1, 1, tzinfo=UTC) + timedelta(days=days_on)
    hours = {"zone": "Europe/Berlin", "days": sorted(days), "start": f"{begins:02}:00", "end": "23:30"}
    row = Availability(person="p", languages=[], topics=[], capacity=1, weekly_minutes=60, online=True, hours=hours)
    untils = [assignments.stays_until(row, start + sign) for sign in sorted(signs)]
    assert all(earlier <= later for earlier, later in pairwise(untils))
    for sign, until in zip(sorted(signs), untils, strict=True):
        assert terms().act_within <= until - (start + sign) <= terms().act_within_at_most
