"""Lets time pass for one scenario: customers write, the router gives them to colleagues, colleagues work and answer.

The decisions are the router's own (`routing.py`). What is made up is only what people do: a colleague answers one
customer after the other, in their working time, each as long as it takes; one who is silent lets the time to accept
pass. Everyone begins without anything open or handled.
"""

import heapq
import math
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count, islice
from typing import NamedTuple, TypeVar

from services.monitoring.domain.routing.routing import Choice, Desk, Waiting
from services.monitoring.domain.simulations.model import Arrival, Scenario, week_of, week_starts
from services.monitoring.domain.simulations.working import Staff

FRESH = 2.0
"""Seconds for each colleague for which what fades stands still, so that a large team costs no more than a small one."""
SAMPLES = 120
Queued = tuple[int, float, float, int]
"""The order of the queue: the most urgent, of those the one that is due first, else the oldest."""
Entry = TypeVar("Entry", Queued, tuple[float, int])


@dataclass(slots=True)
class Thread:
    """A customer's conversation, from when they write to when they are answered."""

    number: int
    arrival: Arrival
    queued_at: float
    given_back: dict[str, float] = field(default_factory=dict)
    first_given: float | None = None
    answered: float | None = None
    held: bool = False
    silences: int = 0


class Decision(NamedTuple):
    """Somebody was given a conversation."""

    at: float
    conversation: int
    person: str


class Level(NamedTuple):
    """How many were with nobody, and with somebody, at a moment."""

    at: float
    waiting: int
    with_someone: int


class Simulator:
    """One scenario; `run` lets it pass, and what came of it is in the fields that have no underscore."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.staff = [
            Staff(one, frozenset(one.skills), scenario.calendars[one.calendar], faded_at=scenario.since)
            for one in scenario.workers
        ]
        self.threads = [Thread(number, one, one.at) for number, one in enumerate(scenario.arrivals)]
        self.decisions: list[Decision] = []
        self.levels: list[Level] = []
        self.with_someone = 0
        self.waiting = 0
        self._terms = scenario.terms
        self._needs = [frozenset(pool.needs) for pool in scenario.pools]
        self._places = {one.worker.person: place for place, one in enumerate(self.staff)}
        fitting: dict[frozenset[str], list[int]] = {}
        for one in self.staff:
            if one.skills not in fitting:
                fitting[one.skills] = [pool for pool, needs in enumerate(self._needs) if needs <= one.skills]
        self._fitting = fitting
        self._queues: dict[int, list[Queued]] = defaultdict(list)
        self._ages: dict[int, list[tuple[float, int]]] = defaultdict(list)
        self._known: dict[str, str] = {}
        self._desk: Desk | None = None
        self._rooms: list[int] = []
        self._desk_until = 0.0
        self._events: list[tuple[float, int, str, int, int]] = []
        self._numbers = count()

    def run(self) -> None:
        """Let the time pass, event by event."""
        scenario = self.scenario
        for number, one in enumerate(scenario.arrivals):
            self._at(one.at, "arrive", number)
        used = [scenario.calendars[place] for place in {one.worker.calendar for one in self.staff}]
        turns = {at for one in used for stretch in one.stretches for at in stretch if at >= scenario.since}
        for at in sorted(turns | set(week_starts(scenario.since, scenario.until))):
            self._at(at, "look")
        step = (scenario.until - scenario.since) / SAMPLES
        sample = scenario.since + step
        while self._events and self._events[0][0] <= scenario.until:
            now, _, what, first, second = heapq.heappop(self._events)
            while sample <= now:
                self.levels.append(Level(sample, self.waiting, self.with_someone))
                sample += step
            self._happen(now, what, first, second)
        while len(self.levels) < SAMPLES:
            self.levels.append(Level(sample, self.waiting, self.with_someone))
            sample += step

    def _at(self, at: float, what: str, first: int = 0, second: int = 0) -> None:
        if at <= self.scenario.until:
            heapq.heappush(self._events, (at, next(self._numbers), what, first, second))

    def _happen(self, now: float, what: str, first: int, second: int) -> None:
        if what == "arrive":
            self._arrive(self.threads[first], now)
        elif what == "answer":
            self._answer(self.threads[first], self.staff[second], now)
        elif what == "return":
            self._give_back(self.threads[first], self.staff[second], now)
        else:
            self._desk = None
            self._fill(now)

    def _arrive(self, thread: Thread, now: float) -> None:
        self._enqueue(thread, now)
        (choice,) = self._desk_at(now).route([self._as_waiting(thread, now)], now)
        if choice.person is not None:
            self._rooms[self._places[choice.person]] -= 1
            self._give(choice, now)

    def _answer(self, thread: Thread, one: Staff, now: float) -> None:
        """The customer has an answer; whoever gave it is free for another."""
        thread.answered = now
        taken = min(max(math.ceil(thread.arrival.minutes), 1), self._terms.minutes_at_most)
        one.minutes = (one.minutes if one.week == week_of(now) else 0) + taken
        one.week = week_of(now)
        self._release(one, now)
        self._fill(now, one)

    def _give_back(self, thread: Thread, one: Staff, now: float) -> None:
        """Somebody has not accepted in time: another one gets it, and they do not for a while."""
        until = now + self._terms.keep_off
        thread.given_back[one.worker.person] = until
        thread.silences += 1
        thread.held = False
        self._at(until, "look")
        self._release(one, now)
        self._arrive(thread, now)
        self._fill(now)

    def _release(self, one: Staff, now: float) -> None:
        one.open -= 1
        one.idle_since = now
        self.with_someone -= 1
        place = self._places[one.worker.person]
        if self._desk is None:
            return
        # The desk knows of no hours and minutes: where they say otherwise than one free place more, it begins anew.
        room = one.room(now, self._terms.minutes_per_conversation) if one.calendar.covers(now) else 0
        if room == self._rooms[place] + 1:
            self._rooms[place] = room
            self._desk.free(one.worker.person, now)
        else:
            self._desk = None

    def _fill(self, now: float, only: Staff | None = None) -> None:
        """Give what is queued to whoever is free, or to one colleague who just became so, as the router's sweep does."""
        if not self.waiting:
            return
        each = self._terms.minutes_per_conversation
        team = [one.colleague(now, each) for one in ([only] if only else self.staff)]
        free = [one for one in team if one.barrier is None]
        fitting = {pool for one in free for pool in self._fitting[one.skills] if self._queues[pool]}
        if not fitting:
            return
        waiting = [
            self._as_waiting(self.threads[one], now)
            for one in self._first(sorted(fitting), sum(one.room for one in free))
        ]
        choices = Desk(free, explain=False).route(waiting, now)
        for choice in choices:
            if choice.person is not None:
                self._book(choice, now)
                self._give(choice, now)

    def _first(self, pools: Sequence[int], room: int) -> list[int]:
        """Return those of the queue at which one sweep looks: the first, and some of those who wait longest."""
        most = self._terms.at_once
        limit = min(most, room + most // 10)
        first = [entry[3] for entry in islice(heapq.merge(*(self._queues[pool] for pool in pools)), limit)]
        if len(first) == limit:
            oldest = islice(heapq.merge(*(self._ages[pool] for pool in pools)), limit // 10 + 1)
            seen = set(first)
            first += [number for _, number in oldest if number not in seen]
        return first

    def _book(self, choice: Choice, now: float) -> None:
        """Tell the desk of everyone what was decided at the one of a few."""
        if self._desk is None or choice.person is None:
            return
        one = choice.waiting
        self._desk.route([Waiting(one.conversation, one.needs, before=choice.person)], now)
        self._rooms[self._places[choice.person]] -= 1

    def _give(self, choice: Choice, now: float) -> None:
        """Somebody has a conversation: they accept it and answer after what they have already, or are silent."""
        thread, place = self.threads[int(choice.waiting.conversation)], self._places[choice.person or ""]
        one = self.staff[place]
        take_out(self._queues[thread.arrival.pool], self._entry(thread))
        take_out(self._ages[thread.arrival.pool], (thread.queued_at, thread.number))
        self.waiting -= 1
        self.with_someone += 1
        thread.held = True
        self.decisions.append(Decision(now, thread.number, one.worker.person))
        if thread.first_given is None:
            thread.first_given = now
        one.fade(now)
        one.open += 1
        one.handled += 1
        one.total += 1
        one.idle_since = now
        if thread.silences < thread.arrival.silences:
            self._at(one.calendar.after(now, self._terms.accept_within), "return", thread.number, place)
            return
        self._known[thread.arrival.customer] = one.worker.person
        done = one.calendar.after(max(now, one.busy_until), thread.arrival.minutes * 60)
        one.busy_until = done
        self._at(done, "answer", thread.number, place)

    def _enqueue(self, thread: Thread, now: float) -> None:
        thread.queued_at = now
        self.waiting += 1
        insort(self._queues[thread.arrival.pool], self._entry(thread))
        insort(self._ages[thread.arrival.pool], (thread.queued_at, thread.number))

    def _entry(self, thread: Thread) -> Queued:
        one = thread.arrival
        return (-one.urgency, one.due if one.due is not None else thread.queued_at, thread.queued_at, thread.number)

    def _as_waiting(self, thread: Thread, now: float) -> Waiting:
        one = thread.arrival
        kept_off = [person for person, until in thread.given_back.items() if until > now]
        return Waiting(
            str(thread.number),
            self._needs[one.pool],
            not_to=frozenset(kept_off),
            before=self._known.get(one.customer),
            since=thread.queued_at - max(one.urgency - 1, 0) * self._terms.head_start,
        )

    def _desk_at(self, now: float) -> Desk:
        """Return the desk of everyone, made anew when what fades has stood still for long enough."""
        if self._desk is None or now >= self._desk_until:
            each = self._terms.minutes_per_conversation
            team = [one.colleague(now, each) for one in self.staff]
            self._rooms = [0 if one.barrier else one.room for one in team]
            self._desk = Desk(team, explain=False)
            self._desk_until = now + FRESH * len(team)
        return self._desk


def take_out(ordered: list[Entry], entry: Entry) -> None:
    """Take an entry that is there out of an ordered list."""
    del ordered[bisect_left(ordered, entry)]
