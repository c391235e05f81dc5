"""What came of a simulation: waits, queue and fairness, of all and of each pool."""

from collections.abc import Iterable, Sequence
from typing import Any

from services.monitoring.domain.figures.fairness import gini, jain, percentile
from services.monitoring.domain.simulations.model import Pool
from services.monitoring.domain.simulations.simulator import Simulator, Thread
from services.monitoring.domain.simulations.working import rates

POOLS = 100


def outcome(simulator: Simulator) -> dict[str, Any]:
    """Return what came of a run as JSON can carry it; times in seconds, instants in seconds since 1970."""
    scenario, threads = simulator.scenario, simulator.threads
    shares = rates(simulator.staff, scenario.since, scenario.until)
    by_pool: dict[int, list[Thread]] = {}
    for thread in threads:
        by_pool.setdefault(thread.arrival.pool, []).append(thread)
    most = sorted(by_pool, key=lambda pool: (-len(by_pool[pool]), pool))
    pools = [pool_outcome(simulator, scenario.pools[pool], by_pool[pool]) for pool in most]
    return {
        **figures(threads, scenario.until),
        "with_someone": simulator.with_someone,
        "people": len(simulator.staff),
        "unroutable": sum(one["arrived"] for one in pools if one["missing"] is not None),
        "jain": jain(shares),
        "gini": gini(shares),
        "queue": [level._asdict() for level in simulator.levels],
        "pools": pools[:POOLS],
    }


def pool_outcome(simulator: Simulator, pool: Pool, threads: Sequence[Thread]) -> dict[str, Any]:
    """Return what came of those who asked for the same; fairness is that of all that its people were given."""
    needs = frozenset(pool.needs)
    able = [one for one in simulator.staff if needs <= one.skills]
    shares = rates(able, simulator.scenario.since, simulator.scenario.until)
    return {
        "language": pool.language,
        "topic": pool.topic,
        "people": len(able),
        **figures(threads, simulator.scenario.until),
        "jain": jain(shares),
        "gini": gini(shares),
        "missing": None if able else missing(pool, [one.skills for one in simulator.staff]),
    }


def figures(threads: Sequence[Thread], until: float) -> dict[str, Any]:
    """Count, and say how long customers waited; who still waits counts with what they waited so far."""
    return {
        "arrived": len(threads),
        "answered": sum(one.answered is not None for one in threads),
        "returned": sum(one.silences for one in threads),
        "waiting": sum(one.answered is None and not one.held for one in threads),
        "first_assignment": waits(first(one.first_given, until) - one.arrival.at for one in threads),
        "first_answer": waits(first(one.answered, until) - one.arrival.at for one in threads),
    }


def first(at: float | None, until: float) -> float:
    """Return when something came, or the end."""
    return until if at is None else at


def waits(seconds: Iterable[float]) -> dict[str, float | None]:
    """Return what half, most and nearly all of some waits do not exceed."""
    ordered = sorted(seconds)
    return {name: percentile(ordered, part) for name, part in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))}


def missing(pool: Pool, skills: Iterable[frozenset[str]]) -> str:
    """Say what nobody has: the first demand, in the router's order, that leaves nobody."""
    left = list(skills)
    order = sorted(pool.needs, key=lambda need: ("certification", "language", "topic").index(need.partition(":")[0]))
    for need in order:
        left = [one for one in left if need in one]
        if not left:
            return need
    return order[-1]
