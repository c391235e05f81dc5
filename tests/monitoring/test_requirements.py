"""What a conversation asks for, what happens when nobody has it, and where that shows."""

from datetime import timedelta

import pytest
from sqlmodel import col, select

from services.monitoring.domain.conversations import conversations
from services.monitoring.domain.conversations.inbound import push
from services.monitoring.domain.routing import pauses, queue, requirements
from services.monitoring.domain.routing.requirements import Requirements
from services.monitoring.handlers import keep_work_moving
from services.monitoring.schemas.conversations import ConversationIn
from services.monitoring.schemas.pauses import PauseIn
from services.monitoring.schemas.requirements import RequirementsIn
from services.monitoring.tables import Conversation
from shared.clock import ShiftedClock
from shared.db import Database, Session
from shared.pages import PageQuery
from shared.problems import Stale
from tests.monitoring.organisation import KEY, certify, hire, listed, only

PRESS = RequirementsIn.model_validate({"items": [{"network": "press", "certification": "spokesperson"}]})
ALL = PageQuery(200, None)


def thread(name: str, network: str = "press", **changes: object) -> ConversationIn:
    body = {"network": network, "thread": name, "customer": f"@{name}", **changes}
    return ConversationIn.model_validate(body)


def test_the_narrowest_requirement_counts_and_a_kind_is_narrower_than_a_network() -> None:
    required = Requirements(
        "responder", {("press", "crisis"): "both", (None, "crisis"): "by-kind", ("press", None): "by-network"}
    )
    asked = [("press", "crisis"), ("email", "crisis"), ("press", "praise"), ("email", None)]
    assert [required.of(*one) for one in asked] == ["both", "by-kind", "by-network", "responder"]


async def test_whoever_lacks_what_is_asked_for_anew_gives_it_back_and_somebody_who_has_it_goes_on(
    db_on_both: Database,
) -> None:
    db = db_on_both
    await hire(db, 1)
    for one in (thread("a"), thread("b", "email")):
        await db.write(push, one)
    for given in await listed(db):
        await db.write(conversations.accept, given.id, KEY, "E-1", None)
    await db.write(requirements.put, PRESS, None)
    await db.write(keep_work_moving)
    after = {one.network: one for one in await listed(db)}
    assert (after["email"].assignee, after["press"].assignee) == ("E-1", None)
    assert after["press"].missing == "certification:spokesperson"
    assert [(one.person, one.why) for one in after["press"].why.passed_over] == [("E-1", "does not hold spokesperson")]

    await hire(db, 2)
    await db.write(lambda session: certify(session, 2, id="s", certification="spokesperson"))
    assert {one.network: one.assignee for one in await listed(db)} == {"email": "E-1", "press": "E-2"}


async def test_requirements_are_changed_on_the_revision_that_was_read(db: Database) -> None:
    first = await db.write(requirements.put, PRESS, 0)
    assert (first.revision, first.otherwise) == (1, "responder")
    with pytest.raises(Stale):
        await db.write(requirements.put, RequirementsIn(items=[]), 0)
    emptied = await db.write(requirements.put, RequirementsIn(items=[]), 1)
    assert (await db.read(requirements.read), emptied.items) == (emptied, [])


async def test_the_queue_and_the_gaps_say_what_is_missing_at_this_moment(db: Database, clock: ShiftedClock) -> None:
    await db.write(requirements.put, PRESS, None)
    await hire(db, 1, topics=["repairs"], capacity=1)
    threads = [
        thread("news"),
        thread("pt", "email", language="pt"),
        thread("pt-2", "chat", language="pt"),
        thread("jobs", "email", language="en", topic="jobs"),
        thread("first", "email"),
        thread("second", "email"),
    ]
    for one in threads:
        await db.write(push, one)
        clock.advance(timedelta(seconds=1))
    waiting = (await db.read(queue.listed, ALL)).items
    assert [one.missing for one in waiting] == [
        "certification:spokesperson",
        "language:pt",
        "language:pt",
        "topic:jobs in language:en",
        "room",
    ]
    assert waiting[3].needs == ["certification:responder", "language:en", "topic:jobs"]
    found = await db.read(queue.gaps)
    assert [(one.lack, one.missing, one.conversations) for one in found.items] == [
        ("language", "language:pt", 2),
        ("certification", "certification:spokesperson", 1),
        ("room", "room", 1),
        ("topic", "topic:jobs in language:en", 1),
    ]
    assert found.waiting == 5
    assert found.items[0].networks == ["chat", "email"]


async def test_during_a_pause_nobodys_time_runs_and_after_it_the_queue_moves_on(
    db: Database, clock: ShiftedClock
) -> None:
    await hire(db, 1, capacity=1)
    await db.write(push, thread("a"))
    paused = await db.write(pauses.start, PauseIn(scope="network:press", reason="A recall."))
    await db.write(push, thread("b"))
    clock.advance(timedelta(minutes=40))
    await db.write(keep_work_moving)
    with_e1, waiting = sorted(await listed(db), key=lambda one: one.customer)
    assert (with_e1.assignee, waiting.missing) == ("E-1", "pause")
    assert [one.lack for one in (await db.read(queue.gaps)).items] == ["pause"]

    await db.write(pauses.end, paused.id)
    await db.write(keep_work_moving)
    with_e1, waiting = sorted(await listed(db), key=lambda one: one.customer)
    assert (with_e1.assignee, waiting.missing) == ("E-1", "room")
    clock.advance(timedelta(minutes=16))
    await db.write(keep_work_moving)
    by_customer = {one.customer: one.assignee for one in await listed(db)}
    assert by_customer == {"@a": None, "@b": "E-1"}, "the time to accept runs again"


def make_urgent(session: Session) -> None:
    newest = select(Conversation).order_by(col(Conversation.id).desc()).limit(1)
    session.execute(newest).scalars().one().urgency = 3


async def test_an_urgent_one_comes_first_but_not_for_ever(db: Database, clock: ShiftedClock) -> None:
    await hire(db, 1, capacity=0)
    await db.write(push, thread("calm", messages=[{"network_id": "1", "text": "Thanks."}]))
    assert (await only(db)).state != "assigned"
    clock.advance(timedelta(minutes=30))
    await db.write(push, thread("urgent"))
    await db.write(make_urgent)
    await hire(db, 2, capacity=1)
    assert {one.customer: one.assignee for one in await listed(db)} == {"@calm": None, "@urgent": "E-2"}
    first = next(one for one in await listed(db) if one.assignee)
    clock.advance(timedelta(hours=3))
    await db.write(push, thread("urgent-2"))
    await db.write(make_urgent)
    await db.write(conversations.resolve, first.id, KEY, None)
    assert next(one for one in await listed(db) if one.state == "assigned").customer == "@calm"
