"""Which units of work are short enough to be run by the event loop itself.

A thread that computes takes the interpreter from the loop and gives it back after 5 ms at the earliest, unless it
waits; so work shorter than this gains nothing from a thread, and hand-overs between both cost more than it does.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

from pydantic import BaseModel

from shared.units import Session, Unit

T = TypeVar("T")

SHORT = 0.005
"""Seconds of processor time: the interpreter's own switch interval."""
LONGEST_MEMORY = 2000
LOOKED_AT = 8
"""Arguments that are looked into; where there are more, as events to tell, they are much alike."""


class Paces:
    """How long each function took of late, on about so many things. What was not run yet is run by a thread first."""

    def __init__(self) -> None:
        self._seconds: dict[object, float] = {}
        self._suspects: set[object] = set()

    def is_short(self, unit: Unit) -> bool:
        """Tell whether the loop may run a unit itself."""
        return self._seconds.get(kind_of(unit), SHORT) < SHORT

    def took(self, unit: Unit, seconds: float) -> None:
        """Note processor time: a long one counts at once, and is forgotten by halves."""
        key = kind_of(unit)
        if key not in self._seconds and len(self._seconds) > LONGEST_MEMORY:
            self._seconds.clear()
        self._seconds[key] = max(seconds, self._seconds.get(key, 0.0) / 2)

    def clock(self, unit: Unit) -> Callable[[], float]:
        """Return the clock by which the loop takes the time of a unit: the wall's, or the processor's for a suspect.

        Reading the processor's takes ten times as long, a microsecond.
        """
        return time.thread_time if kind_of(unit) in self._suspects else time.perf_counter

    def held(self, unit: Unit, seconds: float, clock: Callable[[], float]) -> None:
        """Note for how long a unit held the loop, by the clock that was asked for.

        Where it was long by the clock on the wall, it may be that others had the processor: it becomes a suspect. A unit
        that went to the threads for that would stay there, for with their threads about, all others look long as well.
        """
        key = kind_of(unit)
        if seconds < SHORT:
            self._suspects.discard(key)
        elif clock is time.perf_counter:
            self._suspects.add(key)
        else:
            self._suspects.discard(key)
            self._seconds[key] = seconds

    @contextmanager
    def timed(self, unit: Unit) -> Iterator[None]:
        """Note how much of this thread's processor time the run of a unit takes."""
        began = time.thread_time()
        try:
            yield
        finally:
            self.took(unit, time.thread_time() - began)


class Portion:
    """How many of many alike things one unit takes on: as many as, by the last one, can be done in time.

    Whoever else writes waits for the unit that is run, and for its commit.
    """

    def __init__(self, seconds: float, least: int, most: int) -> None:
        self._seconds = seconds
        self._least = least
        self._most = most
        self.size = most

    def took(self, count: int, seconds: float) -> None:
        """Note the processor time that `count` of them took; more at a time only by and by."""
        can = int(count * self._seconds / max(seconds, self._seconds / 100))
        self.size = max(self._least, min(self._most, can, self.size * 2))


def timed(session: Session, fn: Callable[..., T], *args: Any) -> tuple[T, float]:
    """Return what a unit's function returns, and the processor time that it took."""
    began = time.thread_time()
    result = fn(session, *args)
    session.flush()
    return result, time.thread_time() - began


def kind_of(unit: Unit) -> tuple[object, int]:
    """Return what a unit runs, the same for each new closure over it, and on how much, by powers of two."""
    if unit.kind is not None:
        return unit.kind
    fn: Any = unit.what or unit.fn
    while isinstance(fn, partial):
        fn = fn.func
    size = len(unit.args) + sum(map(size_of, unit.args[:LOOKED_AT])) + sum(map(size_of, unit.kwargs.values()))
    unit.kind = getattr(fn, "__code__", None) or type(fn), size.bit_length()
    return unit.kind


def size_of(value: object) -> int:
    """Return how many things an argument holds: its items, those of its fields, kilobytes of text."""
    if isinstance(value, list | tuple | dict | set | frozenset):
        return len(value)
    if isinstance(value, str | bytes):
        return len(value) >> 10
    return sum(map(size_of, vars(value).values())) if isinstance(value, BaseModel) else 0
