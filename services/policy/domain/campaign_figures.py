"""Campaigns in figures, so that no group is so small, or becomes so by subtraction, that its figures are somebody's own."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import SQLColumnExpression, literal
from sqlmodel import col, func, select

from services.policy.domain import groups, overlaps, people, standing
from services.policy.domain.overlaps import Overlaps
from services.policy.domain.standing import Counting
from services.policy.schemas.campaigns import Counts, GroupCounts, StatisticsOut
from services.policy.settings import terms
from services.policy.tables import Asked, Campaign, Person
from shared.db import Session

OTHER = "other"


def statuses(
    session: Session,
    campaigns: Sequence[Campaign],
    counting: Mapping[str, Counting],
    by: Literal["department", "region"] | None = None,
) -> dict[str, dict[str, Counter[str]]]:
    """Return by campaign and group how many people that the caller may know of have which status.

    The open campaigns of a policy take one query together.
    """
    columns: dict[str | None, SQLColumnExpression[str]] = {
        None: literal(""),
        "department": col(Person.department),
        "region": col(Person.region),
    }
    alike: dict[tuple[Counting, datetime | None], list[str]] = defaultdict(list)
    for campaign in campaigns:
        alike[counting[campaign.id], campaign.closed_at].append(campaign.id)
    found: dict[str, dict[str, Counter[str]]] = {campaign.id: defaultdict(Counter) for campaign in campaigns}
    for (versions, closed_at), ids in alike.items():
        status = standing.status_in_campaign(session, versions, closed_at)
        rows = (
            select(Asked.campaign_id, columns[by], status, func.count())
            .select_from(Asked)
            .join(Person, col(Person.id) == col(Asked.person))
            .where(
                col(Asked.campaign_id).in_(ids), col(Person.active).is_(True), *people.reach(session, col(Person.id))
            )
            .group_by(col(Asked.campaign_id), columns[by], status)
        )
        for campaign_id, name, stands, number in session.exec(rows):
            found[campaign_id][name][stands] += number
    return found


def counts_of(numbers: Mapping[str, int]) -> dict[str, int]:
    """Return the fields of `Counts`."""
    each = {name: numbers.get(name, 0) for name in ("done", "missing", "overdue", "exempt")}
    return {"people": sum(each.values()), **each}


def totals(session: Session, campaigns: Sequence[Campaign], counting: Mapping[str, Counting]) -> dict[str, Counts]:
    """Count all people of each campaign that the caller may know of, as far as that tells nothing of a few of them."""
    if not campaigns or sees_names(session):
        found = statuses(session, campaigns, counting)
        return {each.id: Counts(**counts_of(sum(found[each.id].values(), Counter()))) for each in campaigns}
    overlap = overlaps.find(session, campaigns)
    found = statuses(session, campaigns, counting, None if limited_to(session) is None else "department")
    return {each.id: total_of(session, overlap, each.id, found[each.id]) for each in campaigns}


def total_of(session: Session, overlap: Overlaps, campaign: str, found: Mapping[str, Counter[str]]) -> Counts:
    """Count whom the caller reaches; `found` is by department where they do not reach all."""
    if not overlap.is_counted(campaign):
        return Counts()
    reached = limited_to(session)
    if reached is None:
        return Counts(**counts_of(sum(found.values(), Counter())))
    alone = overlap.alone(campaign).department & reached & found.keys()
    return Counts(**counts_of(sum((found[name] for name in alone), Counter()))) if alone else Counts()


def sees_names(session: Session) -> bool:
    """Tell whether the caller reads where each person stands anyway."""
    caller = session.context.caller
    return caller is None or caller.has("people:read")


def limited_to(session: Session) -> frozenset[str] | None:
    """Return the departments that the caller reaches; None for all."""
    caller = session.context.caller
    return None if caller is None else caller.departments


def statistics(session: Session, campaign: Campaign, by: Literal["department", "region"]) -> StatisticsOut:
    """Count by group; groups that are too small are counted as one, with as many more as make them large enough.

    Who may read names sees all that are large enough in this campaign; everybody else what no other campaign makes small.
    A key that is limited to departments gets those of its own, and no regions, which others share.
    """
    counting = standing.counting_in(session, [campaign])
    found = statuses(session, [campaign], counting, by)[campaign.id]
    answer = StatisticsOut(campaign=campaign.id, by=by, minimum=terms().min_group_size, total=Counts(), groups=[])
    if sees_names(session):
        answer.total = Counts(**counts_of(sum(found.values(), Counter())))
        small = groups.too_small({name: each.total() for name, each in found.items()})
        answer.groups = apart(found, found.keys() - small)
        return answer
    overlap, limited = overlaps.find(session, [campaign]), limited_to(session) is not None
    departments = statuses(session, [campaign], counting, "department")[campaign.id]
    answer.total = total_of(session, overlap, campaign.id, departments)
    if answer.total.people is None or (limited and by == "region"):
        return answer
    alone = getattr(overlap.alone(campaign.id), by) & found.keys()
    answer.groups = apart({name: found[name] for name in alone} if limited else found, alone)
    return answer


def apart(found: Mapping[str, Counter[str]], alone: Collection[str]) -> list[GroupCounts]:
    """Show groups, all but those `alone` as one."""
    shown = [GroupCounts(name=name, **counts_of(found[name])) for name in sorted(alone)]
    others: Counter[str] = sum((found[name] for name in found.keys() - set(alone)), Counter())
    return [*shown, GroupCounts(name=OTHER, **counts_of(others))] if others else shown
