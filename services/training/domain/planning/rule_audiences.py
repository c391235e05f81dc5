"""Whom a rule means: one condition on people, in SQL, for one person and for all of them."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, and_, or_, true
from sqlmodel import col, select

from services.training.schemas.assigning import RuleAudience
from services.training.tables import Group, GroupMember, Person, TeamSeat


def members(audience: RuleAudience) -> ColumnElement[bool]:
    """Return the condition on people who work here."""
    kinds = list(conditions(audience))
    fits = true() if not kinds else and_(*kinds) if audience.match == "all" else or_(*kinds)
    return and_(col(Person.active), fits)


def conditions(audience: RuleAudience) -> Collection[ColumnElement[bool]]:
    """Return a condition for each kind of which something is named."""
    found = [
        column.in_(names)
        for column, names in (
            (col(Person.department), audience.departments),
            (col(Person.region), audience.regions),
            (col(Person.title), audience.titles),
        )
        if names is not None
    ]
    if audience.groups is not None:
        named = or_(col(Group.name).in_(audience.groups), col(Group.id).in_(audience.groups))
        within = select(GroupMember.person).join(Group, col(Group.id) == GroupMember.group_id).where(named)
        found.append(col(Person.id).in_(within))
    if audience.roles is not None:
        seated = select(TeamSeat.person).where(
            col(TeamSeat.role).in_(audience.roles), col(TeamSeat.person).is_not(None)
        )
        found.append(col(Person.id).in_(seated))
    return found
