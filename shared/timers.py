"""What a service does by the clock: expiry, deadlines, reminders; registered in its handlers.py."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from shared.context import Context
from shared.db import Database, Session, Unit
from shared.event_metrics import EventMetrics

Sweep = Callable[[Session], None]

log = structlog.get_logger()


@dataclass(frozen=True)
class Timer:
    """A sweep and the seconds between its runs."""

    seconds: float
    run: Sweep

    @property
    def name(self) -> str:
        """The sweep's name, for logs and metrics."""
        return f"{self.run.__module__.rpartition('.')[2]}.{self.run.__name__}"


@dataclass
class Timers:
    """The sweeps of one service. They run only in the process that holds the service's lease.

    A sweep is one unit of work that catches up with whatever is due at `session.now`; it may run late, and
    twice, so it changes only what its own condition still finds.
    """

    all: list[Timer] = field(default_factory=list)

    def every(self, *, seconds: float) -> Callable[[Sweep], Sweep]:
        """Register a sweep that runs every `seconds` of real time."""

        def register(run: Sweep) -> Sweep:
            self.all.append(Timer(seconds, run))
            return run

        return register


async def run_once(timer: Timer, db: Database) -> None:
    """Run a timer's sweep now; raises what it raises."""
    await db.run(Unit(timer.run, context=Context()))


async def run_timer(timer: Timer, db: Database, metrics: EventMetrics, service: str) -> None:
    """Run a timer until cancelled. A run that fails is logged and counted; the next one catches up."""
    while True:
        await asyncio.sleep(timer.seconds)
        try:
            await run_once(timer, db)
        except Exception as error:
            metrics.timers.labels(timer.name, "failed").inc()
            log.error("timer failed", service=service, timer=timer.name, exc_info=error)
        else:
            metrics.timers.labels(timer.name, "done").inc()
