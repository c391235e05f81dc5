"""The router against a bare greedy loop, and how evenly it shares a week's load, beside what others use.

1,000 conversations over 10,000 staff, one language and one topic each; then 60,000 over 300 with two skills each.

Run it with `python -m tests.benchmarks.bench_routing`.
"""

import heapq
import random
import time
from collections.abc import Callable, Sequence

from services.monitoring.domain.routing.routing import Colleague, Waiting, route
from tests.benchmarks.table import Row, print_table
from tests.monitoring.sharing import REFERENCES, Ours, Outcome, make_week, share

LANGUAGES = ["en", "de", "es", "fr", "pt", "it", "nl", "pl"]
TOPICS = ["billing", "delivery", "product", "returns", "stores", "sustainability", "jobs", "press"]
ROUNDS = 9
SEEDS = (1, 2, 3)


def organisation(rng: random.Random) -> tuple[list[Waiting], list[Colleague]]:
    """Make the staff and the queue, the same for a seed."""
    staff = [
        Colleague(
            person=f"p{number}",
            skills=frozenset(
                [f"language:{one}" for one in rng.sample(LANGUAGES, rng.choice([1, 1, 2]))]
                + [f"topic:{one}" for one in rng.sample(TOPICS, rng.choice([1, 2, 2, 3]))]
            ),
            room=rng.choice([1, 2, 3, 5]),
            handled=float(rng.randrange(40)),
            hours=rng.random() * 40,
            idle_since=rng.random() * 1000,
            barrier=None if rng.random() < 0.8 else "is offline",
        )
        for number in range(10_000)
    ]
    waiting = [
        Waiting(f"c{number}", frozenset({f"language:{rng.choice(LANGUAGES)}", f"topic:{rng.choice(TOPICS)}"}))
        for number in range(1_000)
    ]
    return waiting, staff


def bare(waiting: list[Waiting], staff: list[Colleague]) -> list[int | None]:
    """Fewest handled first over a heap per combination of skills: no newcomers, no reasons, no one who gave it back."""
    room = [0 if one.barrier else one.room for one in staff]
    handled = [one.handled for one in staff]
    having: dict[str, list[int]] = {}
    for place, colleague in enumerate(staff):
        for skill in colleague.skills:
            having.setdefault(skill, []).append(place)
    heaps: dict[frozenset[str], list[tuple[float, int]]] = {}
    chosen: list[int | None] = []
    for one in waiting:
        heap = heaps.get(one.needs)
        if heap is None:
            language, topic = sorted(one.needs)
            heap = heaps[one.needs] = [
                (handled[place], place) for place in having[language] if room[place] and topic in staff[place].skills
            ]
            heapq.heapify(heap)
        while heap and (room[heap[0][1]] == 0 or handled[heap[0][1]] != heap[0][0]):
            place = heapq.heappop(heap)[1]
            if room[place]:
                heapq.heappush(heap, (handled[place], place))
        if not heap:
            chosen.append(None)
            continue
        place = heap[0][1]
        room[place] -= 1
        handled[place] += 1
        chosen.append(place)
    return chosen


def seconds(*candidates: Callable[[], object]) -> list[float]:
    """Time the best of some rounds of each, turn by turn, in CPU time, so that a busy machine disturbs all alike."""
    best = [float("inf")] * len(candidates)
    for _ in range(ROUNDS):
        for place, fn in enumerate(candidates):
            start = time.process_time()
            fn()
            best[place] = min(best[place], time.process_time() - start)
    return best


def run() -> list[Row]:
    """Measure both in this process, over the same organisation."""
    waiting, staff = organisation(random.Random(1))
    ours, theirs = seconds(lambda: route(waiting, staff), lambda: bare(waiting, staff))
    placed = sum(choice.person is not None for choice in route(waiting, staff))
    least = sum(place is not None for place in bare(waiting, staff))
    return [
        Row(
            what="assignment of 1,000 conversations over 10,000 staff",
            ratio=ours / theirs,
            baseline=f"bare greedy loop, {theirs * 1000:.0f} ms",
            goal="<= 1.5",
            note=f"{ours * 1000:.0f} ms, {placed} placed (bare {least})",
        ),
        *sharing(),
    ]


def sharing() -> list[Row]:
    """Let the router and the others share the same weeks: Gini of the most uneven pool, and the 99th percentile of waits."""
    weeks = [make_week(seed) for seed in SEEDS]
    ours = [share(week, Ours(week)) for week in weeks]
    return [
        Row(
            what=f"unevenness at 80 % load, beside {name}",
            ratio=worst(ours) / worst(theirs),
            baseline=f"Gini {worst(theirs):.3f}, p99 wait {longest(theirs):.1f} min",
            goal="< 1",
            note=f"Gini {worst(ours):.3f}, p99 wait {longest(ours):.1f} min",
        )
        for name, theirs in ((name, [share(week, make(week)) for week in weeks]) for name, make in REFERENCES.items())
    ]


def worst(outcomes: Sequence[Outcome]) -> float:
    """Return the Gini coefficient of the most uneven pool."""
    return max(max(one.gini.values()) for one in outcomes)


def longest(outcomes: Sequence[Outcome]) -> float:
    """Return the longest of the waits that one in a hundred exceeds."""
    return max(one.wait(0.99) for one in outcomes)


if __name__ == "__main__":
    print_table(run())
