"""Who could answer customers at this moment: availability, certificates and load, as the router wants them."""

import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol, cast

from sqlalchemy import select
from sqlmodel import col

from services.monitoring.domain import people
from services.monitoring.domain.routing import fading, requirements, routing
from services.monitoring.domain.routing.hours import Stretch, at_work, worked, working_time
from services.monitoring.domain.routing.routing import Colleague
from services.monitoring.settings import terms
from services.monitoring.tables import Assignment, Availability, Person
from shared.db import Session

LEFT = "has left"
UNCERTIFIED = "holds no valid certificate"
AWAY = "is away"
OFFLINE = "is not online"
UNCONFIRMED = "has not confirmed being there"
FULL = routing.FULL
OFF_HOURS = "does not work at this hour"
SPENT = "has no minutes left this week"
GONE = (LEFT, UNCERTIFIED, AWAY)
"""Barriers at which a person's open conversations go to others at once."""
LAPSED = "accepted, and was silent since"
"""How an assignment ended of somebody who let it lie."""
ABSENT = (AWAY, OFFLINE, UNCONFIRMED, OFF_HOURS)
MINUTE = timedelta(minutes=1)


class Standing(Protocol):
    """What the rules below read of an availability, whether it is a row to change or only its columns."""

    person: str
    languages: list[str]
    topics: list[str]
    capacity: int
    weekly_minutes: int
    online: bool
    present_until: datetime | None
    hours: dict[str, Any] | None
    away_from: datetime | None
    away_until: datetime | None
    open: int
    minutes: int
    week: date | None
    not_with: list[str]
    handled: float
    online_hours: float
    faded_at: datetime
    idle_since: datetime


COLUMNS = [col(getattr(Availability, name)) for name in Standing.__annotations__]


@dataclass(slots=True)
class Member:
    """A person with their availability, and what keeps them from taking one more conversation, if anything does.

    `held` are the certifications they hold, of those that some conversation asks for.
    """

    row: Standing
    employee_number: str
    barrier: str | None
    held: frozenset[str]

    def colleague(self, topics: Collection[str], now: datetime) -> Colleague:
        """Return this person as the router sees them; whoever names no topics takes all of `topics`."""
        row = self.row
        handled, hours = faded(row, now)
        return Colleague(
            person=row.person,
            skills=frozenset(
                [f"language:{one}" for one in row.languages]
                + [f"topic:{one}" for one in row.topics or topics]
                + [f"certification:{one}" for one in self.held]
            ),
            room=room(row, now),
            handled=handled,
            hours=hours,
            idle_since=row.idle_since.timestamp(),
            barrier=self.barrier,
        )


def members(session: Session, *, persons: Collection[str] | None = None, online_only: bool = False) -> list[Member]:
    """Read people with their availability; on PostgreSQL the caller holds the router's lock if it will assign."""
    statement = select(*COLUMNS, col(Person.employee_number), col(Person.active)).join(
        Person, col(Person.id) == col(Availability.person)
    )
    if persons is not None:
        statement = statement.where(col(Availability.person).in_(persons))
    if online_only:
        statement = statement.where(col(Availability.online))
    rows = session.execute(statement.order_by(col(Availability.person))).all()
    certified = people.holding(session, requirements.in_force(session).all, session.now, persons)
    now = session.now
    found = []
    for row in cast("Sequence[Any]", rows):
        held = certified.get(row.person, frozenset())
        found.append(Member(row, row.employee_number, barrier(row, now, active=row.active, certified=bool(held)), held))
    return found


def barrier(row: Standing, now: datetime, *, active: bool, certified: bool) -> str | None:
    """Say why somebody cannot take a conversation at this moment, the gravest reason first."""
    if not active:
        return LEFT
    if not certified:
        return UNCERTIFIED
    absent = absence(row, now)
    if absent is not None or room(row, now) > 0:
        return absent
    return FULL if row.open >= row.capacity else SPENT


def absence(row: Standing, now: datetime) -> str | None:
    """Say why somebody is not there at this moment."""
    if is_away(row, now):
        return AWAY
    if not row.online:
        return OFFLINE
    if row.present_until is not None and row.present_until <= now:
        return UNCONFIRMED
    return None if at_work(row.hours, now) else OFF_HOURS


def is_away(row: Standing, now: datetime) -> bool:
    """Tell whether an absence covers this instant."""
    if row.away_from is None:
        return False
    return row.away_from <= now and (row.away_until is None or now < row.away_until)


def there(row: Standing, since: datetime, until: datetime) -> Iterator[Stretch]:
    """Yield the stretches between two instants in which somebody was present: online, at work and not away."""
    if not row.online:
        return
    if row.present_until is not None:
        until = min(until, row.present_until)
    away_from = row.away_from or until
    away_until = row.away_until or max(until, away_from)
    for start, end in worked(row.hours, since, until):
        if start < away_from:
            yield start, min(end, away_from)
        if away_until < end and away_from < end:
            yield max(start, away_until), end


def week_of(now: datetime) -> date:
    """Return the Monday of a week (UTC)."""
    return now.date() - timedelta(days=now.weekday())


def minutes_spent(row: Standing, now: datetime) -> int:
    """Return how many of the weekly minutes are spent."""
    return row.minutes if row.week == week_of(now) else 0


def room(row: Standing, now: datetime) -> int:
    """Return how many conversations somebody can take on, by capacity and by weekly minutes.

    What is open is reserved for with what a conversation is assumed to cost.
    """
    left = (row.weekly_minutes - minutes_spent(row, now)) // terms().minutes_per_conversation
    return max(0, min(row.capacity, left) - row.open)


def faded(row: Standing, now: datetime) -> tuple[float, float]:
    """Return what somebody handled and the hours they were present, older ones counting less.

    While somebody is present for t hours, the faded hours approach half_life / ln 2 * (1 - 2^(-t / half_life)).
    """
    ages = ((hours(now - start), hours(now - end)) for start, end in there(row, row.faded_at, now))
    keep = fading.kept(max(hours(now - row.faded_at), 0.0))
    return row.handled * keep, row.online_hours * keep + fading.gained(ages)


def hours(age: timedelta) -> float:
    """Return a stretch of time in hours."""
    return age.total_seconds() / 3600


def fade(row: Availability, now: datetime) -> None:
    """Bring the fading figures of a row up to this instant, before one of them or `online` changes."""
    row.handled, row.online_hours = faded(row, now)
    row.faded_at = now


def charge(row: Availability, now: datetime, conversations: int) -> None:
    """Book conversations that somebody was just given."""
    fade(row, now)
    row.open += conversations
    row.handled += conversations
    row.idle_since = now
    row.revision += 1


def release(row: Availability, now: datetime, minutes: int, worked_until: datetime) -> None:
    """Book that somebody has one conversation less open, what it took, and until when."""
    row.open = max(0, row.open - 1)
    row.idle_since = now
    if minutes:
        row.minutes = minutes_spent(row, now) + minutes
        row.week, row.worked_until = week_of(now), max(row.worked_until or worked_until, worked_until)
    row.revision += 1


def minutes_taken(row: Availability, assignment: Assignment, until: datetime) -> int:
    """Return what a conversation took from acceptance on, in working minutes that no other one counted already.

    One answered in the moment it was accepted, as by a tool that does both, took what is assumed.
    """
    began = assignment.resumed_at or assignment.accepted_at
    if began is None:
        return 0
    if began >= until:
        return terms().minutes_per_conversation
    since = max(began, row.worked_until or began)
    taken = math.ceil(working_time(row.hours, since, until) / MINUTE)
    return min(max(taken, 1), terms().minutes_at_most)


def missing(team: Iterable[Member], certification: str, language: str | None, topic: str | None) -> str:
    """Say what nobody has who could take a conversation: the first demand, in a fixed order, that leaves nobody."""
    left = [member for member in team if member.barrier != LEFT and certification in member.held]
    if not left:
        return f"certification:{certification}"
    if language is not None:
        left = [member for member in left if language in member.row.languages]
        if not left:
            return f"language:{language}"
    if topic is not None:
        left = [member for member in left if not member.row.topics or topic in member.row.topics]
        if not left:
            return f"topic:{topic}" if language is None else f"topic:{topic} in language:{language}"
    if all(member.barrier in ABSENT for member in left):
        return "presence"
    return "room" if all(member.barrier is not None for member in left) else "somebody who has not given it back"
