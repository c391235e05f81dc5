"""Who answers in a simulation: the colleagues there are, and those there would be."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from services.monitoring import tables
from services.monitoring.domain.routing import staff
from services.monitoring.domain.routing.hours import worked
from services.monitoring.domain.simulations.model import Worker
from services.monitoring.schemas.availability import AvailabilityIn, Hours
from services.monitoring.schemas.simulations import CertifyIn, WhatIfIn
from shared.db import Session

GONE = (staff.LEFT, staff.UNCERTIFIED)
Stretches = tuple[tuple[float, float], ...]
NEW = AvailabilityIn.model_validate({"languages": ["en"]})
"""What somebody takes on who says nothing of it."""


@dataclass(frozen=True)
class Person:
    """Somebody who answers, before their skills are those that the router compares."""

    id: str
    languages: frozenset[str]
    topics: frozenset[str]
    held: frozenset[str]
    capacity: int
    weekly_minutes: int
    hours: dict[str, Any] | None
    away: tuple[datetime | None, datetime | None] = (None, None)
    absent: bool = False
    """Works at no hours that they stated, and is not online: nobody knows when they would be there."""


@dataclass
class Staffing:
    """The workers of a task, and their calendars, each once."""

    since: datetime
    until: datetime
    topics: frozenset[str]
    calendars: dict[Stretches, int] = field(default_factory=dict)

    def workers(self, people: Iterable[Person]) -> list[Worker]:
        """Return people as the simulator takes them, in the router's order."""
        return [
            Worker(
                person=one.id,
                skills=tuple(
                    sorted(
                        [f"language:{name}" for name in one.languages]
                        + [f"topic:{name}" for name in one.topics or self.topics]
                        + [f"certification:{name}" for name in one.held]
                    )
                ),
                capacity=one.capacity,
                weekly_minutes=one.weekly_minutes,
                calendar=self.calendar(one),
            )
            for one in sorted(people, key=lambda one: one.id)
        ]

    def calendar(self, one: Person) -> int:
        """Return the place of the calendar of somebody: their hours less their absence."""
        stretches = () if one.absent else tuple(self._stretches(one))
        return self.calendars.setdefault(stretches, len(self.calendars))

    def _stretches(self, one: Person) -> Iterable[tuple[float, float]]:
        away_from, away_until = one.away
        for start, end in worked(one.hours, self.since, self.until):
            if away_from is None or end <= away_from or (away_until is not None and away_until <= start):
                yield start.timestamp(), end.timestamp()
                continue
            if start < away_from:
                yield start.timestamp(), away_from.timestamp()
            if away_until is not None and away_until < end:
                yield away_until.timestamp(), end.timestamp()


def spoken(session: Session, what_if: WhatIfIn) -> dict[str, list[str]]:
    """Return the languages of the people who would be certified, as HR knows them."""
    named = [one.employee_number for one in what_if.certify if one.employee_number is not None]
    found = session.execute(
        select(col(tables.Person.id), col(tables.Person.languages)).where(col(tables.Person.id).in_(named))
    )
    return {person: languages for person, languages in found}  # noqa: C416  rows are not pairs to a type checker


def everyone(session: Session) -> dict[str, Person]:
    """Return all who stated their availability, certified or not, by id; who has left is none of them."""
    return {
        member.row.person: Person(
            id=member.row.person,
            languages=frozenset(member.row.languages),
            topics=frozenset(member.row.topics),
            held=member.held,
            capacity=member.row.capacity,
            weekly_minutes=member.row.weekly_minutes,
            hours=member.row.hours,
            away=(member.row.away_from, member.row.away_until),
            absent=member.row.hours is None and not member.row.online,
        )
        for member in staff.members(session)
        if member.barrier != staff.LEFT
    }


def before(people: Mapping[str, Person]) -> list[Person]:
    """Return who answers now: all who are certified."""
    return [one for one in people.values() if one.held]


def after(
    people: Mapping[str, Person],
    what_if: WhatIfIn,
    certifications: frozenset[str],
    spoken: Mapping[str, Collection[str]],
) -> list[Person]:
    """Return who would answer; `what_if` names people by their ids, `spoken` are the languages of those who are new."""
    changed = {one.id: one for one in before(people)}
    for number, certify in enumerate(what_if.certify):
        if certify.employee_number is not None:
            person = certify.employee_number
            changed[person] = certified(
                people.get(person) or newcomer(person, certify, spoken[person]), certify, certifications
            )
            continue
        for place in range(certify.count or 0):
            person = f"~{number:03d}-{place:03d}"  # after all ids of ours
            changed[person] = certified(newcomer(person, certify, ()), certify, certifications)
    return [for_all(one, what_if) for one in without(changed.values(), what_if.without)]


def without(people: Iterable[Person], gone: Sequence[str]) -> list[Person]:
    """Return people but some."""
    left: Collection[str] = set(gone)
    return [one for one in people if one.id not in left]


def newcomer(person: str, certify: CertifyIn, spoken: Collection[str]) -> Person:
    """Return somebody who has said nothing yet: they take what most do, at usual office hours."""
    hours = (certify.hours or Hours.model_validate({})).model_dump(mode="json")
    return Person(
        person, frozenset(spoken), frozenset(certify.topics), frozenset(), NEW.capacity, NEW.weekly_minutes, hours
    )


def certified(one: Person, certify: CertifyIn, certifications: frozenset[str]) -> Person:
    """Return somebody certified for all that customers ask, with what they would have beside what they have."""
    hours = certify.hours.model_dump(mode="json") if certify.hours else one.hours
    return replace(
        one,
        held=one.held | certifications,
        languages=one.languages | set(certify.languages),
        topics=one.topics | set(certify.topics) if one.topics else one.topics,
        hours=hours,
        absent=one.absent and certify.hours is None,
        capacity=one.capacity if certify.capacity is None else certify.capacity,
        weekly_minutes=one.weekly_minutes if certify.weekly_minutes is None else certify.weekly_minutes,
    )


def for_all(one: Person, what_if: WhatIfIn) -> Person:
    """Return somebody with what would hold for everyone."""
    return replace(
        one,
        hours=what_if.hours.model_dump(mode="json") if what_if.hours else one.hours,
        absent=one.absent and what_if.hours is None,
        capacity=one.capacity if what_if.capacity is None else what_if.capacity,
        weekly_minutes=one.weekly_minutes if what_if.weekly_minutes is None else what_if.weekly_minutes,
    )
