"""What somebody takes on, and when."""

from datetime import time
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field

from services.monitoring.schemas.names import Instant, Language, Topic
from shared.schemas import Body, Text


def known_zone(name: str) -> str:
    """Refuse a time zone that is not in the IANA data."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("is not an IANA time zone") from None
    return name


def local(value: time) -> time:
    """Refuse an hour with an offset of its own: the hours have one zone, and times with and without do not compare."""
    if value.tzinfo is not None:
        raise ValueError("stands in the time zone `zone`, without an offset of its own")
    return value


Zone = Annotated[Text, Field(min_length=1, max_length=64, examples=["Europe/Berlin"]), AfterValidator(known_zone)]


Hour = Annotated[time, AfterValidator(local)]
"""An hour of the day in the zone beside it."""


class Hours(Body):
    """When somebody works: the same hours on some days of the week (0 is Monday); overnight if `end` <= `start`."""

    zone: Zone = "UTC"
    days: Annotated[
        list[Annotated[int, Field(ge=0, le=6)]], Field(max_length=7, default_factory=lambda: [0, 1, 2, 3, 4])
    ]
    start: Hour = time(9)
    end: Hour = time(17)


class Away(Body):
    """When somebody is not there; open ends stand for from now on and until further notice."""

    since: Instant | None = None
    until: Instant | None = None


class AvailabilityIn(Body):
    """What somebody takes on; no topics means all of them."""

    languages: Annotated[list[Language], Field(min_length=1, max_length=20)]
    topics: Annotated[list[Topic], Field(max_length=50, default_factory=list)]
    capacity: Annotated[int, Field(ge=0, le=100)] = 3
    weekly_minutes: Annotated[int, Field(ge=0, le=10_080)] = 300
    online: bool = False
    hours: Hours | None = None
    away: Away | None = None


class AvailabilityOut(AvailabilityIn):
    """What somebody takes on, and what they have open."""

    employee_number: str
    open: int
    minutes_this_week: int
    revision: int
