"""The simulator over thirty days of the demonstration, and over a large organisation, against the ten seconds it may take.

The demonstration's staff and posts: thirty days of the mentions that it holds, once as they are in a month and once a
hundred times as many, before and after twenty colleagues who speak Spanish. Then 60,000 conversations over 300 staff.

Run it with `python -m tests.benchmarks.bench_simulator`.
"""

import json
import random
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from services.monitoring.domain.routing.hours import worked
from services.monitoring.domain.simulations import program
from services.monitoring.domain.simulations.model import Pool, Stream, Task, Terms, Worker
from tests.benchmarks.table import Row, print_table

DEMO = Path("services/monitoring/demo")
DAYS = 30
GOAL_SECONDS = 10.0
CERTIFICATE = "certification:responder"
SINCE = datetime(2026, 11, 2, tzinfo=UTC)
OFFICE = {"zone": "Europe/Berlin", "days": [0, 1, 2, 3, 4], "start": "08:00", "end": "18:00"}


def lines(name: str) -> list[dict[str, Any]]:
    """Read a file of the demonstration."""
    return [json.loads(line) for line in (DEMO / name).read_text().splitlines() if line]


def demonstration(times: int = 1) -> Task:
    """Return thirty days of the demonstration's customers, so many times over, and twenty more who speak Spanish."""
    rng = random.Random(1)
    until = SINCE + timedelta(days=DAYS)
    pools: dict[Pool, int] = {}
    wrote = []
    for number, post in enumerate([one for one in lines("posts.jsonl") if one["kind"] == "mention"] * times):
        language, topic = post.get("lang"), post.get("topic")
        needs = [CERTIFICATE, *([f"language:{language}"] if language else []), *([f"topic:{topic}"] if topic else [])]
        place = pools.setdefault(Pool(tuple(needs), language, topic), len(pools))
        at = SINCE.timestamp() + rng.random() * DAYS * 86_400
        wrote.append((at, place, f"{post['author']}-{number // 2}", 1, None))
    topics = {pool.topic for pool in pools if pool.topic}
    staff = [
        Worker(
            one["employee_number"],
            (
                CERTIFICATE,
                *(f"language:{name}" for name in one["languages"]),
                *(f"topic:{name}" for name in one.get("topics") or topics),
            ),
            one["capacity"],
            one["weekly_minutes"],
            0,
        )
        for one in lines("availability.jsonl")
    ]
    spanish = (CERTIFICATE, "language:es", *(f"topic:{name}" for name in topics))
    more = [Worker(f"~{number:02}", spanish, 3, 300, 1) for number in range(20)]
    office = [(start.timestamp(), end.timestamp()) for start, end in worked(OFFICE, SINCE, until)]
    return Task(
        seed=1,
        seconds=600,
        since=SINCE.timestamp(),
        until=until.timestamp(),
        pools=list(pools),
        calendars=[[(SINCE.timestamp(), until.timestamp())], office],
        before=staff,
        after=staff + more,
        minutes=[4.0, 7.0, 9.0, 12.0, 20.0],
        silent=0.05,
        terms=Terms(),
        wrote=sorted(wrote),
    )


def large() -> Task:
    """Return 60,000 customers over 300 staff with two skills each, at eight tenths of their room."""
    rng = random.Random(2)
    skills = [f"topic:{number}" for number in range(10)]
    hours = 60_000 * 10 / 60 / (300 * 0.8)
    until = SINCE + timedelta(hours=hours)
    staff = [Worker(f"p{number:03}", tuple(rng.sample(skills, 2)), 1, 10_080, 0) for number in range(300)]
    stretch = [(SINCE.timestamp(), until.timestamp())]
    return Task(
        seed=2,
        seconds=600,
        since=stretch[0][0],
        until=stretch[0][1],
        pools=[Pool((skill,), None, skill.partition(":")[2]) for skill in skills],
        calendars=[stretch],
        before=staff,
        after=staff,
        minutes=[4.0, 7.0, 9.0, 10.0, 20.0],
        silent=0.0,
        terms=Terms(),
        stream=Stream(60_000 / (hours / 24), [1.0] * 10, stretch),
    )


def in_a_process(task: Task) -> tuple[float, dict[str, Any]]:
    """Run a task as the service does; return the seconds from asking to the answer, and the answer."""
    start = time.monotonic()
    sent = json.dumps(task.to_plain()).encode()
    done = subprocess.run([sys.executable, "-m", program.__name__], input=sent, capture_output=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return time.monotonic() - start, answer


def row(what: str, task: Task, goal: str = "< 1") -> Row:
    """Measure one task, both of its scenarios."""
    seconds, answer = in_a_process(task)
    before, after = answer["before"], answer["after"]
    return Row(
        what=what,
        ratio=seconds / GOAL_SECONDS,
        baseline=f"{GOAL_SECONDS:.0f} s",
        goal=goal,
        note=f"{seconds:.2f} s, twice {before['arrived']} conversations, p99 until an answer "
        f"{before['first_answer']['p99'] / 60:.0f} -> {after['first_answer']['p99'] / 60:.0f} min",
    )


def run() -> list[Row]:
    """Measure all three."""
    return [
        row("simulator, 30 days of the demonstration", demonstration()),
        row("simulator, 30 days of the demonstration, 100 times as many customers", demonstration(100), "none"),
        row("simulator, 60,000 conversations over 300 staff", large(), "none"),
    ]


if __name__ == "__main__":
    print_table(run())
