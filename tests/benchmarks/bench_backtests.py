"""A back-test over 100,000 posts, beside the bare engine over the same texts in memory.

Both services' parts run in this process, on SQLite and a real broker. What also counts is how long the service's
event loop is kept from others meanwhile, and how much memory it takes. Run it with
`python -m tests.benchmarks.bench_backtests`.
"""

import asyncio
import random
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

from services.monitoring.domain.posts import past_posts
from services.monitoring.settings import MonitoringSettings
from services.monitoring.tables import Post
from services.policy import backtesting
from services.policy.domain.backtest_runs import Job
from services.policy.domain.figures import Comparison, Figures
from services.policy.settings import PolicySettings
from shared import migrate
from shared.bus import Bus
from shared.clock import SystemClock
from shared.db import Database, Session
from shared.ids import new_id
from shared.past_posts import PastPost, PostReader, PostsAwayError, PostServer, Selection
from shared.rules import PlacedRule
from shared.settings import Environment
from shared.tasks import end
from tests.benchmarks.bench_rules import posts, rules
from tests.benchmarks.table import Row, print_table
from tests.servers import NatsServer

COUNT = 100_000
RULES = 100
MIGRATIONS = Path(__file__).parents[2] / "services" / "monitoring" / "migrations" / "versions"


def kept(session: Session, texts: Sequence[str], first: int, count: int) -> None:
    """Keep some posts of staff."""
    began = datetime.now(UTC) - timedelta(days=100)
    rows = [
        {
            "id": new_id(),
            "network": "bench",
            "network_id": f"bench-{number}",
            "kind": "staff",
            "author": f"@author-{number % 300}",
            "department": f"Department {number % 12}",
            "text": texts[number % len(texts)],
            "lang": "en",
            "posted_at": began + timedelta(minutes=number),
            "received_at": session.now,
            "revision": 1,
        }
        for number in range(first, first + count)
    ]
    session.execute(Post.__table__.insert(), rows)  # type: ignore[attr-defined]


class Unkept(backtesting.Run):
    """A run whose progress nobody asks for: saving is not what is measured."""

    async def _keep(self, values: dict[str, object]) -> None:
        del values


async def answered(reader: PostReader) -> None:
    """Wait until the keeper of the posts is there."""
    while True:
        try:
            await reader.measure(Selection(kinds=["staff"]))
        except PostsAwayError:
            await asyncio.sleep(0.02)
        else:
            return


async def longest_pause(paused: list[float]) -> None:
    """Note how much later than wished this task is woken."""
    while True:
        began = time.perf_counter()
        await asyncio.sleep(0.002)
        paused.append(time.perf_counter() - began - 0.002)


async def measure(
    folder: Path, nats_url: str, texts: Sequence[str], placed: Sequence[PlacedRule]
) -> tuple[float, list[float], float]:
    """Return the seconds that a back-test takes, how late the loop was each time, and the memory in MB."""
    url = f"sqlite:///{folder / 'monitoring.db'}"
    db = Database(url, SystemClock())
    migrate.upgrade(db.engine, MIGRATIONS)
    for first in range(0, COUNT, 5000):
        await db.write(kept, texts, first, 5000)
    common: dict[str, Any] = {"environment": Environment.TEST, "data_dir": folder, "nats_url": nats_url}
    owner, asker = Bus(MonitoringSettings(**common), "monitoring"), Bus(PolicySettings(**common), "policy")
    await owner.start()
    await asker.start()
    await asker.wait_connected()
    server = asyncio.create_task(PostServer(db, owner, past_posts.archive).run())
    reader = PostReader(asker)
    await answered(reader)
    job = Job(
        id="bench",
        runner="bench",
        rules=[*placed],
        against=[*placed[10:]],
        selection=Selection(kinds=["staff"]),
        samples=5,
        posts=None,
        last=None,
        after=None,
        done=0,
        figures=None,
    )
    memory, paused = psutil.Process().memory_info().rss, list[float]()
    probe = asyncio.create_task(longest_pause(paused))
    run = Unkept(job, db, reader)
    began = time.perf_counter()
    await run.read_all()
    seconds = time.perf_counter() - began
    await end(probe, server)
    grown = (psutil.Process().memory_info().rss - memory) / 1e6
    assert run.figures.data["all"]["total"][0] == COUNT
    for bus in (owner, asker):
        await bus.stop()
    db.stop()
    return seconds, sorted(paused), grown


def bare(texts: Sequence[str], placed: Sequence[PlacedRule]) -> float:
    """Return the seconds that judging and counting alone take."""
    now = datetime.now(UTC)
    past = [PastPost(f"{n}", "bench", "staff", None, (), "en", now, texts[n % len(texts)]) for n in range(COUNT)]
    comparison, figures = Comparison([*placed[10:]], [*placed]), Figures(5)
    began = time.perf_counter()
    comparison.judge(past, figures)
    return time.perf_counter() - began


def run() -> list[Row]:
    """Measure and return the row."""
    rng = random.Random(7)
    texts = posts(rng)
    placed = rules(rng, texts, RULES)
    alone = bare(texts, placed)
    with tempfile.TemporaryDirectory() as name:
        server = NatsServer(Path(name) / "nats")
        server.start()
        try:
            seconds, paused, grown = asyncio.run(measure(Path(name), server.url, texts, placed))
        finally:
            server.stop()
    late = paused[int(len(paused) * 0.99)] * 1000
    return [
        Row(
            f"back-test of {COUNT:,} posts, {RULES} rules",
            alone / seconds,
            "judging and counting in memory",
            ">= 0.25, under a minute",
            f"{seconds:.1f} s; loop late by {late:.0f} ms (p99), {paused[-1] * 1000:.0f} ms at most; {grown:+.0f} MB",
        )
    ]


if __name__ == "__main__":
    print_table(run())
