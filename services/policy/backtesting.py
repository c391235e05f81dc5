"""Runs back-tests in the background, one after the other, where the service's lease is held.

Posts come page by page and are counted in a thread, so neither memory nor the event loop feels how many there are.
What is counted is saved about twice a second: after a restart, or in another process, a run goes on from there.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

import structlog

from services.policy.domain import backtest_runs
from services.policy.domain.backtest_runs import Job
from services.policy.domain.figures import Comparison, Figures
from shared.bus import Bus
from shared.db import Database
from shared.past_posts import PastPost, PostReader, PostsAwayError
from shared.tasks import DATABASE_AWAY

IDLE = 0.5
SAVED_EVERY = 0.5
AGAIN = 1.0
PATIENCE = 600.0
"""Seconds without an answer from the service that keeps the posts, after which a back-test fails."""

T = TypeVar("T")
log = structlog.get_logger()


class StoppedError(Exception):
    """The run has been cancelled, or another process has taken it over."""


async def run_backtests(db: Database, bus: Bus) -> None:
    """Run whatever back-test waits, until cancelled."""
    while True:
        try:
            job = await db.write(backtest_runs.take) if await db.read(backtest_runs.waiting) else None
            if job is not None:
                await run(job, db, PostReader(bus))
                continue
        except DATABASE_AWAY as error:
            log.warning("back-tests wait for the database", error=repr(error))
        await asyncio.sleep(IDLE)


async def run(job: Job, db: Database, posts: PostReader) -> None:
    """Run one back-test to its end, whatever that is; only a database that is away leaves it as it stands."""
    try:
        under_way = Run(job, db, posts)
        await under_way.read_all()
        await db.write(backtest_runs.finish, job, under_way.done, under_way.figures.data)
    except StoppedError:
        log.info("back-test stopped", backtest=job.id)
    except PostsAwayError as error:
        await db.write(backtest_runs.fail, job, f"The monitoring service did not answer: {error}.")
    except DATABASE_AWAY:
        raise
    except Exception as error:  # a fault in one back-test must stop neither the others nor the service's other work
        log.error("back-test failed", backtest=job.id, exc_info=error)
        await db.write(backtest_runs.fail, job, "A fault of ours stopped it; it is in the log of the policy service.")


@dataclass
class Run:
    """One back-test under way."""

    job: Job
    db: Database
    posts: PostReader
    figures: Figures = field(init=False)

    def __post_init__(self) -> None:
        """Go on from what was saved."""
        self.figures = Figures(self.job.samples, self.job.figures)
        self._clock = asyncio.get_running_loop().time
        self._after, self.done, self._total = self.job.after, self.job.done, self.job.posts or 0
        self._begun, self._before, self._saved = self._clock(), self.job.done, 0.0

    async def read_all(self) -> None:
        """Read all posts and count them."""
        comparison = await asyncio.to_thread(Comparison, self.job.against, self.job.rules)
        last = self.job.last if self.job.posts is not None else await self._measure()
        page = await self._page(last)
        while page:
            self._after, self.done = page[-1].id, self.done + len(page)
            # The next page comes while this one is counted.
            _, page = await asyncio.gather(asyncio.to_thread(comparison.judge, page, self.figures), self._page(last))
            if self._clock() - self._saved >= SAVED_EVERY:
                await self._save()

    async def _measure(self) -> str | None:
        """Fix which posts there are to read: those that come in meanwhile are not among them."""
        extent = await self._patiently(lambda: self.posts.measure(self.job.selection))
        self._total = extent.posts
        await self._keep({"posts": extent.posts, "last": extent.last})
        return extent.last

    async def _page(self, last: str | None) -> list[PastPost]:
        if last is None:
            return []
        return await self._patiently(lambda: self.posts.read(self.job.selection, self._after, last))

    async def _patiently(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask until there is an answer, as long as the run is wanted; raises PostsAwayError after some minutes."""
        give_up = self._clock() + PATIENCE
        while True:
            try:
                return await ask()
            except PostsAwayError as error:
                if self._clock() > give_up:
                    raise
                log.info("back-test waits for posts", backtest=self.job.id, error=str(error))
            if not await self.db.read(backtest_runs.still_running, self.job):
                raise StoppedError
            await asyncio.sleep(AGAIN)

    async def _save(self) -> None:
        spent, counted = self._clock() - self._begun, self.done - self._before
        rest = timedelta(seconds=spent * max(0, self._total - self.done) / counted)
        await self._keep(
            {
                "after": self._after,
                "done": self.done,
                "eta": self.db.clock.now() + rest,
                "figures": self.figures.data,
            }
        )
        self._saved = self._clock()

    async def _keep(self, values: dict[str, object]) -> None:
        if not await self.db.write(backtest_runs.save, self.job, values):
            raise StoppedError
