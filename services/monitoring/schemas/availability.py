"""What somebody takes on, and when."""

from datetime import datetime, time
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field

from services.monitoring.schemas.names import Handle, Instant, Language, Topic
from shared.schemas import Body, Resource, Text


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
    not_with: Annotated[
        list[Handle],
        Field(
            max_length=100,
            default_factory=list,
            description="Customers whose conversations they do not want, such as relatives, or who insulted them.",
        ),
    ]


class PresenceIn(Body):
    """That somebody is there, or, with `present: false`, that they are not for now."""

    present: bool = True


class PresenceOut(Resource):
    """Until when somebody counts as there, and why they get no conversation at this moment, if anything keeps them."""

    employee_number: str
    present: bool
    present_until: datetime | None
    barrier: str | None


class AvailabilityOut(AvailabilityIn):
    """What somebody takes on, and what they have open.

    `online` says that they count as there; it lapses at `present_until`, if that is set. `minutes_this_week` are those
    that answers took; what is open is reserved for beside it.
    """

    employee_number: str
    present_until: datetime | None
    open: int
    minutes_this_week: int
    revision: int
