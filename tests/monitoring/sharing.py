"""A working week of many colleagues, shared out by the router and by what others use, on the same customers."""

import math
import random
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Protocol

from services.monitoring.domain.figures.fairness import gini
from services.monitoring.domain.routing.routing import Colleague, Desk, Waiting

ROOM = 1
MINUTES = 30.0
SKILLS = [f"topic:{number}" for number in range(10)]


@dataclass(frozen=True)
class Customer:
    """Somebody who writes at a minute, needs one skill, and takes so many minutes of whoever has room."""

    at: float
    skill: str
    takes: float


@dataclass(frozen=True)
class Week:
    """Who works, with two skills each, and who writes."""

    staff: list[tuple[str, str]]
    customers: list[Customer]


@dataclass(frozen=True)
class Outcome:
    """How even it was in each pool (Gini of what its members handled), and how long customers waited, in minutes."""

    gini: dict[str, float]
    waits: list[float]

    def wait(self, part: float) -> float:
        """Return the nearest-rank percentile."""
        return self.waits[max(0, math.ceil(part * len(self.waits)) - 1)]


class Sharing(Protocol):
    """A way to choose: who gets a customer, if anyone has room, and what to remember when somebody is done."""

    def choose(self, skill: str, now: float) -> int | None:
        """Return who gets a customer."""

    def free(self, person: int, now: float) -> None:
        """Note that a person is done with one."""


def make_week(seed: int, *, people: int = 300, customers: int = 60_000, load: float = 0.8) -> Week:
    """Draw a week in which so much of all room is taken, with as many customers for a skill as colleagues have it."""
    rng = random.Random(seed)
    staff = [(first, second) for first, second in (rng.sample(SKILLS, 2) for _ in range(people))]
    asked = [skill for pair in staff for skill in pair]
    gap = MINUTES / (load * people * ROOM)
    at = 0.0
    drawn = []
    for _ in range(customers):
        at += rng.expovariate(1 / gap)
        drawn.append(Customer(at, rng.choice(asked), rng.expovariate(1 / MINUTES)))
    return Week(staff, drawn)


class Ours:
    """The router itself."""

    def __init__(self, week: Week) -> None:
        self._desk = Desk(
            [Colleague(str(place), frozenset(pair), ROOM, hours=40.0) for place, pair in enumerate(week.staff)],
            explain=False,
        )
        self._needs = {skill: frozenset({skill}) for skill in SKILLS}

    def choose(self, skill: str, now: float) -> int | None:
        """Ask the router."""
        (choice,) = self._desk.route([Waiting("", self._needs[skill])], now)
        return None if choice.person is None else int(choice.person)

    def free(self, person: int, now: float) -> None:
        """Tell the router."""
        self._desk.free(str(person), now)


class Reference:
    """What others choose by: `key` of each who has the skill and room, the least first."""

    def __init__(self, week: Week) -> None:
        self.open = [0] * len(week.staff)
        self.given_at = [0.0] * len(week.staff)
        self.rng = random.Random(0)
        self.having = {skill: [at for at, pair in enumerate(week.staff) if skill in pair] for skill in SKILLS}

    def choose(self, skill: str, now: float) -> int | None:
        """Choose among those who have room."""
        able = [person for person in self.having[skill] if self.open[person] < ROOM]
        if not able:
            return None
        person = self.pick(skill, able)
        self.open[person] += 1
        self.given_at[person] = now
        return person

    def pick(self, skill: str, able: Sequence[int]) -> int:
        """Choose one of these."""
        raise NotImplementedError

    def free(self, person: int, now: float) -> None:
        """Count one less."""
        del now
        self.open[person] -= 1


class RoundRobin(Reference):
    """Each in turn, in each pool."""

    def __init__(self, week: Week) -> None:
        super().__init__(week)
        self.last = dict.fromkeys(SKILLS, -1)

    def pick(self, skill: str, able: Sequence[int]) -> int:
        """Take the next after the last."""
        person = next((one for one in able if one > self.last[skill]), able[0])
        self.last[skill] = person
        return person


class LeastActive(Reference):
    """Whoever has fewest open, by lot among equals."""

    def pick(self, skill: str, able: Sequence[int]) -> int:
        """Take one of those with fewest open."""
        del skill
        least = min(self.open[one] for one in able)
        return self.rng.choice([one for one in able if self.open[one] == least])


class LongestIdle(Reference):
    """Whoever was given nothing for longest."""

    def pick(self, skill: str, able: Sequence[int]) -> int:
        """Take the one whose last was longest ago."""
        del skill
        return min(able, key=lambda one: self.given_at[one])


REFERENCES: dict[str, Callable[[Week], Sharing]] = {
    "round robin": RoundRobin,
    "least active": LeastActive,
    "longest idle": LongestIdle,
}


def share(week: Week, sharing: Sharing) -> Outcome:
    """Let the week pass: whoever finds nobody waits, and is taken in turn by the first who has the skill and is free."""
    handled = [0] * len(week.staff)
    waits = []
    queues: dict[str, deque[Customer]] = defaultdict(deque)
    busy: list[tuple[float, int]] = []

    def give(customer: Customer, now: float) -> bool:
        person = sharing.choose(customer.skill, now)
        if person is None:
            return False
        handled[person] += 1
        waits.append(now - customer.at)
        heappush(busy, (now + customer.takes, person))
        return True

    def finish(until: float) -> None:
        while busy and busy[0][0] <= until:
            now, person = heappop(busy)
            sharing.free(person, now)
            queued = [queues[skill] for skill in week.staff[person] if queues[skill]]
            if queued:
                longest = min(queued, key=lambda queue: queue[0].at)
                assert give(longest[0], now), "somebody who is free is not given what waits for them"
                longest.popleft()

    for customer in week.customers:
        finish(customer.at)
        if queues[customer.skill] or not give(customer, customer.at):
            queues[customer.skill].append(customer)
    finish(math.inf)
    assert len(waits) == len(week.customers), "somebody waits for ever"
    return Outcome(unevenness(week, handled), sorted(waits))


def unevenness(week: Week, handled: Sequence[int]) -> dict[str, float]:
    """Return the Gini coefficient of what was handled, among those who have each skill."""
    pools = {skill: [float(handled[at]) for at, pair in enumerate(week.staff) if skill in pair] for skill in SKILLS}
    return {skill: gini(pool) or 0.0 for skill, pool in pools.items()}
