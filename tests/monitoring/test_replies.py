"""What is said to customers and by them: checked, kept once, and held back while a pause lasts."""

from datetime import timedelta

import pytest
from sqlmodel import select

from services.monitoring.domain.conversations import conversations, inbound, replies, showing
from services.monitoring.domain.posts import posts
from services.monitoring.domain.routing import pauses
from services.monitoring.handlers import keep_work_moving
from services.monitoring.schemas.conversations import ConversationIn, DeliveryIn, MessageIn, ReplyIn
from services.monitoring.schemas.pauses import PauseIn
from shared.clock import ShiftedClock
from shared.db import Database, Session
from shared.evidence import digest_of
from shared.tables import outbox
from tests.evidence import evidence_of
from tests.monitoring.organisation import (
    KEY,
    bring_into_force,
    hire,
    listed,
    only,
    open_count,
    person_id,
    post,
    words_rule,
)


async def test_a_reply_is_checked_frees_its_author_and_the_next_word_of_the_customer_comes_back_to_them(
    db: Database,
) -> None:
    await hire(db, 1, 2)
    await db.write(
        bring_into_force,
        [
            words_rule("no-guarantee", "promises", "guarantee", severity="block"),
            words_rule("kind", "tone", "obviously"),
        ],
    )
    await db.write(posts.ingest, [post("a")])
    given = await only(db)
    with pytest.raises(replies.ReplyBlocked) as refused:
        await db.write(replies.send, given.id, ReplyIn(text="We guarantee it."), KEY, None)
    assert refused.value.extra["reasons"][0]["span"] == {"start": 3, "end": 12}

    reply = await db.write(replies.send, given.id, ReplyIn(text="Obviously it is on its way."), KEY, None)
    assert (reply.person, reply.status, reply.advice) == (given.assignee, "approved", ["Think again."])
    number = int(reply.person.removeprefix("E-"))
    for _ in range(2):
        await db.write(replies.report, reply.id, DeliveryIn(status="delivered", network_id="at://1"))
    assert await evidence_of(db, "reply.approve") == [
        (f"reply/{reply.id}", digest_of("Obviously it is on its way."), person_id(number))
    ]
    assert await evidence_of(db, "reply.delivered") == [(f"reply/{reply.id}", None, person_id(number))]
    assert len(await evidence_of(db, "availability.state")) == 2
    assert await db.read(open_count, number) == 0
    await db.write(inbound.add_message, given.id, MessageIn(network_id="a-2", text="Thanks, and when?"))
    again = await only(db)
    assert (again.state, again.assignee) == ("accepted", reply.person)
    assert await db.read(open_count, number) == 1
    await db.write(conversations.resolve, given.id, KEY, again.revision)
    assert await db.read(open_count, number) == 0


async def test_a_customer_has_one_conversation_per_network_until_a_while_after_it_is_resolved(
    db: Database, clock: ShiftedClock
) -> None:
    await hire(db, 1)
    same = [post("a", author="@kim"), post("b", author="@kim"), post("c", author="@kim", network="bluesky")]
    await db.write(posts.ingest, same)
    assert len(await listed(db)) == 2
    on_mastodon = next(one for one in await listed(db) if one.network == "mastodon")
    await db.write(conversations.resolve, on_mastodon.id, KEY, None)
    await db.write(posts.ingest, [post("d", author="@kim")])
    assert len(await listed(db)) == 2
    await db.write(conversations.resolve, on_mastodon.id, KEY, None)
    clock.advance(timedelta(days=3))
    await db.write(posts.ingest, [post("e", author="@kim")])
    assert len(await listed(db)) == 3


async def test_a_pushed_thread_is_the_same_conversation_however_often_it_is_pushed(
    db: Database, clock: ShiftedClock
) -> None:
    body = ConversationIn(
        network="email", thread="t-1", customer="kim@x.example", messages=[MessageIn(network_id="m-1", text="Hello?")]
    )
    first = await db.write(inbound.push, body)
    again = await db.write(inbound.push, body)
    assert again.id == first.id
    await db.write(conversations.resolve, first.id, KEY, None)
    assert (await db.write(inbound.push, body)).id == first.id
    clock.advance(timedelta(days=3))
    body.messages.append(MessageIn(network_id="m-2", text="It happened again."))
    assert (await db.write(inbound.push, body)).id != first.id
    detail = await db.read(showing.detail, first.id, KEY)
    assert [message.text for message in detail.messages] == ["Hello?"]


async def test_a_pause_stops_replies_and_routing_in_its_scope_until_it_ends(db: Database, clock: ShiftedClock) -> None:
    await hire(db, 1)
    await db.write(posts.ingest, [post("before")])
    given = await only(db)
    until = clock.now() + timedelta(hours=1)
    await db.write(
        pauses.start,
        PauseIn(scope="network:mastodon", reason="An outage.", until=until, holding_statement="We are on it."),
    )
    await db.write(posts.ingest, [post("a"), post("b", network="bluesky")])

    by_customer = {one.customer: one for one in await listed(db)}
    assert (by_customer["@customer-a"].state, by_customer["@customer-a"].missing) == ("queued", "pause")
    assert by_customer["@customer-b"].state == "assigned"
    await db.write(keep_work_moving)
    assert {one.customer for one in await listed(db) if one.state == "queued"} == {"@customer-a"}
    with pytest.raises(replies.Paused):
        await db.write(replies.send, given.id, ReplyIn(text="Hello."), KEY, None)

    for mine in (given, by_customer["@customer-b"]):
        await db.write(conversations.accept, mine.id, KEY, "E-1", None)
    clock.advance(timedelta(hours=1))
    await db.write(keep_work_moving)
    assert {one.customer for one in await listed(db) if one.state == "assigned"} == {"@customer-a"}


def bodies_told(session: Session) -> str:
    return b"".join(session.execute(select(outbox.c.body)).scalars()).decode()


async def test_events_name_nobody_by_employee_number_and_hold_no_words_of_a_conversation(db: Database) -> None:
    await hire(db, 77)
    await db.write(
        inbound.push,
        ConversationIn(
            network="email",
            thread="t",
            customer="kim@x.example",
            messages=[MessageIn(network_id="1", text="My secret.")],
        ),
    )
    await db.write(conversations.resolve, (await only(db)).id, KEY, None)
    everything = await db.read(bodies_told)
    assert "assigned.v1" in everything
    assert not any(private in everything for private in ("E-77", "My secret", "kim@x.example"))
