"""How far the task team reaches: departments x regions x networks x languages, and where nobody stands."""

from collections.abc import Iterable, Mapping
from math import prod

from sqlmodel import select

from services.policy.domain import people, reach
from services.policy.domain.holes import Hole, Reach, gaps, sole_holders
from services.policy.domain.languages import primary
from services.policy.domain.reach import Group, Need
from services.policy.domain.seats import shown
from services.policy.schemas.coverage import CoverageOut, Dependency, DimensionsOut, Gap
from services.policy.settings import terms
from services.policy.tables import Person, Seat
from shared import works_council
from shared.db import Session

MOST_GAPS = 200


def show(session: Session) -> CoverageOut:
    """Return how far the filled seats reach, whom they miss, and what hangs on one person.

    Departments and regions are those of active people and of seats; networks and languages also those that some seat
    names, filled or not: by opening a seat, the team says what it means to cover. What hangs on somebody in works-council
    mode is not told: whose it is could be read off the seats.
    """
    seats = list(session.exec(select(Seat).order_by(Seat.key)))
    groups = reach.groups(session)
    dimensions = dimensions_of(seats, groups)
    values = (dimensions.departments, dimensions.regions, dimensions.networks, dimensions.languages)
    filled = [seat for seat in seats if seat.person]
    reaches = [reach_of(seat) for seat in filled]
    holes = gaps(values, reaches)
    holders = people.by_id(session, {seat.person for seat in filled if seat.person})
    needs = reach.needs(groups, reaches, [str(seat.person) for seat in filled])
    all_gaps = sorted(gaps_of(holes, values, needs), key=weight, reverse=True)
    hiding = works_council.hidden(session)
    hanging = dependencies(values, filled, needs, holders)
    hidden = {person.employee_number for person in holders.values() if person.id in hiding}
    combinations = prod(max(len(each), 1) for each in values)
    return CoverageOut(
        dimensions=dimensions,
        covered=combinations - sum(gap.combinations for gap in all_gaps),
        combinations=combinations,
        gaps=all_gaps[:MOST_GAPS],
        gaps_total=len(all_gaps),
        dependencies=[each for each in hanging if each.employee_number not in hidden],
        vacant=[shown(seat, None) for seat in seats if not seat.person],
        lapsing=[shown(seat, holders.get(seat.person or "")) for seat in filled if seat.lapsing_since],
    )


def reach_of(seat: Seat) -> Reach:
    """Return what a seat covers; None stands for all."""
    return seat.department, seat.region, seat.network, primary(seat.language) if seat.language else None


def dimensions_of(seats: Iterable[Seat], groups: Iterable[Group]) -> DimensionsOut:
    """Return what is to be covered."""
    reaches = [reach_of(seat) for seat in seats]
    known: tuple[set[str], ...] = tuple({each[at] for each in reaches if each[at]} for at in range(4))  # type: ignore[misc]
    for group in groups:
        for at, value in enumerate((group.department, group.region, group.network)):
            if value:
                known[at].add(value)
        known[3].update(group.languages)
    departments, regions, networks, languages = map(sorted, known)
    return DimensionsOut(departments=departments, regions=regions, networks=networks, languages=languages)


def gaps_of(holes: Iterable[Hole], values: tuple[list[str], ...], needs: Iterable[Need]) -> Iterable[Gap]:
    """Yield the holes with how many they leave without anybody."""
    left = reach.Unreached([need.group for need in needs if not need.persons])
    for hole in holes:
        counts = left.within(hole)
        departments, regions, networks, languages = (list(part) if part is not None else None for part in hole)
        yield Gap(
            departments=departments,
            regions=regions,
            networks=networks,
            languages=languages,
            combinations=prod(len(values[at] or [""]) if part is None else len(part) for at, part in enumerate(hole)),
            people=figure(counts["people"]),
            accounts=figure(counts["accounts"]),
            conversations=counts["conversations"],
        )


def figure(count: int) -> int | None:
    """Return a count of people or of their accounts, or None where it would be one of a few."""
    return count if count == 0 or count >= terms().min_group_size else None


def weight(gap: Gap | Dependency) -> tuple[int, int]:
    """Return how much is missed by a gap, or would be without a person; a figure that is not shown weighs one."""
    shown_figures = (1 if each is None else each for each in (gap.people, gap.accounts, gap.conversations))
    return sum(shown_figures), gap.combinations


def dependencies(
    values: tuple[list[str], ...], filled: list[Seat], needs: Iterable[Need], holders: Mapping[str, Person]
) -> list[Dependency]:
    """Return the members without whom nobody would reach something, those with the most first."""
    alone = sole_holders(values, [(reach_of(seat), str(seat.person)) for seat in filled])
    counts = {person: dict.fromkeys(reach.KINDS, 0) for person in alone}
    for need in needs:
        if len(need.persons) == 1:
            (person,) = need.persons
            counts.setdefault(person, dict.fromkeys(reach.KINDS, 0))[need.group.kind] += need.group.count
    found = [
        Dependency(
            employee_number=holders[person].employee_number,
            seats=[seat.key for seat in filled if seat.person == person],
            combinations=alone.get(person, 0),
            people=figure(counted["people"]),
            accounts=figure(counted["accounts"]),
            conversations=counted["conversations"],
        )
        for person, counted in counts.items()
        if person in holders
    ]
    return sorted(found, key=lambda each: (*weight(each), each.employee_number), reverse=True)
