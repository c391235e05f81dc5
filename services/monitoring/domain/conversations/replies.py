"""Replies to customers: checked against the rules first, then reported back by the tool that sends them."""

from collections.abc import Sequence

from sqlmodel import col, select

from services.monitoring.domain import people
from services.monitoring.domain.autonomy import levels, samples
from services.monitoring.domain.conversations import (
    approvals,
    checking,
    conversations,
    promises,
    saved_answers,
)
from services.monitoring.domain.conversations.showing import reply_views
from services.monitoring.domain.figures import hours
from services.monitoring.domain.posts import contacts
from services.monitoring.domain.routing import assignments, lapsing, pauses, requirements
from services.monitoring.schemas.conversations import DeliveryIn, ReplyIn, ReplyOut
from services.monitoring.tables import Conversation, Person, Reply
from shared.context import Principal
from shared.db import Session
from shared.events.base import Event
from shared.events.monitoring import (
    ConversationAnsweredV1,
    ReplyApprovedV1,
    ReplyDeliveredV1,
    ReplyDraftedV1,
    ReplyReturnedV1,
    ReplyUnconfirmedV1,
)
from shared.evidence import Deed, digest_of, record, record_all
from shared.ids import new_id
from shared.outbox import tell
from shared.problems import Conflict, NotFound
from shared.rules import Draft

UNTOLD = ("drafted", "returned", "held", "refused")
"""Replies that could not be sent, or not yet."""


class Paused(Conflict):
    """Replies are paused here; see the holding statement."""


class AssigneeNotCertified(Conflict):
    """Whoever has the conversation may not answer customers at this moment."""


class ReplyBlocked(Conflict):
    """A rule in force blocks this text."""


class ReplyHeld(Conflict):
    """A rule in force holds this text until somebody who may has approved it."""


class ReplyNotSent(Conflict):
    """The reply was never approved, so it cannot have been sent."""


def send(session: Session, conversation_id: str, body: ReplyIn, caller: Principal, stated: int | None) -> ReplyOut:
    """Approve a reply to be sent and free its author for the next conversation; accepts an assignment by the way.

    Somebody who writes drafts only, or asks for a second pair of eyes, keeps the conversation until a colleague decided.
    """
    one, actor = conversations.with_actor(session, conversation_id, caller, body.employee_number, stated)
    refuse_if_paused(session, one)
    person = session.get_one(Person, actor.person)
    held = refuse_uncertified(session, one, person)
    text = body.text or saved_answers.get(session, body.saved_answer or "").text
    advised, waits = check(session, one, text, body.approval_request, person, held)
    if one.state == "assigned":
        conversations.take_on(session, one)
    drafted = body.draft or levels.level(session, person.id, one.network) == "draft_only"
    reply = Reply(
        id=new_id(),
        conversation=one.id,
        person=person.id,
        text=text,
        status="drafted" if drafted else "held" if waits else "approved",
        approved_at=session.now,
        changed_at=session.now,
        approval_request=body.approval_request,
        awaits_customer=body.awaits_customer,
        saved_answer=body.saved_answer,
    )
    session.add(reply)
    if reply.status == "approved":
        go_out(session, one, reply)
        samples.draw(session, reply, one.network)
    else:
        wait(session, one, reply)
    return reply_views(session, [reply])[0].model_copy(update={"advice": advised})


def wait(session: Session, one: Conversation, reply: Reply) -> None:
    """Keep a reply until somebody decided on it; its author keeps the conversation."""
    one.revision += 1
    lapsing.note_sign(session, one, reply.person)
    if reply.status == "drafted":
        tell(session, ReplyDraftedV1(**told(reply, one.network)))
    record(
        session,
        "reply.draft" if reply.status == "drafted" else "reply.hold",
        f"reply/{reply.id}",
        digest_of(reply.text),
        reply.person,
    )
    session.flush()


def go_out(session: Session, one: Conversation, reply: Reply) -> None:
    """Let a reply be sent and free its author for the next conversation."""
    assignments.end_assignment(session, one, "answered")
    promises.settle(session, one, "answered")
    one.state = "waiting" if reply.awaits_customer else "answered"
    one.revision += 1
    reply.told_at, reply.times_told = session.now, reply.times_told + 1
    hours.count(session, hours.happening("replies", reply.approved_at, one.network))
    tell(session, approved(reply, one.network), ConversationAnsweredV1(**assignments.told(one)))
    belongs = (f"conversation/{one.id}", *((f"assignment/{one.assignment}",) if one.assignment else ()))
    deed = Deed("reply.approve", f"reply/{reply.id}", digest_of(reply.text), reply.person, belongs)
    record_all(session, [deed])
    session.flush()
    assignments.fill(session, [reply.person])


def refuse_uncertified(session: Session, one: Conversation, person: Person) -> frozenset[str]:
    """Return what somebody is certified for; raises AssigneeNotCertified when they may not answer this conversation."""
    held = people.certifications(session, [person.id], session.now).get(person.id, frozenset())
    if not person.active or requirements.certification_for(session, one) not in held:
        raise AssigneeNotCertified
    return held


def refuse_if_paused(session: Session, one: Conversation) -> None:
    """Raise Paused when a pause covers the conversation."""
    pause = pauses.covering(pauses.active(session), one.network, one.language, one.topic)
    if pause is not None:
        raise Paused(pause.reason, extra={"holding_statement": pause.holding_statement})


def check(
    session: Session, one: Conversation, text: str, request: str | None, person: Person, held: frozenset[str]
) -> tuple[list[str], bool]:
    """Return what the rules advise on a reply, and whether it waits for the decision on an approval request.

    Raises ReplyBlocked, or ReplyHeld where no approval is asked for or it was refused, with the reasons.
    """
    draft = Draft(
        text,
        network=one.network,
        kind="reply",
        staff=True,
        department=person.department,
        certifications=held,
        language=one.language,
        first_contact=not contacts.met(session, one.network, one.customer, person.id),
        now=session.now,
    )
    matches, verdict = checking.judge(session, draft)
    if verdict == "block":
        raise ReplyBlocked(extra={"reasons": checking.reasons(matches)})
    if verdict != "hold":
        return checking.advice(matches), False
    decision = approvals.decision_on(session, request, text, person.id)
    if decision not in {approvals.APPROVED, approvals.OPEN}:
        raise ReplyHeld(decision or "", extra={"reasons": checking.reasons(matches)})
    return checking.advice(matches), decision == approvals.OPEN


def report(session: Session, reply_id: str, body: DeliveryIn) -> ReplyOut:
    """Keep what the sending tool reports; the same report again changes nothing."""
    reply = session.execute(select(Reply).where(col(Reply.id) == reply_id).with_for_update()).scalar()
    if reply is None or not people.reaches(session, reply.person):
        raise NotFound(f"There is no reply {reply_id}.")
    if reply.status in UNTOLD:
        raise ReplyNotSent(f"The reply is {reply.status}.")
    known = (reply.status, reply.network_id, reply.error)
    if known != (body.status, body.network_id, body.error) and reply.status != "delivered":
        reply.status, reply.network_id, reply.error = body.status, body.network_id, body.error
        reply.changed_at, reply.unconfirmed_at = session.now, None
        reply.revision += 1
        tell(session, reported(reply))
        record(session, f"reply.{body.status}", f"reply/{reply.id}", person=reply.person)
    return reply_views(session, [reply])[0]


def approved(reply: Reply, network: str) -> ReplyApprovedV1:
    """Return what is told of a reply that may be sent."""
    return ReplyApprovedV1(
        id=reply.id, conversation=reply.conversation, network=network, person=reply.person, text=reply.text
    )


def reported(reply: Reply) -> ReplyDeliveredV1:
    """Return what is told of a reply that was sent, or could not be."""
    return ReplyDeliveredV1(
        id=reply.id, conversation=reply.conversation, status=reply.status, network_id=reply.network_id
    )


def told_after(session: Session, after: str | None, limit: int) -> list[Reply]:
    """Return replies that were told of, by id; one that is held or was refused never was."""
    rows = select(Reply).where(col(Reply.status).not_in(("held", "refused")), col(Reply.id) > (after or ""))
    return list(session.execute(rows.order_by(Reply.id).limit(limit)).scalars())


def told(reply: Reply, network: str) -> dict[str, str]:
    """Return what is told of a reply that is not out."""
    return {"id": reply.id, "conversation": reply.conversation, "network": network, "person": reply.person}


def retold(reply: Reply, network: str) -> list[Event]:
    """Return what a snapshot tells of a reply."""
    if reply.status in {"drafted", "returned"}:
        drafted = ReplyDraftedV1(**told(reply, network))
        return [drafted] if reply.status == "drafted" else [drafted, ReplyReturnedV1(**told(reply, network))]
    out = approved(reply, network)
    if reply.status != "approved":
        return [out, reported(reply)]
    return [out] if reply.unconfirmed_at is None else [out, ReplyUnconfirmedV1(**told(reply, network))]


def networks(session: Session, replies: Sequence[Reply]) -> dict[str, str]:
    """Return the networks of the conversations that replies belong to."""
    ids = {reply.conversation for reply in replies}
    rows = session.execute(select(Conversation.id, Conversation.network).where(col(Conversation.id).in_(ids))).all()
    return {conversation: network for conversation, network in rows}  # noqa: C416  rows are not pairs to a type checker
