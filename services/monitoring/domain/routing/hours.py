"""Somebody's working time: when a shift is, how much of a stretch they worked, and when so much of it has passed.

A shift begins at the first instant at which the clock of its zone shows its start or later, and ends likewise. So an
hour that a zone leaves out in spring makes a shift shorter, and one that it repeats in autumn makes it longer.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from services.monitoring.schemas.availability import Hours

DAY = timedelta(days=1)
LONGEST = timedelta(days=60)
"""How far a stretch is followed: nobody's figures or deadlines reach further."""
Stretch = tuple[datetime, datetime]


def at_work(hours: dict[str, Any] | None, now: datetime) -> bool:
    """Tell whether hours cover an instant; without hours, every instant is covered."""
    if hours is None:
        return True
    plan = Hours.model_validate(hours)
    today = now.astimezone(ZoneInfo(plan.zone)).date()
    # Where the clock goes back over midnight, the shift of the day to come has begun already.
    return any(start <= now < end for start, end in shifts(plan, today - DAY, today + DAY))


def worked(hours: dict[str, Any] | None, since: datetime, until: datetime) -> Iterator[Stretch]:
    """Yield the stretches of working time between two instants, in order; of a long time only the end."""
    since = max(since, until - LONGEST)
    if since >= until:
        return
    if hours is None:
        yield since, until
        return
    plan = Hours.model_validate(hours)
    zone = ZoneInfo(plan.zone)
    for start, end in shifts(plan, since.astimezone(zone).date() - DAY, until.astimezone(zone).date() + DAY):
        if start < until and end > since:
            yield max(start, since), min(end, until)


def working_time(hours: dict[str, Any] | None, since: datetime, until: datetime) -> timedelta:
    """Return how much of the time between two instants is working time."""
    return sum((end - start for start, end in worked(hours, since, until)), timedelta())


def after(hours: dict[str, Any] | None, start: datetime, span: timedelta) -> datetime:
    """Return the instant at which `span` of working time has passed since `start`."""
    left = span
    for begin, end in worked(hours, start, start + LONGEST):
        if end - begin >= left:
            return begin + left
        left -= end - begin
    return start + LONGEST


def shifts(plan: Hours, first: date, last: date) -> Iterator[Stretch]:
    """Yield the shifts that belong to the days from `first` to `last`, in order, joined where they overlap."""
    held: Stretch | None = None
    for number in range((last - first).days + 1):
        day = first + number * DAY
        if day.weekday() not in plan.days:
            continue
        start, end = shift(plan.zone, plan.start, plan.end, day)
        if start >= end:
            continue
        if held is not None and start <= held[1]:
            held = held[0], max(held[1], end)
            continue
        if held is not None:
            yield held
        held = start, end
    if held is not None:
        yield held


@lru_cache(maxsize=8192)
def shift(zone: str, start: time, end: time, day: date) -> Stretch:
    """Return when the shift of a day begins and ends; one that ends at or before its start ends on the next day."""
    return instant(zone, day, start), instant(zone, day if start < end else day + DAY, end)


def instant(zone: str, day: date, clock: time) -> datetime:
    """Return the first instant at which the clock of a zone shows this time of this day, or a later one."""
    local = datetime.combine(day, clock)
    early = local.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)
    late = local.replace(tzinfo=ZoneInfo(zone), fold=1).astimezone(UTC)
    if early <= late:
        return early
    # The zone leaves this time out: `late` lies before the jump and `early` after it.
    before, jumped = late.replace(microsecond=0), early.replace(microsecond=0) + timedelta(seconds=1)
    while jumped - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(jumped - before) // timedelta(seconds=2))
        if middle.astimezone(ZoneInfo(zone)).replace(tzinfo=None) < local:
            before = middle
        else:
            jumped = middle
    return jumped
