"""What a service does by the clock: expiry, deadlines, reminders; registered in its handlers.py."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.db import Session

Sweep = Callable[["Session"], None]


@dataclass(frozen=True)
class Timer:
    """A sweep and the seconds between its runs."""

    seconds: float
    run: Sweep

    @property
    def name(self) -> str:
        """The sweep's name, for logs and metrics."""
        return self.run.__name__


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
