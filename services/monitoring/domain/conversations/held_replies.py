"""Replies that wait for an approval: they go out when it comes, if they still may."""

from collections.abc import Collection
from functools import partial

from sqlalchemy import ColumnElement
from sqlmodel import col, select

from services.monitoring.domain.autonomy import samples
from services.monitoring.domain.conversations import approvals, conversations, replies
from services.monitoring.domain.routing import assignments, lapsing
from services.monitoring.settings import terms
from services.monitoring.tables import Conversation, Person, Reply
from shared.db import Session
from shared.events.policy import ApprovalDecidedV1
from shared.evidence import digest_of, record
from shared.problems import Problem
from shared.set_aside import at_hand, do_each

SWEEP = "held replies"
AT_ONCE = 500


def decided(session: Session, told: ApprovalDecidedV1) -> None:
    """Send the replies that waited for this decision, or note why they are not sent."""
    # Before anything is looked at: a reply that is written at this moment sees the decision, or is seen here.
    assignments.lock(session)
    approvals.keep(session, told)
    waiting = select(Reply.id).where(col(Reply.approval_request) == told.id, col(Reply.status) == "held")
    for reply_id in list(session.execute(waiting.order_by(Reply.id)).scalars()):
        reply = session.get_one(Reply, reply_id, with_for_update=True)
        one = conversations.get(session, reply.conversation)
        settle(session, one, reply)
    session.flush()


def refuse_forgotten(session: Session) -> None:
    """Refuse replies on whose approval nobody decided in time, as nobody will on a request that does not exist."""
    late = select(Reply.id).where(*undecided(session), at_hand(session, SWEEP, col(Reply.id)))
    found = list(session.execute(late.order_by(col(Reply.id)).limit(AT_ONCE)).scalars())
    if found:
        assignments.lock(session)
        do_each(session, SWEEP, found, partial(refuse_late, session))


def undecided(session: Session) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on replies that should have been decided on by now."""
    return (col(Reply.status) == "held", col(Reply.approved_at) <= session.now - terms().approval_within)


def refuse_late(session: Session, ids: Collection[str]) -> None:
    """Refuse these replies; one that was decided on meanwhile is not."""
    rows = select(Reply).where(col(Reply.id).in_(ids), *undecided(session)).order_by(col(Reply.id)).with_for_update()
    for reply in session.execute(rows.execution_options(populate_existing=True)).scalars().all():
        refuse(
            session, conversations.get(session, reply.conversation), reply, "Nobody decided on the approval in time."
        )


def settle(session: Session, one: Conversation, reply: Reply) -> None:
    """Let one reply go out, or refuse it; its author still has the conversation then, and may write another."""
    why = barrier(session, one, reply)
    if why is not None:
        refuse(session, one, reply, why)
        return
    reply.changed_at = session.now
    reply.revision += 1
    reply.status, reply.approved_at = "approved", session.now
    replies.go_out(session, one, reply)
    samples.draw(session, reply, one.network)


def refuse(session: Session, one: Conversation, reply: Reply, why: str) -> None:
    """Note that a reply does not go out, and why, for its author."""
    reply.status, reply.error, reply.changed_at = "refused", why, session.now
    reply.revision += 1
    one.revision += 1
    lapsing.note_sign(session, one, reply.person)
    record(session, "reply.refuse", f"reply/{reply.id}", digest_of(reply.text), reply.person)


def barrier(session: Session, one: Conversation, reply: Reply) -> str | None:
    """Return why a held reply cannot go out now; None if it can. All is asked again, as time has passed."""
    if one.assignee != reply.person or one.state not in assignments.WITH_SOMEONE:
        return "The conversation is answered, or with somebody else."
    person = session.get_one(Person, reply.person)
    try:
        held = replies.refuse_uncertified(session, one, person)
        replies.refuse_if_paused(session, one)
        _, waits = replies.check(session, one, reply.text, reply.approval_request, person, held)
    except Problem as problem:
        return problem.detail
    return "The approval is still open." if waits else None
