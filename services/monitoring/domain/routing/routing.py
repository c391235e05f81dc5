"""Who gets a conversation: fewest handled per online hour among those who may, can and have room.

Pure functions over plain data; `assignments.py` loads the data and writes down what was decided, and a simulation
makes it up. Conversations that few can take are placed first, since placing them last leaves some without anyone
(measured: 809 of 816); but whoever waited longer than `PATIENCE` comes before them, or a stream of rare ones would
keep the others waiting for ever.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush, heapreplace
from itertools import islice

NEWCOMER_HOURS = 4.0
"""Hours at the team's mean rate that everyone is credited with, so that a newcomer is not flooded."""
PASSED_OVER = 20
PATIENCE = 900.0
"""Seconds after which a conversation that waits comes before those that fewer could take."""
GAVE_BACK = "gave it back"
CONFLICTED = "is too close to this customer, or does not want them"
FULL = "has no room left"
COMES_AFTER = "comes after: is not known to the customer, handled more, has more skills, or was idle for less long"
LACKS = {"certification": "does not hold {}", "language": "does not speak {}", "topic": "does not take {}"}
Key = tuple[float, int, float, int]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A conversation that needs someone: `needs` are skills such as `language:de`, `not_to` those who gave it back.

    `conflicted` must not have it, `before` had to do with this customer last, and `since` is when it began to wait.
    """

    conversation: str
    needs: frozenset[str]
    not_to: frozenset[str] = frozenset()
    conflicted: frozenset[str] = frozenset()
    before: str | None = None
    since: float | None = None


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
    """What was decided for one conversation; `person` is None where nobody can take it.

    `known` says that the customer knows whoever was chosen, which comes before an even load.
    """

    waiting: Waiting
    person: str | None
    rate: float = 0.0
    could: int = 0
    passed_over: tuple[PassedOver, ...] = ()
    known: bool = False


@dataclass(slots=True)
class Pool:
    """Those who have the skills that some conversations need, best next choice first; `absent` have no room now."""

    members: set[int]
    heap: list[Key]
    absent: set[int]
    barred: tuple[PassedOver, ...] = field(default=())

    @property
    def size(self) -> int:
        """How many could take one more, as far as is known without looking at each."""
        return len(self.members) - len(self.absent)


def route(waiting: Sequence[Waiting], colleagues: Sequence[Colleague], *, now: float = 0.0) -> list[Choice]:
    """Decide for each conversation once, in the order given; nobody gets more than their room.

    `now` is what `idle_since` becomes for whoever is chosen.
    """
    return Desk(colleagues).route(waiting, now)


class Desk:
    """The colleagues as arrays that change while conversations are handed out and come back.

    `route` decides for arrivals, `free` says that somebody is done with one: that is all that a simulation needs. What
    somebody handled counts on; hours, skills and barriers stay as they were given, so whoever lets them change
    makes a new desk.
    """

    def __init__(self, colleagues: Sequence[Colleague], *, explain: bool = True) -> None:
        self._colleagues = colleagues
        self._explain = explain
        self._room = [0 if one.barrier else one.room for one in colleagues]
        self._handled = [one.handled for one in colleagues]
        self._hours = [one.hours + NEWCOMER_HOURS for one in colleagues]
        mean = sum(self._handled) / max(sum(one.hours for one in colleagues), 1.0)
        self._credit = mean * NEWCOMER_HOURS
        self._keys: list[Key] = [
            ((one.handled + self._credit) / hours, len(one.skills), one.idle_since, place)
            for place, (one, hours) in enumerate(zip(colleagues, self._hours, strict=True))
        ]
        self._pools: dict[frozenset[str], Pool] = {}
        self._places: dict[str, int] = {}

    def route(self, waiting: Sequence[Waiting], now: float) -> list[Choice]:
        """Decide for each conversation, in the order given; see the function of this name."""
        self._gather({one.needs for one in waiting})
        pools = self._pools
        order: Sequence[int] = range(len(waiting))
        if len(waiting) > 1:
            order = sorted(order, key=lambda place: precedence(waiting[place], pools[waiting[place].needs].size, now))
        choices: list[Choice | None] = [None] * len(waiting)
        for place in order:
            one = waiting[place]
            choices[place] = self._choose(one, pools[one.needs], now)
        return [choice for choice in choices if choice is not None]

    def free(self, person: str, now: float) -> None:
        """Note that somebody is done with one conversation, and idle since `now`."""
        place = self._place(person)
        self._room[place] += 1
        rate, skills, _, _ = self._keys[place]
        self._keys[place] = (rate, skills, now, place)
        for pool in self._pools.values():
            if place in pool.absent:
                pool.absent.discard(place)
                heappush(pool.heap, self._keys[place])

    def _place(self, person: str) -> int:
        if not self._places:
            self._places = {one.person: place for place, one in enumerate(self._colleagues)}
        return self._places.get(person, -1)

    def _gather(self, needs: Iterable[frozenset[str]]) -> None:
        """Find who has each combination of skills that is not known yet."""
        wanted = set(needs) - self._pools.keys()
        if not wanted:
            return
        having: dict[str, set[int]] = {skill: set() for one in wanted for skill in one}
        for place, one in enumerate(self._colleagues):
            for skill in one.skills:
                if skill in having:
                    having[skill].add(place)
        everyone = set(range(len(self._colleagues)))
        for asked in wanted:
            members = set.intersection(*(having[skill] for skill in asked)) if asked else everyone
            self._pools[asked] = self._pool(asked, members)

    def _pool(self, needs: frozenset[str], members: set[int]) -> Pool:
        """Put those who have room into a heap, and say of the first others why they cannot."""
        room, keys = self._room, self._keys
        absent = {place for place in members if room[place] <= 0}
        heap = [keys[place] for place in members if room[place] > 0]
        heapify(heap)
        return Pool(members, heap, absent, self._barred(needs, members, absent) if self._explain else ())

    def _barred(self, needs: frozenset[str], members: set[int], absent: set[int]) -> tuple[PassedOver, ...]:
        """Name the first of those who have the skills but not the room, then of those who lack a skill."""
        shut = [self._colleagues[place] for place in islice(absent, PASSED_OVER)]
        named = [PassedOver(one.person, one.barrier or FULL) for one in shut]
        if len(named) < PASSED_OVER and len(members) < len(self._colleagues):
            others = (one for place, one in enumerate(self._colleagues) if place not in members)
            named += [
                PassedOver(one.person, one.barrier or lacking(one, needs))
                for one in islice(others, PASSED_OVER - len(named))
            ]
        return tuple(named)

    def _choose(self, one: Waiting, pool: Pool, now: float) -> Choice:
        """Give a conversation to whom the customer knows, else to the best of its pool who may have it."""
        if one.before is not None and (choice := self._choose_known(one, pool, now)):
            return choice
        heap = pool.heap
        set_aside: list[tuple[Key, str]] = []
        place = self._best(pool)
        while place is not None and (refusal := self._refused(place, one)):
            set_aside.append((heappop(heap), refusal))
            place = self._best(pool)
        if place is None:
            choice = Choice(one, None, passed_over=self._passed_over(one, pool, set_aside, None))
        else:
            rate, could = heap[0][0], len(heap)
            self._hand_to(place, now)
            if self._room[place] > 0:
                heapreplace(heap, self._keys[place])
            else:
                heappop(heap)
                pool.absent.add(place)
            passed_over = self._passed_over(one, pool, set_aside, place)
            choice = Choice(one, self._colleagues[place].person, rate, could, passed_over)
        for key, _ in set_aside:
            heappush(heap, key)
        return choice

    def _choose_known(self, one: Waiting, pool: Pool, now: float) -> Choice | None:
        """Give a conversation to whom the customer knows, if they may have it and have room."""
        known = self._place(one.before or "")
        if known not in pool.members or self._room[known] <= 0 or self._refused(known, one):
            return None
        could, rate = pool.size, self._keys[known][0]
        self._hand_to(known, now)
        passed_over = self._passed_over(one, pool, [], known)
        return Choice(one, self._colleagues[known].person, rate, could, passed_over, known=True)

    def _refused(self, place: int, one: Waiting) -> str | None:
        """Say why somebody who could take a conversation may not."""
        if not one.not_to and not one.conflicted:
            return None
        person = self._colleagues[place].person
        if person in one.conflicted:
            return CONFLICTED
        return GAVE_BACK if person in one.not_to else None

    def _best(self, pool: Pool) -> int | None:
        """Bring the best colleague with room to the top; keys that changed in another pool are brought up to date."""
        keys, room, heap = self._keys, self._room, pool.heap
        while heap:
            top = heap[0]
            place = top[3]
            if room[place] <= 0:
                heappop(heap)
                pool.absent.add(place)
            elif keys[place] is top or keys[place] == top:
                return place
            else:
                heapreplace(heap, keys[place])
        return None

    def _hand_to(self, place: int, now: float) -> None:
        """Book one conversation; every heap with an older key of theirs finds out when it comes to the top."""
        self._room[place] -= 1
        self._handled[place] += 1.0
        skills = self._keys[place][1]
        self._keys[place] = ((self._handled[place] + self._credit) / self._hours[place], skills, now, place)

    def _passed_over(
        self, one: Waiting, pool: Pool, set_aside: Sequence[tuple[Key, str]], chosen: int | None
    ) -> tuple[PassedOver, ...]:
        """Name those who may not have it, the runner-up, and the first of those who could not."""
        if not self._explain:
            return ()
        runner_up = next((key[3] for key in pool.heap[:3] if key[3] != chosen), None) if chosen is not None else None
        if runner_up is None and not set_aside:
            return pool.barred
        named = [PassedOver(self._colleagues[key[3]].person, refusal) for key, refusal in set_aside]
        if runner_up is not None:
            why = self._refused(runner_up, one) or (FULL if self._room[runner_up] <= 0 else COMES_AFTER)
            named.append(PassedOver(self._colleagues[runner_up].person, why))
        return (*named, *pool.barred)[:PASSED_OVER]


def precedence(one: Waiting, could: int, now: float) -> tuple[int, float]:
    """Order conversations: those out of patience by how long they waited, then the others by how few could take them."""
    if one.since is not None and now - one.since > PATIENCE:
        return 0, one.since
    return 1, could


def lacking(one: Colleague, needs: frozenset[str]) -> str:
    """Say which of some skills somebody does not have."""
    kind, _, name = min(needs - one.skills).partition(":")
    return LACKS[kind].format(name)
