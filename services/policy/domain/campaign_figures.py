"""A campaign in figures, so that no group is so small that its figures are somebody's own."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Literal

from sqlmodel import col, func, select

from services.policy.domain import groups, people, standing
from services.policy.schemas.campaigns import Counts, GroupCounts, StatisticsOut
from services.policy.settings import terms
from services.policy.tables import Asked, Campaign, Person, Policy
from shared.db import Session

OTHER = "other"


def counted(
    session: Session, policy: Policy, campaign: Campaign, by: Literal["department", "region"]
) -> dict[str, Counter[str]]:
    """Return how many people of each group have which status."""
    status = standing.status_in_campaign(session, standing.counting_versions(session, policy))
    group = col(Person.department) if by == "department" else col(Person.region)
    rows = (
        select(group, status, func.count())
        .select_from(Asked)
        .join(Person, col(Person.id) == col(Asked.person))
        .where(Asked.campaign_id == campaign.id, col(Person.active).is_(True), *people.reach(session, col(Person.id)))
        .group_by(group, status)
    )
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for name, each, number in session.exec(rows):
        found[name][each] += number
    return found


def counts_of(statuses: Mapping[str, int]) -> dict[str, int]:
    """Return the fields of `Counts`."""
    each = {name: statuses.get(name, 0) for name in ("done", "missing", "overdue", "exempt")}
    return {"people": sum(each.values()), **each}


def total(session: Session, policy: Policy, campaign: Campaign) -> Counts:
    """Count all people of a campaign that the caller may know of."""
    together: Counter[str] = sum(counted(session, policy, campaign, "department").values(), Counter())
    return Counts(**counts_of(together))


def statistics(
    session: Session, policy: Policy, campaign: Campaign, by: Literal["department", "region"]
) -> StatisticsOut:
    """Count by group; groups that are too small are counted as one, with as many more as make them large enough."""
    found = counted(session, policy, campaign, by)
    small = groups.too_small({name: each.total() for name, each in found.items()})
    merged: Counter[str] = sum((found[name] for name in small), Counter())
    shown = [GroupCounts(name=name, **counts_of(found[name])) for name in sorted(found) if name not in small]
    if merged:
        shown.append(GroupCounts(name=OTHER, **counts_of(merged)))
    everyone: Counter[str] = sum(found.values(), Counter())
    return StatisticsOut(
        campaign=campaign.id, by=by, minimum=terms().min_group_size, total=Counts(**counts_of(everyone)), groups=shown
    )
