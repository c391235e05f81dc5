"""Campaigns that ask some of the same people: which figures of theirs may stand side by side.

What two campaigns count is subtracted as easily as what one counts. So a campaign is counted only if whoever asks which
of these campaigns ask a person, and which do not, never ends up with a few people. And a department or region is shown
by itself only if it is large enough in each of the parts into which the campaigns divide people (`too_small_across`
says so for one part): all that is shown is then a sum over parts that are each safe and have nobody in common.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Select, case, literal
from sqlmodel import col, func, select

from services.policy.domain import standing
from services.policy.settings import terms
from services.policy.tables import Asked, Campaign, Person
from shared.db import Session
from shared.small_groups import too_small_across

BITS = 60
"""Campaigns in one number, which a database can add up."""

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Compared:
    """A campaign as one of those that can be compared: those that go on, and those of the same round of a policy."""

    id: str
    goes_on: bool
    round: tuple[str, int]

    def comparable(self, other: "Compared") -> bool:
        """Tell whether figures of both are about the same moment, or the same acceptance."""
        return self.round == other.round or (self.goes_on and other.goes_on)


@dataclass(frozen=True, slots=True)
class Alone:
    """The departments and regions whose figures in a campaign are shown by themselves."""

    department: frozenset[str]
    region: frozenset[str]


class Overlaps:
    """Who is asked by which campaigns, the oldest first: what was shown of one stays so when another begins.

    `people` counts them by which campaigns ask them, a bit for each, and by department and region; `staff` are all.
    """

    def __init__(
        self, campaigns: Sequence[Compared], people: Mapping[tuple[int, Pair], int], staff: int, minimum: int
    ) -> None:
        self._campaigns = campaigns
        self._people = people
        self._minimum = minimum
        self._at = {campaign.id: at for at, campaign in enumerate(campaigns)}
        self._counted: list[int] = []
        for at, campaign in enumerate(campaigns):
            with_these = [other for other in self._counted if campaigns[other].comparable(campaign)]
            if all(number >= minimum for number in self._parts([at, *with_these], staff) if number):
                self._counted.append(at)

    def _parts(self, together: Sequence[int], staff: int) -> Iterator[int]:
        """Pass how many people are in each part into which campaigns divide the staff."""
        parts: Counter[int] = Counter()
        for (asked, _), number in self._people.items():
            parts[asked & mask_of(together)] += number
        del parts[0]
        yield staff - parts.total()
        yield from parts.values()

    def is_counted(self, campaign: str) -> bool:
        """Tell whether anything of a campaign is shown."""
        return self._at[campaign] in self._counted

    def alone(self, campaign: str) -> Alone:
        """Return which departments and regions of a campaign that is counted are shown by themselves."""
        this = self._campaigns[self._at[campaign]]
        counted = [(at, self._campaigns[at]) for at in self._counted]
        same_round = [at for at, other in counted if other.round == this.round]
        going_on = [at for at, other in counted if other.goes_on] if this.goes_on else []
        there: tuple[set[str], set[str]] = (set(), set())
        merged: tuple[set[str], set[str]] = (set(), set())
        for together in filter(None, (same_round, going_on)):
            parts: dict[int, Counter[Pair]] = defaultdict(Counter)
            for (asked, pair), number in self._people.items():
                if asked >> self._at[campaign] & 1:
                    parts[asked & mask_of(together)][pair] += number
            for part in parts.values():
                small = merged_in(frozenset(part.items()), self._minimum)
                for each in (0, 1):
                    there[each].update(pair[each] for pair in part)
                    merged[each].update(small[each])
        return Alone(frozenset(there[0] - merged[0]), frozenset(there[1] - merged[1]))


def mask_of(campaigns: Sequence[int]) -> int:
    """Return the number with the bits of these campaigns."""
    return sum(1 << at for at in campaigns)


@lru_cache(maxsize=256)
def merged_in(people: frozenset[tuple[Pair, int]], minimum: int) -> tuple[set[str], set[str]]:
    """Return which departments and regions of one part are merged; remembered, as it takes long where there are many."""
    return too_small_across(dict(people), minimum)


def find(session: Session, campaigns: Sequence[Campaign]) -> Overlaps:
    """Return how these campaigns overlap with all that they can be compared with."""
    asked_for = {campaign.id for campaign in campaigns}
    every = session.exec(select(Campaign).order_by(Campaign.id)).all()
    counting = standing.counting_in(session, every)
    compared = [Compared(each.id, each.state == "open", (each.policy_id, counting[each.id].asked)) for each in every]
    rounds = {each.round for each in compared if each.goes_on or each.id in asked_for}
    within = [each for each in compared if each.round in rounds]
    active = select(func.count()).select_from(Person).where(col(Person.active).is_(True))
    return Overlaps(within, asked_by(session, within), session.exec(active).one(), terms().min_group_size)


def asked_by(session: Session, campaigns: Sequence[Compared]) -> Counter[tuple[int, Pair]]:
    """Count people by which campaigns ask them, department and region."""
    ids = [campaign.id for campaign in campaigns]
    masks = [
        func.sum(
            case(
                {each: literal(1 << bit, BigInteger) for bit, each in enumerate(ids[first : first + BITS])},
                value=col(Asked.campaign_id),
                else_=literal(0, BigInteger),
            )
        ).label(f"mask_{first}")
        for first in range(0, len(ids), BITS)
    ]
    asked: Select[Any] = select(col(Asked.person).label("person"), *masks)
    each = asked.where(col(Asked.campaign_id).in_(ids)).group_by(col(Asked.person)).subquery()
    by = [*(each.c[mask.name] for mask in masks), col(Person.department), col(Person.region)]
    rows: Select[Any] = select(*by, func.count())  # type: ignore[call-overload]
    rows = rows.join(Person, col(Person.id) == each.c.person).where(col(Person.active).is_(True)).group_by(*by)
    found: Counter[tuple[int, Pair]] = Counter()
    for *parts, department, region, number in session.execute(rows):
        mask = sum(int(part) << BITS * at for at, part in enumerate(parts))
        found[mask, (department, region)] += number
    return found
