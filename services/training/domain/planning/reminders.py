"""What people on a course are told as it becomes due, and who is told when it is overdue.

Each is told once, also late: what came due while nothing ran is told when it runs again, with the days that are left by
then. Those who have left are told nothing; what came due meanwhile is past when they are back.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from math import ceil
from typing import NamedTuple

from sqlmodel import col, select

from services.training.tables import Completion, Enrolment, Person
from shared.db import Session
from shared.events.base import Event
from shared.events.training import EnrolmentEscalatedV1, EnrolmentOverdueV1, EnrolmentRemindedV1
from shared.evidence import Deed, record_all
from shared.outbox import tell
from shared.set_aside import at_hand, do_each

SWEEP = "course reminders"
AT_ONCE = 500
"""Enrolments in one unit, so that nobody else's write waits for many."""
REMINDED = (30, 14, 7, 1, -1, -7, -14, -30)
"""Days before the due date, below 0 after it."""
ESCALATED = -7


class Kind(StrEnum):
    """What a turn tells."""

    REMINDED = "reminded"
    OVERDUE = "overdue"
    ESCALATED = "escalated"


class Turn(NamedTuple):
    """Something that is told at a moment."""

    at: datetime
    days_before: int
    kind: Kind


def turns(due_at: datetime) -> Iterator[Turn]:
    """Yield all that is told of an enrolment that is never completed, in order."""
    days = [*((each, Kind.REMINDED) for each in REMINDED), (0, Kind.OVERDUE), (ESCALATED, Kind.ESCALATED)]
    yield from sorted(Turn(due_at - timedelta(days=before), before, kind) for before, kind in days)


def wind(row: Enrolment, now: datetime) -> None:
    """Set the clock on an enrolment; what would have been told before now is not told any more."""
    row.seen_to = now
    row.next_turn_at = next_at(row)


def next_at(row: Enrolment) -> datetime | None:
    """Return when the next thing is told of an enrolment, or None."""
    if row.due_at is None or row.completed_at is not None or row.withdrawn_at is not None:
        return None
    seen_to = row.seen_to or row.created_at
    return next((turn.at for turn in turns(row.due_at) if turn.at > seen_to), None)


def sweep(session: Session) -> None:
    """Tell all that came due to those who work here."""
    due = (
        select(Enrolment.id)
        .join(Person, col(Person.id) == col(Enrolment.person))
        .where(col(Enrolment.next_turn_at) <= session.now, col(Person.active))
        .where(at_hand(session, SWEEP, col(Enrolment.id)))
        .order_by(col(Enrolment.next_turn_at), Enrolment.id)
        .limit(AT_ONCE)
    )
    rows = session.exec(due.with_for_update(of=Enrolment, skip_locked=True)).all()
    do_each(session, SWEEP, rows, partial(tell_due, session))


def tell_due(session: Session, enrolments: Collection[str]) -> None:
    """Tell all that came due of some enrolments."""
    rows = select(Enrolment).where(col(Enrolment.id).in_(enrolments)).order_by(col(Enrolment.next_turn_at))
    catch_up(session, session.exec(rows.execution_options(populate_existing=True)).all())


def catch_up(session: Session, rows: Iterable[Enrolment]) -> None:
    """Tell all that came due of enrolments until now, oldest first."""
    rows = [row for row in rows if row.next_turn_at is not None and row.next_turn_at <= session.now]
    done = completed_since(session, rows)
    said: list[tuple[Turn, Enrolment]] = []
    for row in rows:
        if row.id in done:
            row.next_turn_at = None
            continue
        since = row.seen_to or row.created_at
        said += [(turn, row) for turn in turns(row.due_at or session.now) if since < turn.at <= session.now]
        row.seen_to = session.now
        row.next_turn_at = next_at(row)
        session.add(row)
    said = [(turn, row) for turn, row in said if row.completed_at is None and row.withdrawn_at is None]
    said.sort(key=lambda each: each[0].at)
    tell(session, *(event(session, turn, row) for turn, row in said))
    record_all(session, [Deed(f"enrolment.{turn.kind}", f"enrolment/{row.id}", None, row.person) for turn, row in said])


def event(session: Session, turn: Turn, row: Enrolment) -> Event:
    """Return what is told of an enrolment."""
    said = {"id": row.id, "person": row.person, "course": row.course, "due_at": row.due_at}
    if turn.kind is Kind.OVERDUE:
        return EnrolmentOverdueV1(**said)
    if turn.kind is Kind.ESCALATED:
        return EnrolmentEscalatedV1(**said, manager=manager_of(session, row.person))
    left = ((row.due_at or session.now) - session.now) / timedelta(days=1)
    return EnrolmentRemindedV1(**said, days_before=turn.days_before, days_left=ceil(left))


def completed_since(session: Session, rows: Iterable[Enrolment]) -> set[str]:
    """Return the enrolments whose course the person has completed since, elsewhere."""
    ids = [row.id for row in rows]
    query = (
        select(Enrolment.id)
        .join(
            Completion,
            (col(Completion.person) == Enrolment.person) & (col(Completion.course) == Enrolment.course),
        )
        .where(col(Enrolment.id).in_(ids), col(Completion.recorded_at) >= Enrolment.created_at)
    )
    return set(session.exec(query)) if ids else set()


def manager_of(session: Session, person: str) -> str | None:
    """Return the nearest above a person who works here."""
    seen = {person}
    above = session.get_one(Person, person).manager
    while above is not None and above not in seen:
        boss = session.get(Person, above)
        if boss is None or boss.active:
            return boss.id if boss else None
        seen.add(above)
        above = boss.manager
    return None


def person_left(session: Session, person: str) -> None:
    """Tell what came due before somebody left, and nothing from now on."""
    rows = winding(session, person)
    catch_up(session, rows)
    for row in rows:
        row.next_turn_at = None


def person_is_back(session: Session, person: str) -> None:
    """Go on with those of somebody's enrolments whose clock stands still."""
    for row in winding(session, person):
        if row.next_turn_at is None:
            wind(row, session.now)


def winding(session: Session, person: str) -> list[Enrolment]:
    """Return what is asked of a person with a due date."""
    query = select(Enrolment).where(
        Enrolment.person == person,
        col(Enrolment.completed_at).is_(None),
        col(Enrolment.withdrawn_at).is_(None),
        col(Enrolment.due_at).is_not(None),
    )
    return list(session.exec(query.with_for_update()).all())
