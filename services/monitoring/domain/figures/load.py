"""How the load is shared: who carries what, how even it is, how long customers wait, and where one person is all there is."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlmodel import col, func, select

from services.monitoring.domain.figures.carried import Carrier, carried, rates_of, rows
from services.monitoring.domain.figures.fairness import gini, jain
from services.monitoring.domain.figures.pools import NOBODY, measured, pools, ratio, spread
from services.monitoring.domain.routing import assignments, staff
from services.monitoring.schemas.load import DependencyOut, LoadOut
from services.monitoring.tables import Assignment, Conversation
from shared.db import Session

DAYS = 7


def report(session: Session, days: int = DAYS) -> LoadOut:
    """Report the load of all who have stated their availability, over the last days.

    A key that is limited to departments learns names and figures of their people only. People in works-council mode are
    counted, but not shown one by one; if they are too few to hide each other, they are not counted either.
    """
    since = session.now - timedelta(days=days)
    caller = session.context.caller
    shared_out = carried(session, since)
    found = measured(session, since, shared_out.uncounted)
    ended = endings(session, since, shared_out.uncounted)
    rates = rates_of(shared_out.counted)
    return LoadOut(
        days=days,
        people=shared_out.shares(),
        departments=shared_out.departments(caller.departments if caller else None),
        pools=pools(shared_out, found),
        handled=shared_out.total,
        jain=jain(rates),
        gini=gini(rates),
        waits=spread(seconds for one in found.values() for seconds in one.waits),
        first_answers=spread(seconds for one in found.values() for seconds in one.answers),
        promises_kept=ratio(sum(one.kept for one in found.values()), sum(one.missed for one in found.values())),
        handed_off=ended.get(assignments.HANDED_OFF, 0),
        returned_for_silence=ended.get(assignments.SILENT, 0) + ended.get(staff.LAPSED, 0),
        queue=session.execute(select(func.count()).where(col(Conversation.state).in_(assignments.QUEUED))).scalar_one(),
        single_person=single_person(shared_out.team),
    )


def endings(session: Session, since: datetime, uncounted: Collection[str]) -> dict[str, int]:
    """Count how assignments ended since an instant."""
    statement = (
        select(col(Assignment.ended), func.count())
        .where(col(Assignment.ended_at) > since, col(Assignment.person).not_in(uncounted))
        .group_by(col(Assignment.ended))
    )
    return dict(rows(session, statement))


def single_person(team: Sequence[Carrier]) -> list[DependencyOut]:
    """Name the languages and topics that only one certified person covers, of those whom the caller may see."""
    covering: dict[str, list[Carrier]] = {}
    for one in team:
        if one.member.barrier in NOBODY:
            continue
        row = one.member.row
        for skill in {f"language:{name}" for name in row.languages} | {f"topic:{name}" for name in row.topics}:
            covering.setdefault(skill, []).append(one)
    return [
        DependencyOut(skill=skill, employee_number=None if who[0].hidden else who[0].member.employee_number)
        for skill, who in sorted(covering.items())
        if len(who) == 1 and who[0].named
    ]
