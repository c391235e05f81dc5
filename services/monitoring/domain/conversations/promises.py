"""Within which time customers are promised an answer: when it is due, whether it came, and who is told when it did not.

A conversation has at most one answer that its customer waits for; a word of theirs that comes meanwhile changes nothing.
"""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Literal
from zoneinfo import ZoneInfo

from sqlmodel import col, select

from services.monitoring.domain.figures import hours
from services.monitoring.domain.routing import assignments
from services.monitoring.domain.routing.hours import shifts
from services.monitoring.schemas.availability import Hours
from services.monitoring.schemas.conversations import ConversationKind
from services.monitoring.schemas.promises import ServicePromiseIn, ServicePromiseOut
from services.monitoring.tables import Conversation, PromisedAnswer, ServicePromise
from shared.conditions import expect
from shared.db import Session
from shared.events.monitoring import ConversationOverdueV1
from shared.evidence import digest_of, record
from shared.ids import new_id
from shared.outbox import tell
from shared.pages import Page
from shared.problems import NotFound
from shared.set_aside import at_hand, do_each

Nth = Literal["first", "next"]
ANY_KIND = "other"
"""What is promised for this kind is promised for every kind of which nothing is said."""
SWEEP = "promised answers"
AT_ONCE = 500
ALL_DAY = Hours.model_validate({"days": range(7), "start": "00:00", "end": "00:00"})
DAY = timedelta(days=1)
FURTHEST = 400
"""Days within which the promised time must have passed: holidays and short weeks make it longer, not endless."""


def put(session: Session, kind: ConversationKind, body: ServicePromiseIn, stated: int | None) -> ServicePromiseOut:
    """State what is promised for a kind; it holds for what customers ask from now on."""
    row = session.get(ServicePromise, kind, with_for_update=True)
    if row is None:
        expect(0, stated)
        row = ServicePromise(kind=kind, first_answer_minutes=0, next_answer_minutes=0, holidays=[], revision=0)
        session.add(row)
    else:
        expect(row.revision, stated)
    row.first_answer_minutes, row.next_answer_minutes = body.first_answer_minutes, body.next_answer_minutes
    row.hours = body.hours.model_dump(mode="json") if body.hours else None
    row.holidays = sorted({day.isoformat() for day in body.holidays})
    row.changed_at = session.now
    row.revision += 1
    record(session, "service_promise.state", f"service_promise/{kind}", digest_of(body))
    session.flush()
    return ServicePromiseOut.model_validate(row.model_dump())


def read(session: Session, kind: ConversationKind) -> ServicePromiseOut:
    """Return what is promised for a kind."""
    row = session.get(ServicePromise, kind)
    if row is None:
        raise NotFound(f"Nothing is promised for the kind {kind}.")
    return ServicePromiseOut.model_validate(row.model_dump())


def withdraw(session: Session, kind: ConversationKind, stated: int | None) -> None:
    """Promise nothing any more for a kind; what customers wait for stays promised."""
    row = session.get(ServicePromise, kind, with_for_update=True)
    if row is None:
        raise NotFound(f"Nothing is promised for the kind {kind}.")
    expect(row.revision, stated)
    session.delete(row)
    record(session, "service_promise.withdraw", f"service_promise/{kind}")


def listed(session: Session) -> Page[ServicePromiseOut]:
    """List what is promised, by kind."""
    rows = session.execute(select(ServicePromise).order_by(col(ServicePromise.kind))).scalars()
    return Page(items=[ServicePromiseOut.model_validate(row.model_dump()) for row in rows], next_cursor=None)


def in_force(session: Session) -> dict[str, ServicePromise]:
    """Return what is promised, by kind."""
    return {row.kind: row for row in session.execute(select(ServicePromise)).scalars()}


def promise(session: Session, one: Conversation, nth: Nth, promises: Mapping[str, ServicePromise]) -> None:
    """Note when the answer is due that a customer waits for from now on, if any is promised."""
    terms = promises.get(one.kind) or promises.get(ANY_KIND)
    if terms is None or one.due_at is not None:
        return
    minutes = terms.first_answer_minutes if nth == "first" else terms.next_answer_minutes
    one.due_at = due(session.now, minutes, terms.hours, frozenset(terms.holidays))
    session.add(
        PromisedAnswer(
            id=new_id(), conversation=one.id, kind=one.kind, nth=nth, asked_at=session.now, due_at=one.due_at
        )
    )


def due(start: datetime, minutes: int, hours: Mapping[str, object] | None, holidays: Collection[str]) -> datetime:
    """Return the instant at which so many minutes of business time have passed; holidays are days in its zone."""
    left = timedelta(minutes=minutes)
    if hours is None and not holidays:
        return start + left
    plan = Hours.model_validate(hours) if hours is not None else ALL_DAY
    first = start.astimezone(ZoneInfo(plan.zone)).date() - DAY
    passed = start
    for number in range(FURTHEST):
        day = first + number * DAY
        if day.isoformat() in holidays:
            continue
        for begin, end in shifts(plan, day, day):
            begins = max(begin, passed)
            if end - begins >= left:
                return (begins + left).astimezone(UTC)
            if end > begins:
                left -= end - begins
                passed = end
    return start + FURTHEST * DAY


def settle(session: Session, one: Conversation, how: Literal["answered", "withdrawn"]) -> None:
    """Note that the customer has the answer that was promised, or that they need none any more."""
    if one.due_at is None:
        return
    waits = select(PromisedAnswer).where(col(PromisedAnswer.conversation) == one.id, *OPEN)
    for row in session.execute(waits).scalars():
        if session.now > row.due_at:
            mark_overdue(session, one, row)
        row.answered_at = session.now if how == "answered" else None
        row.withdrawn_at = session.now if how == "withdrawn" else None
    one.due_at, one.overdue = None, False


def mark_overdue(session: Session, one: Conversation, row: PromisedAnswer) -> None:
    """Note that an answer is late, and count it, once."""
    if row.overdue_at is None:
        row.overdue_at = session.now
        hours.count(session, hours.happening("overdue", row.overdue_at, one.network, kind=row.kind))


OPEN = (col(PromisedAnswer.answered_at).is_(None), col(PromisedAnswer.withdrawn_at).is_(None))


def note_overdue(session: Session) -> None:
    """Tell of the answers that are late, each once."""
    late = (
        select(Conversation.id)
        .where(col(Conversation.due_at) <= session.now, col(Conversation.overdue).is_(False))
        .where(at_hand(session, SWEEP, col(Conversation.id)))
        .order_by(col(Conversation.id))
        .limit(AT_ONCE)
    )
    found = list(session.execute(late).scalars())
    if found:
        assignments.lock(session)
        do_each(session, SWEEP, found, partial(tell_overdue, session))


def tell_overdue(session: Session, conversations: Collection[str]) -> None:
    """Mark answers as late and tell of them; one that came meanwhile is none."""
    still = (col(Conversation.due_at) <= session.now, col(Conversation.overdue).is_(False))
    rows = select(Conversation).where(col(Conversation.id).in_(conversations), *still).order_by(col(Conversation.id))
    for one in session.execute(rows.execution_options(populate_existing=True)).scalars().all():
        one.overdue = True
        one.revision += 1
        waits = select(PromisedAnswer).where(col(PromisedAnswer.conversation) == one.id, *OPEN)
        for row in session.execute(waits).scalars():
            mark_overdue(session, one, row)
        tell(session, ConversationOverdueV1(**assignments.told(one)))
        record(session, "conversation.overdue", f"conversation/{one.id}", person=one.assignee)
