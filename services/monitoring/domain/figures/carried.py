"""Who of the team carries what, and whose figures count: people in works-council mode only as one of many."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import col, func, select

from services.monitoring.domain import people
from services.monitoring.domain.figures.fairness import gini, jain
from services.monitoring.domain.routing import staff
from services.monitoring.domain.routing.routing import NEWCOMER_HOURS
from services.monitoring.schemas.load import DepartmentShareOut, ShareOut
from services.monitoring.settings import terms
from services.monitoring.tables import Assignment, Conversation, Person
from shared import small_groups, works_council
from shared.db import Session

OTHER = "other"
PoolKey = tuple[str | None, str | None]
"""A language and a topic."""


@dataclass(frozen=True, slots=True)
class Carrier:
    """One of the team; `hidden` says that nothing may be shown that measures them alone."""

    member: staff.Member
    department: str
    hidden: bool
    named: bool
    hours: float
    rate: float | None

    @property
    def person(self) -> str:
        """Who it is."""
        return self.member.row.person


@dataclass(frozen=True, slots=True)
class Carried:
    """The team, those who count, and what each was given of which pool."""

    team: Sequence[Carrier]
    counted: Sequence[Carrier]
    handled: Counter[str]
    by_pool: Counter[PoolKey]

    @property
    def total(self) -> int:
        """How much was handled in all."""
        return self.handled.total()

    @property
    def uncounted(self) -> Collection[str]:
        """Those whose figures are in nothing that is shown: too few to be hidden among each other."""
        return {one.person for one in self.team} - {one.person for one in self.counted}

    def shares(self) -> list[ShareOut]:
        """Return what each person carries whom the caller may see, most first."""
        found = [
            ShareOut(
                employee_number=one.member.employee_number,
                department=one.department,
                open=one.member.row.open,
                handled=self.handled[one.person],
                online_hours=round(one.hours, 2),
                share=part(self.handled[one.person], self.total),
            )
            for one in self.counted
            if one.named and not one.hidden
        ]
        return sorted(found, key=lambda share: (-share.handled, share.employee_number))

    def departments(self, reached: Collection[str] | None) -> list[DepartmentShareOut]:
        """Return what each department carries of those `reached` (None: all), people in works-council mode apart."""
        found = []
        for hidden in (False, True):
            those = [one for one in self.counted if one.hidden == hidden]
            groups = small_groups.shown(Counter(one.department for one in those), terms().min_group_size, reached)
            names = [(name, [one for one in those if one.department == name]) for name in sorted(groups.alone)]
            if groups.together:
                names.append((OTHER, [one for one in those if one.department in groups.together]))
            found += [self._department(name, members, hidden=hidden) for name, members in names]
        return found

    def _department(self, name: str, members: Sequence[Carrier], *, hidden: bool) -> DepartmentShareOut:
        handled = sum(self.handled[one.person] for one in members)
        rates = rates_of(members)
        return DepartmentShareOut(
            department=name,
            works_council=hidden,
            people=len(members),
            open=sum(one.member.row.open for one in members),
            handled=handled,
            share=part(handled, self.total),
            jain=jain(rates),
            gini=gini(rates),
        )


def carried(session: Session, since: datetime) -> Carried:
    """Return who carries what since an instant."""
    hiding = works_council.hidden(session)
    members = staff.members(session)
    persons = [member.row.person for member in members]
    departments = dict(rows(session, select(Person.id, Person.department).where(col(Person.id).in_(persons))))
    team = [carrier(session, member, departments, hiding) for member in members]
    few = 0 < sum(one.hidden for one in team) < terms().min_group_size
    counted = [one for one in team if not (few and one.hidden)]
    left_out = {one.person for one in team if few and one.hidden}
    handled: Counter[str] = Counter()
    by_pool: Counter[PoolKey] = Counter()
    given = (
        select(col(Assignment.person), col(Conversation.language), col(Conversation.topic), func.count())
        .join(Conversation, col(Conversation.id) == col(Assignment.conversation))
        .where(col(Assignment.assigned_at) > since)
        .group_by(col(Assignment.person), col(Conversation.language), col(Conversation.topic))
    )
    for person, language, topic, number in rows(session, given):
        if person not in left_out:
            handled[person] += number
            by_pool[language, topic] += number
    return Carried(team, counted, handled, by_pool)


def carrier(
    session: Session, member: staff.Member, departments: dict[str, str], hiding: works_council.Hidden
) -> Carrier:
    """Return a member of the team with what they handled per online hour, if they ever were online."""
    weighted, hours = staff.faded(member.row, session.now)
    return Carrier(
        member=member,
        department=departments.get(member.row.person, ""),
        hidden=member.row.person in hiding,
        named=people.reaches(session, member.row.person),
        hours=hours,
        rate=weighted / (hours + NEWCOMER_HOURS) if hours > 0 else None,
    )


def rates_of(members: Sequence[Carrier]) -> list[float]:
    """Return what each handles per online hour, of those who ever were online."""
    return [one.rate for one in members if one.rate is not None]


def part(some: int, total: int) -> float:
    """Return a part of all."""
    return round(some / total, 4) if total else 0.0


def rows(session: Session, statement: Any) -> Sequence[Any]:
    """Return the rows of a statement."""
    return session.execute(statement).all()
