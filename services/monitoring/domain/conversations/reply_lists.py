"""Replies as lists and one by one, to those who may read them."""

from typing import Any

from sqlalchemy import ColumnElement, or_
from sqlmodel import col, select

from services.monitoring.domain import people
from services.monitoring.domain.conversations import drafts
from services.monitoring.domain.conversations.showing import reply_views
from services.monitoring.domain.people import Actor
from services.monitoring.domain.routing import pauses
from services.monitoring.schemas.conversations import ReplyDetailOut, ReplyOut, ReplyQueue, ReplyReviewOut
from services.monitoring.tables import Conversation, Reply, ReplyReview
from shared.context import Principal
from shared.db import Session
from shared.pages import Page, PageQuery, page
from shared.problems import NotFound


def listed(
    session: Session, paging: PageQuery, caller: Principal, status: ReplyQueue | None, network: str | None = None
) -> Page[ReplyOut]:
    """List replies, the oldest first; a person reads their own, and the drafts that they may decide on.

    `drafted` leaves out what its author cannot send any more; `unconfirmed` is what failed, or what nobody has
    confirmed in time.
    """
    statement = select(Reply).where(*people.reach(session, col(Reply.person)))
    if not caller.has("conversations:read"):
        statement = statement.where(or_(col(Reply.person) == (caller.person or ""), decidable(session, caller)))
    if status == "unconfirmed":
        silent = (col(Reply.status) == "approved") & col(Reply.unconfirmed_at).is_not(None)
        statement = statement.where(silent | (col(Reply.status) == "failed"))
    elif status is not None:
        statement = statement.where(col(Reply.status) == status)
    if network is not None:
        there = select(Conversation.id).where(col(Conversation.network) == network)
        statement = statement.where(col(Reply.conversation).in_(there))
    if status == "drafted":
        statement = statement.where(col(Reply.conversation).in_(still_with(col(Reply.person))), ~drafts.overtaken())
    rows: Page[Reply] = page(session, statement, paging, key=Reply.id, to=lambda row: row)
    return Page(items=reply_views(session, rows.items), next_cursor=rows.next_cursor)


def still_with(person: Any) -> Any:
    """Select the conversations in which this person may still answer."""
    there = (col(Conversation.assignee) == person, col(Conversation.state).in_(drafts.ANSWERABLE))
    return select(Conversation.id).where(*there)


def decidable(session: Session, caller: Principal) -> ColumnElement[bool]:
    """Return the condition on drafts that this person may decide on."""
    drafted = select(Reply.id).where(col(Reply.status) == "drafted")
    there = drafts.decidable_in(session, Actor(caller.id, caller.person, ""), drafted)
    return (col(Reply.status) == "drafted") & col(Reply.id).in_(there)


def detail(session: Session, reply_id: str, caller: Principal) -> ReplyDetailOut:
    """Show one reply with what was decided on it; somebody else's is not found."""
    reply = session.get(Reply, reply_id)
    if reply is None or not readable(session, reply, caller):
        raise NotFound(f"There is no reply {reply_id}.")
    rows = select(ReplyReview).where(col(ReplyReview.reply) == reply.id).order_by(col(ReplyReview.id))
    reviews = list(session.execute(rows).scalars())
    numbers = people.numbers(session, {one.reviewer for one in reviews})
    shown = [
        ReplyReviewOut.model_validate({**one.model_dump(), "reviewer": numbers.get(one.reviewer, one.reviewer)})
        for one in reviews
    ]
    one = session.get_one(Conversation, reply.conversation)
    pause = pauses.covering(pauses.active(session), one.network, one.language, one.topic)
    known = reply_views(session, [reply])[0].model_dump()
    return ReplyDetailOut(
        **known, network=one.network, thread=one.thread, paused=pause.reason if pause else None, reviews=shown
    )


def readable(session: Session, reply: Reply, caller: Principal) -> bool:
    """Tell whether a caller may read a reply."""
    if caller.has("conversations:read"):
        return people.reaches(session, reply.person)
    if caller.person is None or reply.status != "drafted":
        return caller.person == reply.person
    one = session.get_one(Conversation, reply.conversation)
    me = Actor(caller.id, caller.person, "")
    return caller.person == reply.person or drafts.may_decide(session, me, one.network, one.kind)
