"""How the load is shared: who carries what, how even it is, how long customers wait, and where one person is all there is."""

import math
from collections.abc import Sequence
from datetime import timedelta

from sqlmodel import col, func, select

from services.monitoring.domain import people
from services.monitoring.domain.routing import assignments, staff
from services.monitoring.domain.routing.routing import NEWCOMER_HOURS
from services.monitoring.schemas.load import DependencyOut, LoadOut, ShareOut, WaitsOut
from services.monitoring.tables import Assignment, Conversation
from shared.db import Session

WINDOW = timedelta(days=7)
WAITS = 2000


def report(session: Session) -> LoadOut:
    """Report the load of all who have stated their availability, over the last seven days.

    A key that is limited to departments learns names and figures of their people only.
    """
    team = staff.members(session)
    named = {member.employee_number for member in team if people.reaches(session, member.row.person)}
    handled: dict[str, int] = dict(
        session.execute(
            select(col(Assignment.person), func.count())
            .where(col(Assignment.assigned_at) > session.now - WINDOW)
            .group_by(col(Assignment.person))
        ).all()
    )
    total = sum(handled.values())
    shares = []
    rates = []
    for member in team:
        weighted, hours = staff.faded(member.row, session.now)
        mine = handled.get(member.row.person, 0)
        shares.append(
            ShareOut(
                employee_number=member.employee_number,
                open=member.row.open,
                handled=mine,
                online_hours=round(hours, 2),
                share=round(mine / total, 4) if total else 0.0,
            )
        )
        if hours > 0:
            rates.append(weighted / (hours + NEWCOMER_HOURS))
    return LoadOut(
        people=sorted(
            (share for share in shares if share.employee_number in named),
            key=lambda share: (-share.handled, share.employee_number),
        ),
        jain=jain(rates),
        gini=gini(rates),
        waits=waits(session),
        queue=session.execute(select(func.count()).where(col(Conversation.state).in_(assignments.QUEUED))).scalar_one(),
        single_person=[one for one in single_person(team) if one.employee_number in named],
    )


def jain(rates: Sequence[float]) -> float | None:
    """Jain's fairness index: (sum x)^2 / (n sum x^2), from 1/n to 1 (Jain, Chiu, Hawe 1984)."""
    largest = max(rates, default=0.0)
    if not largest:
        return None
    # Shares of the largest: the square of a very small rate has no digits left.
    shares = [rate / largest for rate in rates]
    return round(sum(shares) ** 2 / (len(shares) * sum(share * share for share in shares)), 4)


def gini(rates: Sequence[float]) -> float | None:
    """The Gini coefficient: 0 where all carry the same, towards 1 where one carries all."""
    total = sum(rates)
    if not total:
        return None
    number = len(rates)
    weighted = sum(place * rate for place, rate in enumerate(sorted(rates), start=1))
    return round(2 * weighted / (number * total) - (number + 1) / number, 4)


def waits(session: Session) -> WaitsOut:
    """Return how long customers waited for their first assignment; those who still wait count with what they waited so far."""
    lately = (
        select(Conversation.waited, Conversation.opened_at, Conversation.state)
        .where(col(Conversation.opened_at) > session.now - WINDOW)
        .order_by(col(Conversation.id).desc())
        .limit(WAITS)
    )
    seconds = sorted(
        waited if waited is not None else (session.now - opened_at).total_seconds()
        for waited, opened_at, state in session.execute(lately)
        if waited is not None or state in assignments.QUEUED
    )
    return WaitsOut(p50=percentile(seconds, 0.5), p95=percentile(seconds, 0.95))


def percentile(ordered: Sequence[float], part: float) -> float | None:
    """Return the nearest-rank percentile of ordered values."""
    if not ordered:
        return None
    return round(ordered[max(0, math.ceil(part * len(ordered)) - 1)], 3)


def single_person(team: Sequence[staff.Member]) -> list[DependencyOut]:
    """Name the languages and topics that only one certified person covers."""
    covering: dict[str, set[str]] = {}
    for member in team:
        if member.barrier in (staff.LEFT, staff.UNCERTIFIED):
            continue
        for skill in [f"language:{one}" for one in member.row.languages] + [
            f"topic:{one}" for one in member.row.topics
        ]:
            covering.setdefault(skill, set()).add(member.employee_number)
    return [
        DependencyOut(skill=skill, employee_number=min(who)) for skill, who in sorted(covering.items()) if len(who) == 1
    ]
