"""Replies that the rules hold: they wait for an approval and go out with it, if they still may."""

from datetime import timedelta

import pytest

from services.monitoring.domain import rules
from services.monitoring.domain.conversations import conversations, replies, reply_lists
from services.monitoring.domain.conversations.approvals import hash_of
from services.monitoring.domain.posts import posts
from services.monitoring.domain.routing import pauses
from services.monitoring.handlers import (
    drop_emergency_rule,
    judge_by_emergency_rule,
    keep_work_moving,
    note_what_is_late,
    send_held_replies,
)
from services.monitoring.schemas.conversations import DeliveryIn, HandoffIn, ReplyIn, ReplyOut
from services.monitoring.schemas.pauses import PauseIn
from services.monitoring.settings import terms
from shared.clock import ShiftedClock
from shared.db import Database, Session
from shared.events.policy import ApprovalDecidedV1, EmergencyRuleEndedV1, EmergencyRuleStartedV1
from shared.ids import new_id
from shared.pages import PageQuery
from shared.rules import Draft
from tests.evidence import evidence_of
from tests.monitoring.organisation import KEY, bring_into_force, hire, only, open_count, person_id, post, words_rule

TEXT = "We will refund all of it."
REQUEST = new_id()


async def given(db: Database) -> str:
    """Give a conversation to the one person there is, under a rule that holds refunds; returns its id."""
    await hire(db, 1)
    await db.write(bring_into_force, [words_rule("refunds", "money", "refund", severity="hold")])
    await db.write(posts.ingest, [post("a")])
    return (await only(db)).id


async def decide(db: Database, decision: str = "approved", text: str = TEXT, author: int = 1) -> None:
    """Let the service hear of a decision."""
    told = ApprovalDecidedV1(id=REQUEST, decision=decision, person=person_id(author), text_hash=hash_of(REQUEST, text))
    await db.write(lambda session: send_held_replies(told, session))


async def send(db: Database, conversation: str, text: str = TEXT) -> ReplyOut:
    """Send a reply that names the request."""
    return await db.write(replies.send, conversation, ReplyIn(text=text, approval_request=REQUEST), KEY, None)


async def listed(db: Database) -> list[tuple[str, str | None]]:
    """Return the status of each reply, with what is said of it."""
    page = await db.read(reply_lists.listed, PageQuery(50, None), KEY, None)
    return [(reply.status, reply.error) for reply in page.items]


async def test_a_held_reply_goes_out_once_it_is_approved_and_frees_its_author_only_then(db: Database) -> None:
    conversation = await given(db)
    with pytest.raises(replies.ReplyHeld):
        await db.write(replies.send, conversation, ReplyIn(text=TEXT), KEY, None)
    held = await send(db, conversation)
    assert (held.status, (await only(db)).state, await db.read(open_count, 1)) == ("held", "accepted", 1)
    with pytest.raises(replies.ReplyNotSent):
        await db.write(replies.report, held.id, DeliveryIn(status="delivered"))
    for _ in range(2):
        await decide(db)
    assert (await listed(db), (await only(db)).state) == ([("approved", None)], "answered")
    assert await db.read(open_count, 1) == 0
    assert len(await evidence_of(db, "reply.approve")) == 1


async def test_a_decision_that_came_first_lets_exactly_its_text_out(db: Database) -> None:
    conversation = await given(db)
    await decide(db)
    with pytest.raises(replies.ReplyHeld) as refused:
        await send(db, conversation, TEXT + " Twice!")
    assert "another text" in refused.value.detail
    assert (await send(db, conversation)).status == "approved"


async def test_a_rejected_reply_stays_with_its_author_who_may_write_another(db: Database) -> None:
    conversation = await given(db)
    await send(db, conversation)
    await decide(db, "rejected")
    assert [status for status, _ in await listed(db)] == ["refused"]
    assert (await only(db)).state == "accepted"
    with pytest.raises(replies.ReplyHeld):
        await send(db, conversation)
    assert (await send(db, conversation, "It is on its way.")).status == "approved"


async def test_an_approval_that_comes_when_the_reply_may_no_longer_go_out_sends_nothing(db: Database) -> None:
    conversation = await given(db)
    await send(db, conversation)
    await db.write(pauses.start, PauseIn(scope="all", reason="A storm."))
    await decide(db)
    assert await listed(db) == [("refused", "A storm.")]

    await db.write(pauses.end_due)
    other = await db.write(conversations.hand_off, conversation, HandoffIn(reason="Off."), KEY, None)
    assert other.state in {"queued", "assigned"}


async def test_a_reply_whose_approval_nobody_decides_on_is_refused_after_its_time_and_goes_out_no_more(
    db: Database, clock: ShiftedClock
) -> None:
    conversation = await given(db)
    held = await send(db, conversation)
    clock.advance(terms().approval_within - timedelta(minutes=1))
    await db.write(note_what_is_late)
    assert [status for status, _ in await listed(db)] == ["held"]
    clock.advance(timedelta(minutes=1))
    for _ in range(2):
        await db.write(note_what_is_late)
    await decide(db)
    assert await listed(db) == [("refused", "Nobody decided on the approval in time.")]
    assert [subject for subject, _, _ in await evidence_of(db, "reply.refuse")] == [f"reply/{held.id}"]


async def test_an_emergency_rule_judges_posts_and_replies_until_it_ends(db: Database, clock: ShiftedClock) -> None:
    conversation = await given(db)
    rule = words_rule("no-recall", "money", "recall", severity="hold")
    started = EmergencyRuleStartedV1(
        id=new_id(),
        policy="social-media",
        version=1,
        section="money",
        rule="no-recall",
        yaml=rule.yaml,
        started_at=clock.now(),
        ends_at=clock.now() + timedelta(minutes=5),
    )
    for _ in range(2):
        await db.write(lambda session: judge_by_emergency_rule(started, session))
    body = ReplyIn(text="No recall here.")
    with pytest.raises(replies.ReplyHeld) as held:
        await db.write(replies.send, conversation, body, KEY, None)
    assert held.value.extra["reasons"][0]["rule"] == "no-recall"

    def judged(session: Session) -> int:
        return len(rules.at_hand(session).run(Draft("a recall")))

    assert await db.read(judged) == 1
    clock.advance(timedelta(minutes=6))
    assert await db.read(judged) == 0, "the clock ends it, whoever is away"
    clock.advance(timedelta(minutes=-6))
    ended = EmergencyRuleEndedV1(id=started.id, policy="social-media", rule="no-recall", why="ended")
    await db.write(lambda session: drop_emergency_rule(ended, session))
    await db.write(keep_work_moving)
    assert (await db.write(replies.send, conversation, body, KEY, None)).status == "approved"


async def test_a_reply_about_what_the_law_protects_is_only_advised_on(db: Database) -> None:
    conversation = await given(db)
    text = "Our wages are no reason to refund all of it."
    sent = await db.write(replies.send, conversation, ReplyIn(text=text), KEY, None)
    assert (sent.status, len(sent.advice)) == ("approved", 1)
