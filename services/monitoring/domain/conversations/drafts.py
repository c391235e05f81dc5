"""Drafts: a colleague who is trusted reads them, and lets them out or gives them back."""

from typing import Any

from sqlalchemy import ColumnElement, Select, exists, false, or_
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from services.monitoring.domain import people
from services.monitoring.domain.autonomy import levels
from services.monitoring.domain.conversations import conversations, replies
from services.monitoring.domain.conversations.showing import reply_views
from services.monitoring.domain.people import Actor
from services.monitoring.domain.routing import assignments, lapsing, requirements
from services.monitoring.schemas.conversations import ReplyApprovalIn, ReplyOut, ReplyReturnIn
from services.monitoring.tables import Conversation, Person, Reply, ReplyReview
from shared.conditions import expect
from shared.context import Principal
from shared.db import Session
from shared.events.monitoring import ReplyReturnedV1
from shared.evidence import digest_of, record
from shared.ids import new_id
from shared.outbox import tell
from shared.problems import Conflict, Forbidden, NotFound

ANSWERABLE = (*assignments.WITH_SOMEONE, "answered", "waiting")


class ReplyNotDrafted(Conflict):
    """The reply does not wait for a colleague."""


class DraftOutdated(Conflict):
    """The conversation is resolved, with somebody else, or was answered after the draft was written; give it back."""


class OwnReply(Forbidden):
    """Nobody lets out their own draft."""


class NotTrusted(Forbidden):
    """Only a person who is trusted on this network, and certified, decides on drafts."""


def approve(session: Session, reply_id: str, body: ReplyApprovalIn, caller: Principal, stated: int | None) -> ReplyOut:
    """Let a draft out, in its words or in others, if the rules and the state of its conversation still allow it."""
    reply, one, reviewer = with_reviewer(session, reply_id, caller, body.employee_number, stated)
    author = session.get_one(Person, reply.person)
    if one.assignee != author.id or one.state not in ANSWERABLE or is_overtaken(session, reply):
        raise DraftOutdated
    held = replies.refuse_uncertified(session, one, author)
    replies.refuse_if_paused(session, one)
    text = body.text or reply.text
    advice, waits = replies.check(session, one, text, reply.approval_request, author, held)
    review(session, reply, one, reviewer, "approved" if text == reply.text else "changed", digest_of(text))
    reply.text = text
    reply.status = "held" if waits else "approved"
    reply.approved_at = session.now
    if waits:
        replies.wait(session, one, reply)
    else:
        replies.go_out(session, one, reply)
    return reply_views(session, [reply])[0].model_copy(update={"advice": advice})


def overtaken() -> ColumnElement[bool]:
    """Return the condition on drafts that another reply went out in their conversation after they were written.

    Their author had not read that one, and the customer has an answer; what they still want to say, they write anew.
    """
    out = aliased(Reply)
    since = (col(out.status).not_in(replies.UNTOLD), col(out.approved_at) > col(Reply.approved_at))
    return exists().where(col(out.conversation) == col(Reply.conversation), *since).correlate(Reply)


def is_overtaken(session: Session, draft: Reply) -> bool:
    """Tell whether that is so of a draft."""
    return session.execute(select(Reply.id).where(col(Reply.id) == draft.id, overtaken())).first() is not None


def give_back(session: Session, reply_id: str, body: ReplyReturnIn, caller: Principal, stated: int | None) -> ReplyOut:
    """Give a draft back to its author, who still has the conversation and may write another."""
    reply, one, reviewer = with_reviewer(session, reply_id, caller, body.employee_number, stated)
    review(session, reply, one, reviewer, "returned", digest_of(reply.text), body.reason)
    reply.status, reply.error = "returned", body.reason
    one.revision += 1
    lapsing.note_sign(session, one, reply.person)
    tell(session, ReplyReturnedV1(**replies.told(reply, one.network)))
    session.flush()
    return reply_views(session, [reply])[0]


def review(
    session: Session,
    reply: Reply,
    one: Conversation,
    reviewer: str,
    outcome: str,
    text_hash: str,
    reason: str | None = None,
) -> None:
    """Keep who decided what, when, on which words."""
    reply.changed_at = session.now
    reply.revision += 1
    session.add(
        ReplyReview(
            id=new_id(),
            reply=reply.id,
            author=reply.person,
            reviewer=reviewer,
            network=one.network,
            outcome=outcome,
            reason=reason,
            text_hash=text_hash,
            decided_at=session.now,
        )
    )
    record(session, f"reply.review_{outcome}", f"reply/{reply.id}", text_hash, reviewer)


def with_reviewer(
    session: Session, reply_id: str, caller: Principal, employee_number: str | None, stated: int | None
) -> tuple[Reply, Conversation, str]:
    """Return a draft with its conversation, and the person who decides on it.

    Raises NotFound for whoever may not know of it, OwnReply, NotTrusted, ReplyNotDrafted or Stale.
    """
    assignments.lock(session)
    reply = session.execute(select(Reply).where(col(Reply.id) == reply_id).with_for_update()).scalar()
    if reply is None or not people.reaches(session, reply.person):
        raise NotFound(f"There is no reply {reply_id}.")
    one = conversations.get(session, reply.conversation)
    reviewer = reviewing(session, reply, one, caller, employee_number)
    expect(reply.revision, stated)
    if reply.status != "drafted":
        raise ReplyNotDrafted(f"The reply is {reply.status}.")
    return reply, one, reviewer


def reviewing(session: Session, reply: Reply, one: Conversation, caller: Principal, employee_number: str | None) -> str:
    """Return the person who decides on a reply; raises NotFound for whoever may not know of it, OwnReply or NotTrusted."""
    reviewer = people.acting(session, caller, employee_number)
    trusted = may_decide(session, reviewer, one.network, one.kind)
    if not caller.has("conversations:write") and not trusted and caller.person != reply.person:
        raise NotFound(f"There is no reply {reply.id}.")
    if reviewer.person == reply.person:
        raise OwnReply
    if not trusted or reviewer.person is None:
        raise NotTrusted
    return reviewer.person


def may_decide(session: Session, reviewer: Actor, network: str, kind: str | None) -> bool:
    """Tell whether somebody works here, may answer such customers themselves, and is trusted on their network."""
    person = session.get(Person, reviewer.person) if reviewer.person is not None else None
    if person is None or not person.active:
        return False
    wanted = requirements.in_force(session).of(network, kind)
    held = people.certifications(session, [person.id], session.now).get(person.id, frozenset())
    return wanted in held and levels.level(session, person.id, network) == "trusted"


def decidable_in(session: Session, reviewer: Actor, replies_there: Select[Any]) -> Select[Any]:
    """Select those of some replies that somebody may decide on."""
    asked = select(Conversation.network, Conversation.kind).join(Reply, col(Reply.conversation) == col(Conversation.id))
    places = session.execute(asked.where(col(Reply.id).in_(replies_there)).distinct()).all()
    may = [place for place in places if may_decide(session, reviewer, *place)]
    fits = or_(false(), *((col(Conversation.network) == at) & (col(Conversation.kind) == kind) for at, kind in may))
    return select(Reply.id).join(Conversation, col(Conversation.id) == col(Reply.conversation)).where(fits)
