"""Which units of work are short enough to be run by the event loop itself.

A thread that computes takes the interpreter from the loop and gives it back after 5 ms at the earliest, unless it
waits; so work shorter than this gains nothing from a thread, and hand-overs between both cost more than it does.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from shared.units import Unit

SHORT = 0.005
"""Seconds of processor time: the interpreter's own switch interval."""
LONGEST_MEMORY = 2000


class Paces:
    """How long each function took of late. One that nobody has run yet is run by a thread first."""

    def __init__(self) -> None:
        self._seconds: dict[object, float] = {}

    def is_short(self, unit: Unit) -> bool:
        """Tell whether the loop may run a unit itself."""
        return self._seconds.get(function_of(unit), SHORT) < SHORT

    def took(self, unit: Unit, seconds: float) -> None:
        """Note processor time: a long one counts at once, and is forgotten by halves."""
        key = function_of(unit)
        if key not in self._seconds and len(self._seconds) > LONGEST_MEMORY:
            self._seconds.clear()
        self._seconds[key] = max(seconds, self._seconds.get(key, 0.0) / 2)

    def held(self, unit: Unit, seconds: float) -> None:
        """Note for how long the loop was held by a unit, by the clock on the wall.

        On a busy machine that is only a suspicion, so the next run is a thread's, which tells the processor time.
        """
        if seconds >= SHORT:
            self._seconds[function_of(unit)] = SHORT

    @contextmanager
    def timed(self, unit: Unit) -> Iterator[None]:
        """Note how much of this thread's processor time the run of a unit takes."""
        began = time.thread_time()
        try:
            yield
        finally:
            self.took(unit, time.thread_time() - began)


def function_of(unit: Unit) -> object:
    """Return what a unit runs, the same for each new closure over it."""
    fn: Callable[..., Any] = unit.what or unit.fn
    return getattr(fn, "__code__", None) or getattr(fn, "__func__", None) or type(fn)
