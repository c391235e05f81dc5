"""Who could answer customers at this moment: availability, certificates and load, as the router wants them."""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol, cast
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlmodel import col

from services.monitoring.domain import people
from services.monitoring.domain.routing.routing import Colleague
from services.monitoring.schemas.availability import Hours
from services.monitoring.settings import terms
from services.monitoring.tables import Availability, Person
from shared.db import Session

HALF_LIFE_HOURS = 7 * 24.0
"""After a week, what somebody handled and how long they were online counts half."""
LEFT = "has left"
UNCERTIFIED = "holds no valid certificate"
AWAY = "is away"
OFFLINE = "is not online"
OFF_HOURS = "does not work at this hour"
FULL = "has no room left"
SPENT = "has no minutes left this week"
GONE = (LEFT, UNCERTIFIED, AWAY)
"""Barriers at which a person's open conversations go to others at once."""


class Standing(Protocol):
    """What the rules below read of an availability, whether it is a row to change or only its columns."""

    person: str
    languages: list[str]
    topics: list[str]
    capacity: int
    weekly_minutes: int
    online: bool
    hours: dict[str, Any] | None
    away_from: datetime | None
    away_until: datetime | None
    open: int
    minutes: int
    week: date | None
    handled: float
    online_hours: float
    faded_at: datetime
    idle_since: datetime


COLUMNS = [col(getattr(Availability, name)) for name in Standing.__annotations__]


@dataclass(slots=True)
class Member:
    """A person with their availability, and what keeps them from taking one more conversation, if anything does."""

    row: Standing
    employee_number: str
    barrier: str | None

    def colleague(self, topics: Collection[str], now: datetime) -> Colleague:
        """Return this person as the router sees them; whoever names no topics takes all of `topics`."""
        row = self.row
        handled, hours = faded(row, now)
        return Colleague(
            person=row.person,
            skills=frozenset(
                [f"language:{one}" for one in row.languages] + [f"topic:{one}" for one in row.topics or topics]
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
    certified = people.holders(session, terms().certification, session.now, persons)
    now = session.now
    return [
        Member(row, row.employee_number, barrier(row, now, active=row.active, certified=row.person in certified))
        for row in cast("Sequence[Any]", rows)
    ]


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
    return None if at_work(row, now) else OFF_HOURS


def is_away(row: Standing, now: datetime) -> bool:
    """Tell whether an absence covers this instant."""
    if row.away_from is None:
        return False
    return row.away_from <= now and (row.away_until is None or now < row.away_until)


def at_work(row: Standing, now: datetime) -> bool:
    """Tell whether somebody's hours cover this instant, in their own time zone; a night shift belongs to its first day."""
    if row.hours is None:
        return True
    hours = Hours.model_validate(row.hours)
    local = now.astimezone(ZoneInfo(hours.zone))
    today, moment = local.weekday(), local.time()
    if hours.start < hours.end:
        return today in hours.days and hours.start <= moment < hours.end
    return (today in hours.days and moment >= hours.start) or ((today - 1) % 7 in hours.days and moment < hours.end)


def week_of(now: datetime) -> date:
    """Return the Monday of a week (UTC)."""
    return now.date() - timedelta(days=now.weekday())


def minutes_spent(row: Standing, now: datetime) -> int:
    """Return how many of the weekly minutes are spent."""
    return row.minutes if row.week == week_of(now) else 0


def room(row: Standing, now: datetime) -> int:
    """Return how many conversations somebody can take on, by capacity and by weekly minutes."""
    left = (row.weekly_minutes - minutes_spent(row, now)) // terms().minutes_per_conversation
    return max(0, min(row.capacity - row.open, left))


def faded(row: Standing, now: datetime) -> tuple[float, float]:
    """Return what somebody handled and their online hours, older ones counting less.

    While somebody is online for t hours, the faded hours approach half_life / ln 2 * (1 - 2^(-t / half_life)).
    """
    elapsed = max((now - row.faded_at).total_seconds(), 0.0) / 3600
    keep = 0.5 ** (elapsed / HALF_LIFE_HOURS)
    gained = HALF_LIFE_HOURS / math.log(2) * (1 - keep) if row.online else 0.0
    return row.handled * keep, row.online_hours * keep + gained


def fade(row: Availability, now: datetime) -> None:
    """Bring the fading figures of a row up to this instant, before one of them or `online` changes."""
    row.handled, row.online_hours = faded(row, now)
    row.faded_at = now


def charge(row: Availability, now: datetime, conversations: int) -> None:
    """Book conversations that somebody was just given."""
    fade(row, now)
    row.open += conversations
    row.handled += conversations
    row.minutes = minutes_spent(row, now) + conversations * terms().minutes_per_conversation
    row.week = week_of(now)
    row.idle_since = now
    row.revision += 1


def release(row: Availability, now: datetime, *, refund: bool) -> None:
    """Book that somebody has one conversation less open; `refund` gives back the minutes of one never begun."""
    row.open = max(0, row.open - 1)
    row.idle_since = now
    if refund:
        row.minutes = max(0, minutes_spent(row, now) - terms().minutes_per_conversation)
        row.week = week_of(now)
    row.revision += 1


def missing(team: Iterable[Member], language: str | None, topic: str | None) -> str:
    """Say what nobody has who could take a conversation: the first demand, in a fixed order, that leaves nobody."""
    left = [member for member in team if member.barrier not in (LEFT, UNCERTIFIED)]
    if not left:
        return f"certification:{terms().certification}"
    if language is not None:
        left = [member for member in left if language in member.row.languages]
        if not left:
            return f"language:{language}"
    if topic is not None:
        left = [member for member in left if not member.row.topics or topic in member.row.topics]
        if not left:
            return f"topic:{topic}" if language is None else f"topic:{topic} in language:{language}"
    if all(member.barrier in (AWAY, OFFLINE, OFF_HOURS) for member in left):
        return "presence"
    return "room" if all(member.barrier is not None for member in left) else "somebody who has not given it back"
