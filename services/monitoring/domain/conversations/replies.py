"""Replies to customers: checked against the rules first, then reported back by the tool that sends them."""

from collections.abc import Sequence

from sqlmodel import col, select

from services.monitoring.domain import people, rules
from services.monitoring.domain.conversations import approvals, conversations
from services.monitoring.domain.conversations.showing import reply_views
from services.monitoring.domain.posts import contacts
from services.monitoring.domain.routing import assignments, pauses
from services.monitoring.domain.routing.requirements import certification_for
from services.monitoring.schemas.conversations import DeliveryIn, ReplyIn, ReplyOut
from services.monitoring.tables import Conversation, Person, Reply
from shared.context import Principal
from shared.db import Session
from shared.events.monitoring import ConversationAnsweredV1, ReplyApprovedV1, ReplyDeliveredV1
from shared.evidence import digest_of, record
from shared.ids import new_id
from shared.outbox import tell
from shared.pages import Page, PageQuery, page
from shared.problems import Conflict, NotFound
from shared.protected import guard
from shared.rules import Draft, Match

UNTOLD = ("held", "refused")
"""Replies that never could be sent."""


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
    """Approve a reply to be sent and free its author for the next conversation; accepts an assignment by the way."""
    one, actor = conversations.with_actor(session, conversation_id, caller, body.employee_number, stated)
    refuse_if_paused(session, one)
    person = session.get_one(Person, actor.person)
    held = people.certifications(session, [person.id], session.now).get(person.id, frozenset())
    if not person.active or certification_for(session, one) not in held:
        raise AssigneeNotCertified
    advice, waits = check(session, one, body, person, held)
    if one.state == "assigned":
        conversations.take_on(session, one)
    reply = Reply(
        id=new_id(),
        conversation=one.id,
        person=person.id,
        text=body.text,
        status="held" if waits else "approved",
        approved_at=session.now,
        changed_at=session.now,
        approval_request=body.approval_request,
    )
    session.add(reply)
    if waits:
        one.revision += 1
        record(session, "reply.hold", f"reply/{reply.id}", digest_of(body.text), person.id)
        session.flush()
    else:
        go_out(session, one, reply)
    return reply_views(session, [reply])[0].model_copy(update={"advice": advice})


def go_out(session: Session, one: Conversation, reply: Reply) -> None:
    """Let a reply be sent and free its author for the next conversation."""
    assignments.end_assignment(session, one, "answered")
    one.state = "answered"
    one.revision += 1
    tell(session, approved(reply, one.network), ConversationAnsweredV1(**assignments.told(one)))
    record(session, "reply.approve", f"reply/{reply.id}", digest_of(reply.text), reply.person)
    session.flush()
    assignments.fill(session, [reply.person])


def refuse_if_paused(session: Session, one: Conversation) -> None:
    """Raise Paused when a pause covers the conversation."""
    pause = pauses.covering(pauses.active(session), one.network, one.language, one.topic)
    if pause is not None:
        raise Paused(pause.reason, extra={"holding_statement": pause.holding_statement})


def check(
    session: Session, one: Conversation, body: ReplyIn, person: Person, held: frozenset[str]
) -> tuple[list[str], bool]:
    """Return what the rules advise on a reply, and whether it waits for an approval.

    Raises ReplyBlocked, or ReplyHeld where no approval is asked for or it was refused, with the reasons.
    """
    found = rules.at_hand(session).run(
        Draft(
            body.text,
            network=one.network,
            kind="reply",
            staff=True,
            department=person.department,
            certifications=held,
            language=one.language,
            first_contact=not contacts.met(session, one.network, one.customer, person.id),
            now=session.now,
        )
    )
    matches = [match for match in found if not match.rule.on_trial]
    severities = {match.rule.rule.severity for match in matches}
    if severities and guard().topics(body.text):
        return [match.rule.rule.message for match in matches], False
    if "block" in severities:
        raise ReplyBlocked(extra={"reasons": reasons(matches)})
    decision = approvals.decision_on(session, body.approval_request, body.text, person.id)
    if "hold" in severities and decision not in {approvals.APPROVED, approvals.OPEN}:
        raise ReplyHeld(decision or "", extra={"reasons": reasons(matches)})
    waits = "hold" in severities and decision == approvals.OPEN
    return [match.rule.rule.message for match in matches], waits


def reasons(matches: list[Match]) -> list[dict[str, object]]:
    """Return the matches as a problem's extra member."""
    return [
        {
            "rule": match.rule.rule.id,
            "severity": match.rule.rule.severity,
            "policy": match.rule.policy,
            "version": match.rule.version,
            "section": match.rule.section,
            "span": {"start": match.span.start, "end": match.span.end},
            "message": match.rule.rule.message,
            "suggestion": match.rule.rule.suggestion,
        }
        for match in matches
    ]


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
        reply.changed_at = session.now
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
    rows = select(Reply).where(col(Reply.status).not_in(UNTOLD), col(Reply.id) > (after or ""))
    return list(session.execute(rows.order_by(Reply.id).limit(limit)).scalars())


def retold(reply: Reply, network: str) -> list[ReplyApprovedV1 | ReplyDeliveredV1]:
    """Return what a snapshot tells of a reply."""
    told = approved(reply, network)
    return [told] if reply.status == "approved" else [told, reported(reply)]


def networks(session: Session, replies: Sequence[Reply]) -> dict[str, str]:
    """Return the networks of the conversations that replies belong to."""
    ids = {reply.conversation for reply in replies}
    rows = session.execute(select(Conversation.id, Conversation.network).where(col(Conversation.id).in_(ids))).all()
    return {conversation: network for conversation, network in rows}  # noqa: C416  rows are not pairs to a type checker


def listed(session: Session, paging: PageQuery, status: str | None) -> Page[ReplyOut]:
    """List replies, the oldest first: with `approved` or `failed`, those whose sending nobody has confirmed."""
    statement = select(Reply).where(*people.reach(session, col(Reply.person)))
    if status is not None:
        statement = statement.where(col(Reply.status) == status)
    rows: Page[Reply] = page(session, statement, paging, key=Reply.id, to=lambda row: row)
    return Page(items=reply_views(session, rows.items), next_cursor=rows.next_cursor)
