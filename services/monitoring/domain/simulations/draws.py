"""What is left to chance: when made-up customers write, how long each takes, and who is silent. The seed decides."""

import random
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate

from services.monitoring.domain.simulations.model import Arrival, Calendar, Scenario, Stream, Task

DAY = 86_400.0
SILENT_AT_MOST = 5
"""Colleagues in a row who do not accept one conversation."""


def scenarios(task: Task) -> tuple[Scenario, Scenario]:
    """Return what is to be compared: the same customers, before and after."""
    rng = random.Random(task.seed)  # noqa: S311  the same seed must give the same answer
    wrote = task.wrote if task.stream is None else list(made_up(task, task.stream, rng))
    arrivals = [
        Arrival(at, pool, customer, rng.choice(task.minutes), urgency, due, silences(rng, task.silent))
        for at, pool, customer, urgency, due in wrote
    ]
    calendars = [Calendar([(start, end) for start, end in one]) for one in task.calendars]
    before, after = (
        Scenario(task.since, task.until, arrivals, task.pools, workers, calendars, task.terms)
        for workers in (task.before, task.after)
    )
    return before, after


def made_up(task: Task, stream: Stream, rng: random.Random) -> Iterator[tuple[float, int, str, int, None]]:
    """Yield customers who write independently of each other, in the stretches in which customers write."""
    until = list(accumulate(end - start for start, end in stream.stretches))
    if not until:
        return
    gap = until[-1] / max(stream.each_day * (task.until - task.since) / DAY, 1e-9)
    pools = range(len(stream.weights))
    passed, number = rng.expovariate(1 / gap), 0
    while passed < until[-1]:
        place = bisect_right(until, passed)
        (pool,) = rng.choices(pools, stream.weights)
        yield stream.stretches[place][1] - (until[place] - passed), pool, str(number), 1, None
        number += 1
        passed += rng.expovariate(1 / gap)


def silences(rng: random.Random, silent: float) -> int:
    """Return how many to whom a conversation is offered first do not accept it."""
    number = 0
    while number < SILENT_AT_MOST and rng.random() < silent:
        number += 1
    return number
