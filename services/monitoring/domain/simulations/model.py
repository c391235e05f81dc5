"""What a simulation is given: plain data that goes to another process as JSON, and knows no database."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from itertools import accumulate
from typing import Any

FIRST_MONDAY = 4 * 86_400.0
"""1970 began on a Thursday."""
WEEK = 7 * 86_400.0


@dataclass(frozen=True)
class Pool:
    """What some conversations ask for: skills as the router names them, and the words that are shown."""

    needs: tuple[str, ...]
    language: str | None = None
    topic: str | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """A customer writes at `at` (seconds since 1970), which takes `minutes` of whoever answers.

    `pool` is a place in the list of pools. So many colleagues to whom it is offered first, `silences`, do not accept.
    """

    at: float
    pool: int
    customer: str
    minutes: float
    urgency: int = 1
    due: float | None = None
    silences: int = 0


@dataclass(frozen=True)
class Worker:
    """A colleague: `calendar` is a place in the list of calendars."""

    person: str
    skills: tuple[str, ...]
    capacity: int
    weekly_minutes: int
    calendar: int


@dataclass(frozen=True)
class Terms:
    """The terms on which the router works; durations in seconds, minutes where it says so."""

    accept_within: float = 900.0
    keep_off: float = 3600.0
    head_start: float = 3600.0
    minutes_per_conversation: int = 10
    minutes_at_most: int = 60
    at_once: int = 500


@dataclass(frozen=True)
class Scenario:
    """All that one run is decided by, from `since` to `until`."""

    since: float
    until: float
    arrivals: Sequence[Arrival]
    pools: Sequence[Pool]
    workers: Sequence[Worker]
    calendars: Sequence["Calendar"]
    terms: Terms = field(default_factory=Terms)


@dataclass(frozen=True)
class Calendar:
    """When somebody works: stretches in order that do not overlap."""

    stretches: Sequence[tuple[float, float]]

    @cached_property
    def _starts(self) -> list[float]:
        return [start for start, _ in self.stretches]

    @cached_property
    def _before(self) -> list[float]:
        """How much work lies before each stretch."""
        return [0.0, *accumulate(end - start for start, end in self.stretches)]

    def covers(self, at: float) -> bool:
        """Tell whether somebody works at an instant."""
        place = bisect_right(self._starts, at) - 1
        return place >= 0 and at < self.stretches[place][1]

    def worked(self, until: float) -> float:
        """Return how many seconds of work lie before an instant."""
        place = bisect_right(self._starts, until) - 1
        if place < 0:
            return 0.0
        start, end = self.stretches[place]
        return self._before[place] + min(until, end) - start

    def after(self, at: float, span: float) -> float:
        """Return when so many seconds of work, more than none, have passed; never, if the calendar ends before."""
        target = self.worked(at) + span
        place = bisect_left(self._before, target) - 1
        if place >= len(self.stretches):
            return math.inf
        return self.stretches[place][0] + target - self._before[place]

    def between(self, since: float, until: float) -> Iterator[tuple[float, float]]:
        """Yield the stretches of work between two instants."""
        for place in range(max(bisect_right(self._starts, since) - 1, 0), len(self.stretches)):
            start, end = self.stretches[place]
            if start >= until:
                return
            if end > since:
                yield max(start, since), min(end, until)


def week_of(at: float) -> int:
    """Return the number of the week (from Monday, UTC) that an instant lies in."""
    return int((at - FIRST_MONDAY) // WEEK)


def week_starts(since: float, until: float) -> Iterator[float]:
    """Yield the Mondays between two instants."""
    for week in range(week_of(since) + 1, week_of(until) + 1):
        yield FIRST_MONDAY + week * WEEK


@dataclass(frozen=True)
class Stream:
    """Customers to make up: so many a day, in these stretches, each of a pool by weight."""

    each_day: float
    weights: Sequence[float]
    stretches: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Task:
    """What the process gets: customers who wrote, or a stream to make up, and who answers them before and after.

    `wrote` are instants, pools, customers, urgencies and when an answer was due. `minutes` are what answers took, of
    which each customer gets one by lot, and `silent` is the share of offers that are not accepted.
    """

    seed: int
    seconds: int
    since: float
    until: float
    pools: Sequence[Pool]
    calendars: Sequence[Sequence[tuple[float, float]]]
    before: Sequence[Worker]
    after: Sequence[Worker]
    minutes: Sequence[float]
    silent: float
    terms: Terms
    wrote: Sequence[tuple[float, int, str, int, float | None]] = ()
    stream: Stream | None = None

    def to_plain(self) -> dict[str, Any]:
        """Return the task as JSON can carry it."""
        return asdict(self)

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> "Task":
        """Return the task that was sent."""
        workers = {
            name: [Worker(**{**one, "skills": tuple(one["skills"])}) for one in plain[name]]
            for name in ("before", "after")
        }
        pools = [Pool(tuple(one["needs"]), one["language"], one["topic"]) for one in plain["pools"]]
        stream = Stream(**plain["stream"]) if plain["stream"] else None
        return cls(**{**plain, **workers, "pools": pools, "stream": stream, "terms": Terms(**plain["terms"])})
