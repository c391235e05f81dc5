"""A campaign in figures, so that no group is so small that its figures are somebody's own."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import SQLColumnExpression, literal
from sqlmodel import col, func, select

from services.policy.domain import groups, people, standing
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
    found = statuses(session, campaigns, counting)
    everybody = None if sees_names(session) else staff(session)
    return {campaign.id: shown(sum(found[campaign.id].values(), Counter()), everybody) for campaign in campaigns}


def shown(numbers: Counter[str], everybody: int | None) -> Counts:
    """Show figures, unless they are those of a few, or all `everybody` less those of a few."""
    asked = numbers.total()
    few = range(1, terms().min_group_size)
    if everybody is not None and (asked in few or everybody - asked in few):
        return Counts()
    return Counts(**counts_of(numbers))


def sees_names(session: Session) -> bool:
    """Tell whether the caller reads where each person stands anyway."""
    caller = session.context.caller
    return caller is None or caller.has("people:read")


def staff(session: Session) -> int:
    """Count the people that the caller may know of."""
    rows = select(func.count()).select_from(Person)
    return session.exec(rows.where(col(Person.active).is_(True), *people.reach(session, col(Person.id)))).one()


def statistics(session: Session, campaign: Campaign, by: Literal["department", "region"]) -> StatisticsOut:
    """Count by group; groups that are too small are counted as one, with as many more as make them large enough."""
    found = statuses(session, [campaign], standing.counting_in(session, [campaign]), by)[campaign.id]
    total = shown(sum(found.values(), Counter()), None if sees_names(session) else staff(session))
    answer = StatisticsOut(campaign=campaign.id, by=by, minimum=terms().min_group_size, total=total, groups=[])
    if total.people is None:
        return answer
    small = groups.too_small({name: each.total() for name, each in found.items()})
    merged: Counter[str] = sum((found[name] for name in small), Counter())
    answer.groups = [GroupCounts(name=name, **counts_of(found[name])) for name in sorted(found) if name not in small]
    if merged:
        answer.groups.append(GroupCounts(name=OTHER, **counts_of(merged)))
    return answer
