"""Whoever accepted a conversation and then gives no sign of it does not keep it: it goes to the next person.

A sign is an acceptance, a note, or a word on a reply of theirs. While a colleague reads a draft, an approval is open, or
a pause forbids to answer, nobody waits for the assignee, and their time does not run; a draft that nobody reads for as
long as an approval may take keeps the customer waiting no longer.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, true
from sqlmodel import col, func, select

from services.monitoring.domain.routing import assignments, pauses, staff
from services.monitoring.settings import terms
from services.monitoring.tables import Assignment, Availability, Conversation, Note, Reply
from shared.db import Session
from shared.evidence import record_all
from shared.set_aside import at_hand

SWEEP, STOPPED_SWEEP = "people who accepted and are silent", "people who accepted and wait for others"
BEFORE_REMINDERS = timedelta(minutes=40)
"""So long before their time runs out it is looked at whether it runs; they are reminded half an hour before."""
WITH_OTHERS = ("drafted", "held")
"""States of a reply for which somebody else has to do something."""


def due(session: Session) -> list[str]:
    """Return which conversations the people who accepted them may have let lie for too long."""
    found = select(Conversation.id).where(*run_out(session), at_hand(session, SWEEP, col(Conversation.id)))
    return list(session.execute(found.order_by(col(Conversation.id)).limit(assignments.AT_ONCE)).scalars())


def run_out(session: Session) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on conversations whose assignee should have given a sign by now."""
    return (col(Conversation.state) == "accepted", col(Conversation.theirs_until) <= session.now)


def stopped(session: Session) -> list[str]:
    """Return which conversations nobody waits for their assignees in, whose time would soon seem to run out.

    Soon is before anybody is reminded of it; nobody should be told of a time by which nothing happens.
    """
    ahead = min(BEFORE_REMINDERS, terms().act_within / 2)
    covered = ~and_(true(), *pauses.outside(pauses.active(session)))
    found = select(Conversation.id).where(
        col(Conversation.state) == "accepted",
        col(Conversation.theirs_until) > session.now,
        col(Conversation.theirs_until) <= session.now + ahead,
        or_(covered, exists().where(*waits_for_others(session, col(Conversation.id), col(Conversation.assignee)))),
        at_hand(session, STOPPED_SWEEP, col(Conversation.id)),
    )
    return list(session.execute(found.order_by(col(Conversation.id)).limit(assignments.AT_ONCE)).scalars())


def put_off(session: Session, ids: Collection[str]) -> None:
    """Let these conversations stay longer where their time does not run; the caller holds the router's lock."""
    rows = select(Conversation).where(col(Conversation.id).in_(ids)).order_by(col(Conversation.id))
    for one in session.execute(rows).scalars().all():
        stay(session, one, last_sign(session, one))


def note_sign(session: Session, one: Conversation, person: str | None) -> None:
    """Note that somebody did something about a conversation, or has to again: the assignee's time runs anew."""
    if person == one.assignee:
        stay(session, one, session.now)


def stay(session: Session, one: Conversation, sign: datetime) -> None:
    """Let a conversation stay longer with who accepted it, for a sign of theirs; an older sign changes nothing."""
    if one.state == "accepted" and one.theirs_until is not None:
        until = assignments.stays_until(session.get(Availability, one.assignee), sign)
        if until > one.theirs_until:
            assignments.reschedule(session, one, theirs_until=until)


def return_lapsed(session: Session, ids: Collection[str]) -> None:
    """Give to others what these people let lie, unless they gave a sign meanwhile; the caller holds the router's lock."""
    rows = select(Conversation).where(col(Conversation.id).in_(ids), *run_out(session)).order_by(col(Conversation.id))
    lapsed = []
    for one in session.execute(rows).scalars().all():
        sign = last_sign(session, one)
        until = assignments.stays_until(session.get(Availability, one.assignee), sign)
        if until > session.now:
            assignments.reschedule(session, one, theirs_until=until)
        else:
            lapsed.append((one, sign))
    record_all(session, [assignments.returned(one, staff.LAPSED) for one, _ in lapsed])
    for one, sign in lapsed:
        assignments.take_back(session, one, staff.LAPSED, silent_since=sign)
    if lapsed:
        session.flush()
        assignments.place(session, [one for one, _ in lapsed])


def last_sign(session: Session, one: Conversation) -> datetime:
    """Return when the assignee last did something about a conversation; now, while they can do nothing."""
    assignment = session.get_one(Assignment, one.assignment)
    began = assignment.resumed_at or assignment.accepted_at or assignment.assigned_at
    replies = (col(Reply.conversation) == one.id, col(Reply.person) == one.assignee)
    waits = waits_for_others(session, one.id, one.assignee)
    if session.execute(select(Reply.id).where(*waits, col(Reply.approved_at) >= began).limit(1)).first() is not None:
        return session.now
    if pauses.covering(pauses.active(session), one.network, one.language, one.topic) is not None:
        return session.now
    noted = (col(Note.conversation) == one.id, col(Note.person) == one.assignee)
    signs = (
        began,
        session.execute(select(func.max(col(Reply.changed_at))).where(*replies)).scalar(),
        session.execute(select(func.max(col(Note.written_at))).where(*noted)).scalar(),
    )
    return max(sign for sign in signs if sign is not None)


def waits_for_others(session: Session, conversation: Any, person: Any) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on somebody's replies in a conversation on which somebody else has to decide."""
    return (
        col(Reply.conversation) == conversation,
        col(Reply.person) == person,
        col(Reply.status).in_(WITH_OTHERS),
        col(Reply.approved_at) >= session.now - terms().approval_within,
    )
