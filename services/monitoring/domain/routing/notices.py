"""When somebody was told that a conversation is with them: from then on their time to accept runs.

The bell in the portal tells of an assignment as soon as the broker has its event, and that is enough for whoever is
reached nowhere else. For whom a message to their mailbox or chat is on its way, the time runs once one was taken there;
a mail server that takes none does not keep a customer waiting for ever, so after a while the bell counts for them, too.
A service that never had a broker tells nobody anything, so there the time runs at once.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlmodel import col

from services.monitoring.domain.routing import assignments
from services.monitoring.domain.routing.hours import after
from services.monitoring.settings import terms
from services.monitoring.tables import Assignment, Availability, Conversation
from shared.db import Session
from shared.events.gateway import NoticeDeliveredV1, NoticePlannedV1
from shared.marks import read_mark
from shared.tables import outbox

GIVEN = "conversation_yours"
ON_ITS_WAY = timedelta(hours=2)
"""How long a message that is not taken keeps somebody's time from running."""


def delivered(session: Session, assignments: Sequence[str]) -> dict[str, datetime]:
    """Return when the notices of these assignments were delivered; one that was not is left out."""
    rows = session.execute(
        select(Assignment, outbox.c.id, outbox.c.published_at)
        .outerjoin(outbox, outbox.c.id == col(Assignment.notice))
        .where(col(Assignment.id).in_(assignments))
    ).all()
    alone = read_mark(session, "relay.stream") is None
    begun = {}
    for assignment, notice, published_at in rows:
        if alone or notice is None or published_at is not None:
            shown_at = published_at or assignment.assigned_at
            told_at = reached(assignment, shown_at, session.now)
            if told_at is not None:
                begun[assignment.id] = told_at
    return begun


def reached(assignment: Assignment, shown_at: datetime, now: datetime) -> datetime | None:
    """Return since when somebody knows whom the bell told at a time; None while a message is on its way to them."""
    if assignment.told_from is None:
        return shown_at
    if assignment.told_at is not None:
        return assignment.told_at
    at_last = assignment.told_from + ON_ITS_WAY
    return at_last if at_last <= now else None


def expect(session: Session, event: NoticePlannedV1) -> None:
    """Note that a message will tell somebody of an assignment."""
    assignment = told_of(session, event)
    if assignment is not None and assignment.told_from is None:
        assignment.told_from = event.planned_at


def note_delivered(session: Session, event: NoticeDeliveredV1) -> None:
    """Note that a message told somebody: their deadline is that of the message, which their page shows from now on."""
    assignment = told_of(session, event)
    if assignment is None or assignment.told_at is not None:
        return
    conversation = session.get(Conversation, assignment.conversation, with_for_update=True)
    assignment.told_from = assignment.told_from or event.delivered_at
    assignment.told_at = event.delivered_at
    if conversation is None or (conversation.assignment, conversation.state) != (assignment.id, "assigned"):
        return
    row = session.get(Availability, assignment.person)
    accept_by = after(row.hours if row else None, event.delivered_at, terms().accept_within)
    if accept_by != conversation.accept_by:
        assignments.reschedule(session, conversation, accept_by=accept_by)


def told_of(session: Session, event: NoticePlannedV1 | NoticeDeliveredV1) -> Assignment | None:
    """Return the assignment that a message is about; None for messages about anything else."""
    return session.get(Assignment, event.fact) if event.kind == GIVEN and event.fact else None
