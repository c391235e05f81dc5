"""Autonomy as it is shown: to the person themselves, and to those who guide people."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlmodel import col, func, select

from services.monitoring.domain import people
from services.monitoring.domain.autonomy import levels
from services.monitoring.domain.autonomy.levels import Standing
from services.monitoring.domain.autonomy.rule import Reviewed
from services.monitoring.schemas.autonomy import (
    AutonomyChangeOut,
    AutonomyOut,
    AutonomyProposalOut,
    AutonomyWaitingOut,
    NetworkAutonomyOut,
    ReviewedOut,
)
from services.monitoring.tables import Autonomy, AutonomyChange, Person
from shared import works_council
from shared.context import Principal
from shared.db import Session
from shared.pages import Page, PageQuery, cut
from shared.problems import NotFound


def read(session: Session, employee_number: str, caller: Principal) -> AutonomyOut:
    """Return how far a person is trusted; raises NotFound for whoever may not see it."""
    person = people.by_number(session, employee_number)
    if not caller.has("monitoring:read") and caller.person != person.id:
        raise not_found(employee_number)
    people.refuse_hidden(session, person.id)
    return shown(session, person)


def themself(session: Session, employee_number: str, caller: Principal) -> Person:
    """Return the person if it is they who ask, or a key that acts for them; raises NotFound."""
    person = people.by_number(session, employee_number)
    for_them = not caller.signed_in and caller.has("monitoring:write")
    if caller.person != person.id and not for_them:
        raise not_found(employee_number)
    return person


def not_found(employee_number: str) -> NotFound:
    """Return what is said to whoever may not see it."""
    return NotFound(f"There is no autonomy of {employee_number}.")


def shown(session: Session, person: Person) -> AutonomyOut:
    """Show how far a person is trusted; in works-council mode, what was reviewed is for themselves alone."""
    found = levels.standings(session, [person.id])
    caller = session.context.caller
    themself = caller is not None and caller.person == person.id
    hiding = works_council.NOBODY if themself else works_council.hidden(session)
    return AutonomyOut(
        employee_number=person.employee_number,
        networks=[NetworkAutonomyOut(**one) for one in details(session, found, hiding)],
        otherwise=levels.by_certification(session, [person.id])[person.id],
        revision=revision(session, person.id),
    )


def waiting(session: Session, paging: PageQuery) -> Page[AutonomyWaitingOut]:
    """List what waits for somebody's decision, by person and network: proposals of the rule, and appeals.

    Of people in works-council mode only appeals, without what was reviewed.
    """
    found = levels.standings(session)
    hiding = works_council.hidden(session)
    appealed = {(one.person, one.network) for one in open_appeals(session)}
    reached = reachable(session, {one.person for one in found})
    keyed = [
        (f"{one.person} {one.network}", one)
        for one in found
        if one.person in reached
        and ((one.proposal is not None and one.person not in hiding) or (one.person, one.network) in appealed)
    ]
    after = [one for one in keyed if paging.after is None or one[0] > paging.after]
    rows, cursor = cut(after[: paging.limit + 1], paging.limit, 0)
    standings = [one for _, one in rows]
    items = [
        AutonomyWaitingOut(employee_number=reached[one.person], **detail)
        for one, detail in zip(standings, details(session, standings, hiding), strict=True)
    ]
    return Page(items=items, next_cursor=cursor)


def reachable(session: Session, persons: Collection[str]) -> dict[str, str]:
    """Return the employee numbers of those who work here and whom the caller may reach."""
    statement = select(Person.id, Person.employee_number).where(
        col(Person.id).in_(persons), col(Person.active), *people.reach(session, col(Person.id))
    )
    return {person: number for person, number in session.execute(statement).all()}  # noqa: C416  rows are no pairs to a type checker


def details(session: Session, standings: Sequence[Standing], hiding: works_council.Hidden) -> list[dict[str, Any]]:
    """Return what is shown of each, and of those whose figures are hidden only what somebody said."""
    last = {(one.person, one.network): one for one in last_changes(session, {one.person for one in standings})}
    numbers = people.numbers(session, {one.coach for one in last.values()})
    return [detail(one, last.get((one.person, one.network)), numbers, hide=one.person in hiding) for one in standings]


def detail(standing: Standing, last: AutonomyChange | None, numbers: dict[str, str], *, hide: bool) -> dict[str, Any]:
    """Return what is shown of how a person stands on a network."""
    proposal = None if hide else standing.proposal
    change = None
    if last is not None:
        known = {**last.model_dump(), "coach": numbers.get(last.coach, last.coach)}
        change = AutonomyChangeOut.model_validate({**known, "grounds": []} if hide else known)
    return {
        "network": standing.network,
        "level": standing.level,
        "since": standing.row.since if standing.row is not None else None,
        "reviewed": None if hide else figures(standing.reviewed),
        "proposal": AutonomyProposalOut(level=proposal.level, reasons=proposal.reasons) if proposal else None,
        "change": change,
        "appealed": last is not None and last.appeal is not None,
    }


def figures(reviewed: Reviewed) -> ReviewedOut:
    """Show what reviews came to."""
    return ReviewedOut(
        reviews=len(reviewed.last), good=reviewed.good, poor=reviewed.poor, upheld_findings=reviewed.upheld
    )


def last_changes(session: Session, persons: Collection[str]) -> list[AutonomyChange]:
    """Return what was said last of each of these people, network by network."""
    newest = select(func.max(AutonomyChange.id)).group_by(col(AutonomyChange.person), col(AutonomyChange.network))
    of_these = newest.where(col(AutonomyChange.person).in_(persons))
    return list(session.execute(select(AutonomyChange).where(col(AutonomyChange.id).in_(of_these))).scalars())


def last_change(session: Session, person: str, network: str) -> AutonomyChange | None:
    """Return what was said last of a person on a network."""
    return next((one for one in last_changes(session, [person]) if one.network == network), None)


def open_appeals(session: Session) -> list[AutonomyChange]:
    """Return the changes that wait for somebody else to look again."""
    newest = select(func.max(AutonomyChange.id)).group_by(col(AutonomyChange.person), col(AutonomyChange.network))
    waiting = select(AutonomyChange).where(col(AutonomyChange.appeal).is_not(None), col(AutonomyChange.id).in_(newest))
    return list(session.execute(waiting).scalars())


def open_appeal(session: Session, person: str, network: str) -> AutonomyChange | None:
    """Return the change of a person's level that waits for somebody else to look again, if there is one."""
    last = last_change(session, person, network)
    return last if last is not None and last.appeal is not None else None


def standing(session: Session, person: str, network: str) -> Standing:
    """Return how a person stands on a network, also where nothing was said or found."""
    for one in levels.standings(session, [person]):
        if one.network == network:
            return one
    return Standing(person, network, levels.by_certification(session, [person])[person], None, Reviewed())


def lock(session: Session, person: str) -> None:
    """Let nobody else decide about a person meanwhile."""
    session.execute(select(Person.id).where(col(Person.id) == person).with_for_update())


def revision(session: Session, person: str) -> int:
    """Return how often something was said about a person."""
    counted = select(func.coalesce(func.sum(Autonomy.revision), 0)).where(col(Autonomy.person) == person)
    return int(session.execute(counted).scalar_one())
