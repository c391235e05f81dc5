"""Who gets a conversation: fewest handled per online hour among those who may, can and have room.

A pure function over plain data; `assignments.py` loads the data and writes down what was decided. Conversations
that few can take are placed first, since placing them last leaves some without anyone (measured: 809 of 816).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush, heapreplace
from itertools import islice

NEWCOMER_HOURS = 4.0
"""Hours at the team's mean rate that everyone is credited with, so that a newcomer is not flooded."""
PASSED_OVER = 20
Key = tuple[float, int, float, int]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A conversation that needs someone: `needs` are skills such as `language:de`, `not_to` those who gave it back."""

    conversation: str
    needs: frozenset[str]
    not_to: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Colleague:
    """Someone who could answer: `barrier` says why they cannot at this moment, `room` how many more they can take."""

    person: str
    skills: frozenset[str]
    room: int
    handled: float = 0.0
    hours: float = 0.0
    idle_since: float = 0.0
    barrier: str | None = None


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A colleague who was not chosen, and why."""

    person: str
    why: str


@dataclass(frozen=True, slots=True)
class Choice:
    """What was decided for one conversation; `person` is None where nobody can take it."""

    waiting: Waiting
    person: str | None
    rate: float = 0.0
    could: int = 0
    passed_over: tuple[PassedOver, ...] = ()


@dataclass(slots=True)
class Pool:
    """Those who have the skills that some conversations need, best next choice first."""

    heap: list[Key]
    size: int
    barred: tuple[PassedOver, ...] = field(default=())


def route(waiting: Sequence[Waiting], colleagues: Sequence[Colleague], *, now: float = 0.0) -> list[Choice]:
    """Decide for each conversation, in the order given; nobody gets more than their room.

    `now` is what `idle_since` becomes for whoever is chosen.
    """
    desk = Desk(colleagues, now)
    pools = desk.pools({one.needs for one in waiting})
    order = sorted(range(len(waiting)), key=lambda place: pools[waiting[place].needs].size)
    choices: list[Choice | None] = [None] * len(waiting)
    for place in order:
        one = waiting[place]
        choices[place] = desk.choose(one, pools[one.needs])
    return [choice for choice in choices if choice is not None]


class Desk:
    """The colleagues as arrays that change while conversations are handed out."""

    def __init__(self, colleagues: Sequence[Colleague], now: float) -> None:
        self._colleagues = colleagues
        self._now = now
        self._room = [0 if one.barrier else one.room for one in colleagues]
        self._handled = [one.handled for one in colleagues]
        self._hours = [one.hours + NEWCOMER_HOURS for one in colleagues]
        mean = sum(self._handled) / max(sum(one.hours for one in colleagues), 1.0)
        self._credit = mean * NEWCOMER_HOURS
        self._keys: list[Key] = [
            ((one.handled + self._credit) / hours, len(one.skills), one.idle_since, place)
            for place, (one, hours) in enumerate(zip(colleagues, self._hours, strict=True))
        ]

    def pools(self, needs: Iterable[frozenset[str]]) -> dict[frozenset[str], Pool]:
        """Gather who has which combination of skills."""
        wanted = set(needs)
        having: dict[str, set[int]] = {skill: set() for one in wanted for skill in one}
        for place, one in enumerate(self._colleagues):
            for skill in one.skills:
                if skill in having:
                    having[skill].add(place)
        everyone = set(range(len(self._colleagues)))
        return {
            one: self._pool(set.intersection(*(having[skill] for skill in one)) if one else everyone) for one in wanted
        }

    def _pool(self, members: set[int]) -> Pool:
        """Put those who have room into a heap, and say of the first others why they cannot."""
        room, keys = self._room, self._keys
        heap = [keys[place] for place in members if room[place] > 0]
        heapify(heap)
        barred: list[PassedOver] = []
        if len(heap) < len(members):
            shut = (self._colleagues[place] for place in members if room[place] <= 0)
            barred = [PassedOver(one.person, one.barrier or "has no room left") for one in islice(shut, PASSED_OVER)]
        return Pool(heap, len(heap), tuple(barred))

    def choose(self, one: Waiting, pool: Pool) -> Choice:
        """Give a conversation to the best of its pool who has not given it back before."""
        heap = pool.heap
        set_aside: list[Key] = []
        place = self._best(heap)
        while place is not None and self._colleagues[place].person in one.not_to:
            set_aside.append(heappop(heap))
            place = self._best(heap)
        if place is None:
            choice = Choice(one, None, passed_over=self._passed_over(pool, set_aside, None))
        else:
            rate, could = heap[0][0], len(heap)
            self._hand_to(place, heap)
            choice = Choice(one, self._colleagues[place].person, rate, could, self._passed_over(pool, set_aside, place))
        for key in set_aside:
            heappush(heap, key)
        return choice

    def _best(self, heap: list[Key]) -> int | None:
        """Bring the best colleague with room to the top; keys that changed in another pool are brought up to date."""
        keys, room = self._keys, self._room
        while heap:
            top = heap[0]
            place = top[3]
            if room[place] <= 0:
                heappop(heap)
            elif keys[place] is top or keys[place] == top:
                return place
            else:
                heapreplace(heap, keys[place])
        return None

    def _hand_to(self, place: int, heap: list[Key]) -> None:
        self._room[place] -= 1
        self._handled[place] += 1.0
        _, skills, _, _ = self._keys[place]
        key = ((self._handled[place] + self._credit) / self._hours[place], skills, self._now, place)
        self._keys[place] = key
        if self._room[place] > 0:
            heapreplace(heap, key)
        else:
            heappop(heap)

    def _passed_over(self, pool: Pool, set_aside: list[Key], chosen: int | None) -> tuple[PassedOver, ...]:
        """Name those who gave it back, the runner-up, and the first of those who had the skills but could not."""
        runner_up = next((key[3] for key in pool.heap[:3] if key[3] != chosen), None) if chosen is not None else None
        if runner_up is None and not set_aside:
            return pool.barred
        named = [PassedOver(self._colleagues[key[3]].person, "gave it back") for key in set_aside]
        if runner_up is not None:
            why = "comes after: handled more per online hour, has more skills, or was idle for less long"
            named.append(
                PassedOver(self._colleagues[runner_up].person, why if self._room[runner_up] > 0 else "has no room left")
            )
        return (*named, *pool.barred)[:PASSED_OVER]
