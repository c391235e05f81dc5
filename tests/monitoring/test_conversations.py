"""Where a conversation is, from the customer's first word to the last: never stuck, never with somebody who may not."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from pydantic import ValidationError
from sqlmodel import func, select

from services.monitoring.domain import accounts
from services.monitoring.domain.conversations import conversations
from services.monitoring.domain.posts import posts
from services.monitoring.domain.routing import assignments
from services.monitoring.handlers import keep_work_moving, part_with_leaver
from services.monitoring.schemas.accounts import AccountIn
from services.monitoring.schemas.conversations import HandoffIn
from services.monitoring.tables import Assignment
from shared.clock import ShiftedClock
from shared.context import Principal
from shared.db import Database, Session
from shared.events.training import PersonLeftV1
from shared.problems import NotFound
from shared.tables import outbox
from tests.monitoring.organisation import (
    KEY,
    add_person,
    certificate,
    certify,
    hire,
    listed,
    only,
    open_count,
    person_id,
    post,
    signed_in,
    state_availability,
    suspend,
)


@pytest.fixture
def db(db_on_both: Database) -> Database:
    return db_on_both


def told(session: Session, kind: str) -> int:
    statement = select(func.count()).where(outbox.c.type == f"monitoring.conversation.{kind}.v1")
    number: int = session.execute(statement).scalar_one()
    return number


async def test_a_mention_goes_to_somebody_certified_and_the_choice_is_explained(db: Database) -> None:
    await hire(db, 1)
    await db.write(add_person, 2)
    await db.write(state_availability, 2)
    await db.write(posts.ingest, [post("a")])

    conversation = await only(db)
    assert (conversation.state, conversation.assignee, conversation.customer) == ("assigned", "E-1", "@customer-a")
    assert conversation.why.chosen is not None
    assert [(one.person, one.why) for one in conversation.why.passed_over] == [("E-2", "holds no valid certificate")]


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"lang": "pt"}, "language:pt"),
        ({"lang": "en", "topic": "billing"}, "topic:billing in language:en"),
        ({"topic": "press"}, "topic:press"),
    ],
)
async def test_a_conversation_that_nobody_can_take_says_what_is_missing(
    db: Database, changes: dict[str, str], missing: str
) -> None:
    await hire(db, 1, topics=["delivery"])
    await db.write(posts.ingest, [post("a", **changes)])
    waiting = await only(db)
    assert (waiting.state, waiting.missing) == ("queued", missing)


async def test_whoever_comes_online_gets_the_oldest_that_wait_for_them_up_to_their_room(
    db: Database, clock: ShiftedClock
) -> None:
    await db.write(add_person, 1)
    await db.write(certify, 1)
    for name in ("pt", "a", "b", "c", "d"):
        await db.write(posts.ingest, [post(name, lang="pt" if name == "pt" else "en-GB")])
        clock.advance(timedelta(seconds=1))
    await db.write(state_availability, 1)

    states = {one.customer: one.state for one in await listed(db)}
    assert states == {
        "@customer-pt": "queued",
        "@customer-a": "assigned",
        "@customer-b": "assigned",
        "@customer-c": "assigned",
        "@customer-d": "queued",
    }
    assert await db.read(open_count, 1) == 3


async def test_silence_gives_a_conversation_to_the_next_person_exactly_once(db: Database, clock: ShiftedClock) -> None:
    await hire(db, 1, 2)
    await db.write(posts.ingest, [post("a")])
    first = await only(db)
    clock.advance(timedelta(minutes=16))
    await db.write(keep_work_moving)
    await db.write(keep_work_moving)

    second = await only(db)
    assert second.state == "assigned"
    assert {first.assignee, second.assignee} == {"E-1", "E-2"}
    assert await db.read(told, "returned") == 1
    assert await db.read(told, "assigned") == 2
    assert await db.read(open_count, int((first.assignee or "").removeprefix("E-"))) == 0

    clock.advance(timedelta(minutes=16))
    await db.write(keep_work_moving)
    left = await only(db)
    assert (left.state, left.assignee) == ("queued", None), "both had it and were silent"
    clock.advance(timedelta(hours=2))
    await db.write(keep_work_moving)
    assert (await only(db)).state == "assigned", "after a while it is offered again"


async def test_an_accepted_conversation_has_no_deadline_to_accept_any_more(db: Database, clock: ShiftedClock) -> None:
    await hire(db, 1, 2)
    await db.write(posts.ingest, [post("a")])
    given = await only(db)
    await db.write(conversations.accept, given.id, KEY, given.assignee, given.revision)
    clock.advance(timedelta(hours=3))
    await db.write(keep_work_moving)
    still = await only(db)
    assert (still.assignee, still.state, still.accept_by) == (given.assignee, "accepted", None)


async def drain_by_suspension(db: Database, clock: ShiftedClock) -> None:
    del clock
    await db.write(suspend, 1)


async def drain_by_leaving(db: Database, clock: ShiftedClock) -> None:
    told_left = PersonLeftV1(id=person_id(1), left_at=clock.now())
    await db.write(lambda session: part_with_leaver(told_left, session))


async def drain_by_absence(db: Database, clock: ShiftedClock) -> None:
    del clock
    await db.write(state_availability, 1, away={})


async def drain_by_deactivation(db: Database, clock: ShiftedClock) -> None:
    del clock
    await db.write(add_person, 1, active=False)


async def drain_by_the_clock(db: Database, clock: ShiftedClock) -> None:
    clock.advance(timedelta(days=366))
    await db.write(lambda session: certify(session, 2, issued_at=session.now))
    await db.write(keep_work_moving)


@pytest.mark.parametrize(
    "lapse", [drain_by_suspension, drain_by_leaving, drain_by_absence, drain_by_deactivation, drain_by_the_clock]
)
async def test_all_that_a_person_has_open_goes_to_others_when_they_may_not_answer_any_more(
    db: Database, clock: ShiftedClock, lapse: Callable[[Database, ShiftedClock], object]
) -> None:
    await hire(db, 1)
    await db.write(posts.ingest, [post("a"), post("b"), post("c")])
    for given in await listed(db):
        await db.write(conversations.accept, given.id, KEY, "E-1", None)
    await hire(db, 2)
    await lapse(db, clock)  # type: ignore[misc]

    after = await listed(db)
    assert {(one.state, one.assignee) for one in after} == {("assigned", "E-2")}
    assert await db.read(open_count, 1) == 0
    assert await db.read(open_count, 2) == 3


async def test_a_suspended_certificate_that_is_replaced_does_not_count_and_its_replacement_does(db: Database) -> None:
    await hire(db, 1)
    await db.write(lambda session: certify(session, 1, id="renewed", replaces=certificate(1, session)["id"]))
    await db.write(
        lambda session: certify(session, 1, id="renewed", replaces=certificate(1, session)["id"], status="revoked")
    )
    await db.write(posts.ingest, [post("a")])
    assert (await only(db)).missing == "certification:responder"


async def test_a_hand_off_goes_to_somebody_else(db: Database) -> None:
    await hire(db, 1, 2)
    await db.write(posts.ingest, [post("a")])
    given = await only(db)
    await db.write(conversations.hand_off, given.id, HandoffIn(reason="I know this customer."), KEY, given.revision)
    assert {given.assignee, (await only(db)).assignee} == {"E-1", "E-2"}


async def test_whoever_has_a_conversation_no_more_is_told_so_and_a_stranger_of_nothing(db: Database) -> None:
    await hire(db, 1, 2)
    await db.write(add_person, 3)
    await db.write(posts.ingest, [post("a")])
    given = await only(db)
    await db.write(conversations.hand_off, given.id, HandoffIn(reason="I am off."), KEY, given.revision)
    former = int(str(given.assignee).removeprefix("E-"))

    for change, rest in ((conversations.accept, (None, None)), (conversations.resolve, (None,))):
        with pytest.raises(conversations.NotYourConversation):
            await db.write(change, given.id, signed_in(former), *rest)
        with pytest.raises(NotFound):
            await db.write(change, given.id, signed_in(3), *rest)
    assert (await only(db)).state == "assigned"


async def test_only_the_assignee_may_accept(db: Database) -> None:
    await hire(db, 1)
    await db.write(add_person, 2)
    await db.write(posts.ingest, [post("a")])
    given = await only(db)
    with pytest.raises(NotFound):
        await db.write(conversations.accept, given.id, signed_in(2), None, None)
    with pytest.raises(conversations.NotYourConversation):
        await db.write(conversations.accept, given.id, KEY, "E-2", None)
    accepted = await db.write(conversations.accept, given.id, signed_in(1), None, given.revision)
    assert accepted.state == "accepted"


async def test_hours_are_kept_in_the_colleagues_own_time_zone(db: Database, clock: ShiftedClock) -> None:
    hours = {"zone": "Asia/Tokyo", "days": [0, 1, 2, 3, 4, 5, 6], "start": "09:00", "end": "17:00"}
    await hire(db, 1, hours=hours)
    now = clock.now()
    clock.advance(timedelta(hours=(20 - now.hour) % 24))
    await db.write(posts.ingest, [post("a")])
    early = await only(db)
    clock.advance(timedelta(hours=4, minutes=1))
    await db.write(keep_work_moving)
    assert (early.missing, (await only(db)).state) == ("presence", "assigned")


async def test_an_hour_with_an_offset_of_its_own_is_refused_before_it_stops_the_router(db: Database) -> None:
    await hire(db, 1, hours={"zone": "UTC", "days": [0, 1, 2, 3, 4, 5, 6], "start": "00:00", "end": "23:59"})
    with pytest.raises(ValidationError, match="without an offset"):
        await hire(db, 2, hours={"zone": "UTC", "start": "09:00Z", "end": "17:00"})


def assignments_of(session: Session) -> list[tuple[str | None, bool]]:
    return [
        (row.ended, row.accepted_at is not None)
        for row in session.execute(select(Assignment).order_by(Assignment.id)).scalars()
    ]


async def test_every_assignment_leaves_a_trace_of_how_it_ended(db: Database, clock: ShiftedClock) -> None:
    await hire(db, 1)
    await db.write(posts.ingest, [post("a")])
    clock.advance(timedelta(minutes=16))
    await db.write(keep_work_moving)
    await hire(db, 2)
    given = await only(db)
    await db.write(conversations.accept, given.id, KEY, "E-2", None)
    await db.write(conversations.resolve, given.id, KEY, None)
    assert await db.read(assignments_of) == [(assignments.SILENT, False), ("resolved", True)]


async def test_somebody_who_signed_in_and_is_no_person_here_acts_for_nobody(db: Database) -> None:
    stranger = Principal("person:guest", scopes=frozenset({"self"}))
    coach = Principal("person:coach", scopes=frozenset({"self", "conversations:read", "conversations:write"}))
    await db.write(posts.ingest, [post("1")])
    queued = await only(db)
    with pytest.raises(NotFound):
        await db.write(conversations.resolve, queued.id, stranger, None)
    await hire(db, 1)
    assert (await only(db)).assignee == "E-1"
    with pytest.raises(NotFound):
        await db.write(conversations.accept, queued.id, stranger, "E-1", None)
    with pytest.raises(NotFound):
        await db.write(conversations.accept, queued.id, coach, "E-1", None)
    with pytest.raises(conversations.NotYourConversation):
        await db.write(conversations.accept, queued.id, coach, None, None)
    with pytest.raises(NotFound):
        await db.write(
            accounts.register,
            AccountIn(network="mastodon", handle="ana", kind="staff", employee_number="E-1"),
            stranger,
        )
