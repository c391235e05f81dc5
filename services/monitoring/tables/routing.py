"""Who takes on how much, who has what, and what stands still."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, Text
from sqlmodel import Field

from services.monitoring.tables.base import Table, id_field, time_field


class Assignment(Table, table=True):
    """A conversation was with a person for a while; `ended` says how that came to its end.

    `notice` is the event that told of it. `told_from` is since when a message to the person's mailbox or chat is on its
    way, `told_at` when one was taken there. `resumed_at` is when a customer wrote again to whoever had answered, `minutes`
    what it took of the person's working time.
    """

    __tablename__ = "assignments"
    __table_args__ = (Index("assignments_assigned", "assigned_at"),)
    id: str = id_field(primary_key=True)
    conversation: str = id_field(index=True)
    person: str = id_field()
    assigned_at: datetime = time_field()
    accepted_at: datetime | None = time_field(default=None)
    ended_at: datetime | None = time_field(default=None)
    ended: str | None = Field(default=None, max_length=40)
    notice: str | None = id_field(default=None)
    told_from: datetime | None = time_field(default=None)
    told_at: datetime | None = time_field(default=None)
    resumed_at: datetime | None = time_field(default=None)
    minutes: int | None = None


class Availability(Table, table=True):
    """What a person takes on, and what they carry: the router's row for them.

    `handled` and `online_hours` fade with a half-life, both as of `faded_at`; `open` counts what they have not
    answered yet, `minutes` what they spent in the week that starts on `week`, and up to `worked_until` it is counted.
    Whoever confirms that they are there is present up to `present_until`; without one, `online` stands until it is
    changed. `not_with` are customers they do not answer.
    """

    __tablename__ = "availabilities"
    person: str = id_field(primary_key=True)
    languages: list[str] = Field(sa_type=JSON)
    topics: list[str] = Field(sa_type=JSON)
    capacity: int
    weekly_minutes: int
    online: bool
    present_until: datetime | None = time_field(default=None)
    hours: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    away_from: datetime | None = time_field(default=None)
    away_until: datetime | None = time_field(default=None)
    open: int = 0
    minutes: int = 0
    week: date | None = None
    worked_until: datetime | None = time_field(default=None)
    not_with: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    handled: float = 0.0
    online_hours: float = 0.0
    faded_at: datetime = time_field()
    idle_since: datetime = time_field()
    revision: int = 1


class Router(Table, table=True):
    """One row that whoever hands out conversations locks, so that nobody is given more than their room."""

    __tablename__ = "routers"
    id: int = Field(primary_key=True)


class RoutingRequirements(Table, table=True):
    """One row that says which certification conversations ask for, by network and kind."""

    __tablename__ = "routing_requirements"
    id: int = Field(primary_key=True)
    items: list[dict[str, str | None]] = Field(sa_type=JSON)
    revision: int = 1


class Pause(Table, table=True):
    """Replies and routing stand still for a scope until it ends."""

    __tablename__ = "pauses"
    id: str = id_field(primary_key=True)
    scope: str = Field(max_length=120)
    reason: str = Field(sa_type=Text)
    holding_statement: str | None = Field(default=None, sa_type=Text)
    started_at: datetime = time_field()
    until: datetime | None = time_field(default=None)
    ended_at: datetime | None = time_field(default=None, index=True)
    revision: int = 1
