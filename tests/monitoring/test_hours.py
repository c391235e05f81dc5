"""Working time across zones, nights and the days on which clocks change, against somebody who counts each minute."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.monitoring.domain.routing.hours import LONGEST, after, at_work, working_time

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
CHANGES = [
    ("Europe/Berlin", datetime(2026, 3, 29, 1, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 10, 25, 1, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 11, 1, 6, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
    ("America/Santiago", datetime(2026, 4, 5, 3, tzinfo=UTC)),
    ("Asia/Beirut", datetime(2026, 3, 28, 22, tzinfo=UTC)),
    ("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC)),
    ("Asia/Kathmandu", datetime(2026, 6, 1, tzinfo=UTC)),
]
clock_times = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 59]))


@st.composite
def plans(draw: st.DrawFn) -> tuple[dict[str, Any], datetime]:
    """Draw hours, and an instant near one at which their zone changes its clocks."""
    zone, change = draw(st.sampled_from(CHANGES))
    days = sorted(draw(st.sets(st.integers(0, 6), min_size=1)))
    start, end = draw(clock_times), draw(clock_times)
    hours = {"zone": zone, "days": days, "start": start.isoformat(), "end": end.isoformat()}
    return hours, change + draw(st.integers(-1500, 900)) * MINUTE


def minutes_at_work(hours: dict[str, Any], since: datetime, number: int) -> list[bool]:
    """Say of each minute whether it is working time: a shift is under way from when the clock first shows its start."""
    zone = ZoneInfo(hours["zone"])
    start, end = time.fromisoformat(hours["start"]), time.fromisoformat(hours["end"])
    minute = since - 4 * DAY
    first = minute.astimezone(zone).date()
    shifts = [
        (datetime.combine(day, start), datetime.combine(day if start < end else day + DAY, end))
        for day in (first + place * DAY for place in range(12))
        if day.weekday() in hours["days"]
    ]
    begun: set[int] = set()
    ended: set[int] = set()
    counted = []
    while minute < since + number * MINUTE:
        shown = minute.astimezone(zone).replace(tzinfo=None)
        begun |= {place for place, shift in enumerate(shifts) if shown >= shift[0]}
        ended |= {place for place, shift in enumerate(shifts) if shown >= shift[1]}
        if minute >= since:
            counted.append(bool(begun - ended))
        minute += MINUTE
    return counted


@settings(max_examples=40)
@given(plans())
@example(({"zone": "Europe/Berlin", "days": [6], "start": "02:30:00", "end": "06:00:00"}, CHANGES[0][1] - DAY / 8))
@example(({"zone": "America/Santiago", "days": [6], "start": "00:00:00", "end": "08:00:00"}, CHANGES[4][1] - DAY / 8))
@example(({"zone": "Pacific/Apia", "days": [4], "start": "22:00:00", "end": "06:00:00"}, CHANGES[6][1] - DAY / 2))
def test_each_minute_is_working_time_or_not_as_the_clock_on_the_wall_says(
    plan: tuple[dict[str, Any], datetime],
) -> None:
    hours, since = plan
    counted = minutes_at_work(hours, since, 900)
    for place in range(0, 900, 30):
        assert at_work(hours, since + place * MINUTE) == counted[place], since + place * MINUTE
    assert working_time(hours, since, since + 900 * MINUTE) == sum(counted) * MINUTE


@settings(max_examples=40)
@given(plans(), st.integers(1, 200))
def test_a_deadline_comes_when_so_many_working_minutes_have_passed(
    plan: tuple[dict[str, Any], datetime], span: int
) -> None:
    hours, since = plan
    deadline = after(hours, since, span * MINUTE)
    assert working_time(hours, since, deadline) == span * MINUTE
    number = int((deadline - since) / MINUTE)
    if number <= 900:
        counted = minutes_at_work(hours, since, number)
        assert sum(counted) == span
        assert counted[-1], "the deadline stands at the end of a working minute"


def test_without_hours_all_time_is_working_time_and_without_days_none_is() -> None:
    now = datetime(2026, 3, 29, 12, tzinfo=UTC)
    assert after(None, now, 15 * MINUTE) == now + 15 * MINUTE
    never = {"zone": "UTC", "days": [], "start": "09:00", "end": "17:00"}
    assert not at_work(never, now)
    assert after(never, now, 15 * MINUTE) == now + LONGEST
