"""Who can earn a tier: the one condition, once for a person whose facts are known and once in SQL for everyone.

What is named of one kind is a choice; whoever is asked must fit each kind of which something is named.
"""

from typing import Protocol

from sqlalchemy import ColumnElement, and_, true
from sqlmodel import col

from services.training.schemas.certificates import Audience
from services.training.tables import Certification, Person


class Placed(Protocol):
    """Where somebody is in the organisation."""

    department: str
    region: str


def fits(definition: Certification, placed: Placed) -> bool:
    """Say whether a person is of a tier's audience."""
    return (definition.departments is None or placed.department in definition.departments) and (
        definition.regions is None or placed.region in definition.regions
    )


def members(definition: Certification) -> ColumnElement[bool]:
    """Return the condition on people that says in SQL what `fits` says."""
    return and_(
        true() if definition.departments is None else col(Person.department).in_(definition.departments),
        true() if definition.regions is None else col(Person.region).in_(definition.regions),
    )


def keep(definition: Certification, audience: Audience | None) -> None:
    """Write what a client says of the audience into a tier; nothing said means everyone."""
    definition.departments = audience.departments if audience else None
    definition.regions = audience.regions if audience else None


def out(definition: Certification) -> Audience:
    """Return a tier's audience as clients see it."""
    return Audience(departments=definition.departments, regions=definition.regions)
