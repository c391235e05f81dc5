"""When something may reach a person: not in their quiet hours, and once a day where they want it so."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = 8
"""Days within which there is a time that is not quiet: at least one day of the week is not quiet as a whole."""


@dataclass(frozen=True, slots=True)
class Hours:
    """A person's quiet hours, in their own zone: overnight where `quiet_until` is not after `quiet_from`."""

    zone: ZoneInfo
    digest_at: time
    quiet_from: time | None = None
    quiet_until: time | None = None
    quiet_days: Collection[int] = ()

    def quiet(self, at: datetime) -> bool:
        """Tell whether nothing should reach the person at an instant."""
        local = at.astimezone(self.zone)
        if local.weekday() in self.quiet_days:
            return True
        if self.quiet_from is None or self.quiet_until is None:
            return False
        clock = local.time()
        if self.quiet_from < self.quiet_until:
            return self.quiet_from <= clock < self.quiet_until
        return clock >= self.quiet_from or clock < self.quiet_until

    def next_allowed(self, at: datetime) -> datetime:
        """Return the first instant from `at` on that is not quiet; ends of quiet time are the only ones to look at."""
        if not self.quiet(at):
            return at
        day = at.astimezone(self.zone).date()
        ends = sorted({time(0), self.quiet_until or time(0)})
        for ahead in range(DAYS + 1):
            for end in ends:
                candidate = self._at(datetime.combine(day + timedelta(days=ahead), end))
                if candidate > at and not self.quiet(candidate):
                    return candidate
        raise AssertionError("somebody is quiet for ever, which preferences refuse")

    def next_digest(self, at: datetime) -> datetime:
        """Return when what is gathered for the day is sent that is known at `at`."""
        day = at.astimezone(self.zone).date()
        today = self._at(datetime.combine(day, self.digest_at))
        due = today if today >= at else self._at(datetime.combine(day + timedelta(days=1), self.digest_at))
        return self.next_allowed(due)

    def _at(self, local: datetime) -> datetime:
        # An hour that the change to summer time leaves out is taken as it was before, so the instant exists.
        return local.replace(tzinfo=self.zone).astimezone(ZoneInfo("UTC"))
