"""Which departments are too small to be shown by themselves."""

from collections.abc import Collection, Mapping

from sqlmodel import col, func, select

from services.policy.settings import terms
from services.policy.tables import Person
from shared import small_groups
from shared.db import Session


def to_merge(session: Session, departments: Collection[str]) -> set[str]:
    """Return which of these and all other departments are shown only as one: those with too few people today.

    They are merged, the smallest first, until together they have enough people as well: otherwise the total less the
    figures that are shown would be those of a few. A department that nobody is in any more is the smallest.
    """
    counted = (
        select(Person.department, func.count()).where(col(Person.active).is_(True)).group_by(col(Person.department))
    )
    return too_small(dict.fromkeys(departments, 0) | dict(session.exec(counted).all()))


def too_small(sizes: Mapping[str, int]) -> set[str]:
    """Return which groups, given with their numbers of people, are shown only as one, by the minimum that is set here."""
    return small_groups.too_small(sizes, terms().min_group_size)
