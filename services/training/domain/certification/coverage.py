"""How many people hold each tier, by department: figures of groups, so that none is somebody's own."""

from collections import Counter
from typing import Any

from sqlalchemy import and_, case, select
from sqlmodel import col, func

from services.training.domain.certification import audiences
from services.training.schemas.coverage import CertificationCoverage, CoverageOut, DepartmentCoverage
from services.training.settings import terms
from services.training.tables import Certificate, Certification, Person, State
from shared.db import Session
from shared.small_groups import Shown, shown

OTHER = "other"


def by_department(session: Session) -> CoverageOut:
    """Count who is certified for each tier, of those whom it is meant for; small departments are counted as one.

    Who is merged is the same for every reader. A key of some departments gets figures of those that are shown.
    """
    caller = session.context.caller
    reached = None if caller is None else caller.departments
    tiers = session.scalars(select(Certification).order_by(col(Certification.key)))
    minimum = terms().min_group_size
    return CoverageOut(
        at=session.now, minimum=minimum, items=[of_tier(session, tier, reached, minimum) for tier in tiers]
    )


def of_tier(
    session: Session, tier: Certification, reached: frozenset[str] | None, minimum: int
) -> CertificationCoverage:
    """Count one tier."""
    found = counted(session, tier)
    groups = shown({name: each["people"] for name, each in found.items()}, minimum, reached)
    total = sum((found[name] for name in groups.groups), Counter[str]())
    return CertificationCoverage(
        certification=tier.key, title=tier.title, **figures(total), departments=parts(found, groups)
    )


def parts(found: dict[str, Counter[str]], groups: Shown) -> list[DepartmentCoverage]:
    """Return the departments that are shown, those with the most people to win over first, and the merged ones last."""
    alone = [DepartmentCoverage(department=name, merged=0, **figures(found[name])) for name in groups.alone]
    alone.sort(key=lambda each: (-each.missing, each.department))
    merged = sum((found[name] for name in groups.together), Counter[str]())
    others = [DepartmentCoverage(department=OTHER, merged=len(groups.together), **figures(merged))] if merged else []
    return alone + others


def counted(session: Session, tier: Certification) -> dict[str, Counter[str]]:
    """Return how many people each department has, and how many of them are certified, or are so for a short time only."""
    holds = col(Certificate.grace_until) > session.now
    ends = and_(holds, col(Certificate.expiring_from) <= session.now)
    held = and_(
        col(Certificate.person) == col(Person.id),
        col(Certificate.certification) == tier.key,
        col(Certificate.archived_at).is_(None),
        col(Certificate.state) == State.HELD,
    )
    rows = session.execute(
        select(col(Person.department), func.count(), sum_of(holds), sum_of(ends))
        .outerjoin(Certificate, held)
        .where(col(Person.active), col(Person.merged_into).is_(None), audiences.members(tier))
        .group_by(col(Person.department))
    )
    return {
        department: Counter(people=people, certified=int(certified), expiring=int(expiring))
        for department, people, certified, expiring in rows
    }


def sum_of(condition: Any) -> Any:
    """Return in SQL how often something is so."""
    return func.sum(case((condition, 1), else_=0))


def figures(numbers: Counter[str]) -> dict[str, int]:
    """Return the fields that a tier and a department share."""
    people, certified = numbers["people"], numbers["certified"]
    return {"people": people, "certified": certified, "expiring": numbers["expiring"], "missing": people - certified}
