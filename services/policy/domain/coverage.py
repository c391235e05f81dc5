"""How far the task team reaches: departments x regions x networks x languages, and where nobody stands."""

from collections.abc import Sequence
from functools import cache
from math import prod

from sqlmodel import col, select

from services.policy.domain import people
from services.policy.domain.seats import shown
from services.policy.schemas.task_team import CoverageOut, DimensionsOut, Gap
from services.policy.tables import Person, Seat
from shared.db import Session

Reach = tuple[str | None, str | None, str | None, str | None]
"""Department, region, network and language of a filled seat; None stands for all."""
Hole = tuple[tuple[str, ...] | None, ...]


def show(session: Session) -> CoverageOut:
    """Return how far the filled seats reach.

    Departments and regions are those of active people; networks and languages those that some seat names, filled or
    not: by opening a seat, the team says what it means to cover.
    """
    seats = list(session.exec(select(Seat).order_by(Seat.key)))
    places = session.exec(select(Person.department, Person.region).where(col(Person.active).is_(True)).distinct()).all()
    dimensions = DimensionsOut(
        departments=sorted({place[0] for place in places} | {seat.department for seat in seats if seat.department}),
        regions=sorted({place[1] for place in places} | {seat.region for seat in seats if seat.region}),
        networks=sorted({seat.network for seat in seats if seat.network}),
        languages=sorted({seat.language for seat in seats if seat.language}),
    )
    values = (dimensions.departments, dimensions.regions, dimensions.networks, dimensions.languages)
    filled = [seat for seat in seats if seat.person]
    holes = gaps(values, [(seat.department, seat.region, seat.network, seat.language) for seat in filled])
    combinations = prod(max(len(each), 1) for each in values)
    missing = sum(
        prod(len(values[at] or [""]) if part is None else len(part) for at, part in enumerate(hole)) for hole in holes
    )
    holders = people.by_id(session, {seat.person for seat in filled if seat.person})
    return CoverageOut(
        dimensions=dimensions,
        covered=combinations - missing,
        combinations=combinations,
        gaps=[
            Gap(**dict(zip(("departments", "regions", "networks", "languages"), map(as_list, hole), strict=True)))
            for hole in holes
        ],
        vacant=[shown(seat, holders.get(seat.person or "")) for seat in seats if not seat.person],
    )


def as_list(part: tuple[str, ...] | None) -> list[str] | None:
    """Turn a part of a hole into what JSON knows."""
    return None if part is None else list(part)


def gaps(values: Sequence[Sequence[str]], reaches: Sequence[Reach]) -> list[Hole]:
    """Return the combinations of `values` that no reach covers, each once, merged where their holes are alike.

    Goes dimension by dimension; values for which the same seats remain have the same holes and are merged, None
    stands for all values of a dimension.
    """

    @cache
    def holes(at: int, left: frozenset[int]) -> tuple[Hole, ...]:
        if not left:
            return ((None,) * (len(values) - at),)
        if at == len(values):
            return ()
        alike: dict[tuple[Hole, ...], list[str]] = {}
        for value in values[at] or [""]:
            remaining = frozenset(seat for seat in left if reaches[seat][at] in {None, value})
            alike.setdefault(holes(at + 1, remaining), []).append(value)
        found: list[Hole] = []
        for rest, members in alike.items():
            part = None if len(members) == max(len(values[at]), 1) else tuple(members)
            found.extend((part, *hole) for hole in rest)
        return tuple(found)

    return list(holes(0, frozenset(range(len(reaches)))))
