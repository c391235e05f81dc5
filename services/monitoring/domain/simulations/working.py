"""Colleagues of a simulation as they are at a moment: what they have open, what it took, and what counts of it."""

from collections.abc import Collection
from dataclasses import dataclass

from services.monitoring.domain.routing import fading
from services.monitoring.domain.routing.routing import FULL, Colleague
from services.monitoring.domain.simulations.model import Calendar, Worker, week_of

HOUR = 3600.0
OFF_HOURS = "does not work at this hour"


@dataclass(slots=True)
class Staff:
    """A colleague as they are at this moment of the simulation."""

    worker: Worker
    skills: frozenset[str]
    calendar: Calendar
    open: int = 0
    minutes: int = 0
    week: int = 0
    handled: float = 0.0
    hours: float = 0.0
    faded_at: float = 0.0
    idle_since: float = 0.0
    busy_until: float = 0.0
    total: int = 0

    def room(self, now: float, minutes_each: int) -> int:
        """Return how many more they can take on: by capacity, and by the minutes that are left this week."""
        spent = self.minutes if self.week == week_of(now) else 0
        left = (self.worker.weekly_minutes - spent) // minutes_each
        return max(0, min(self.worker.capacity, left) - self.open)

    def fade(self, now: float) -> None:
        """Bring what fades up to this moment."""
        if now <= self.faded_at:
            return
        keep = fading.kept((now - self.faded_at) / HOUR)
        ages = (((now - start) / HOUR, (now - end) / HOUR) for start, end in self.calendar.between(self.faded_at, now))
        self.handled, self.hours = self.handled * keep, self.hours * keep + fading.gained(ages)
        self.faded_at = now

    def colleague(self, now: float, minutes_each: int) -> Colleague:
        """Return them as the router sees them."""
        self.fade(now)
        room = self.room(now, minutes_each)
        barrier = None if self.calendar.covers(now) else OFF_HOURS
        if barrier is None and room <= 0:
            barrier = FULL
        return Colleague(self.worker.person, self.skills, room, self.handled, self.hours, self.idle_since, barrier)


def rates(staff: Collection[Staff], since: float, until: float) -> list[float]:
    """Return what each of some colleagues was given per hour of work; of those who had any."""
    found = []
    for one in staff:
        hours = (one.calendar.worked(until) - one.calendar.worked(since)) / HOUR
        if hours > 0:
            found.append(one.total / hours)
    return found
