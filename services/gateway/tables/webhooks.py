"""Endpoints that are told of events, and what became of each event at each of them."""

from datetime import datetime

from sqlalchemy import JSON, Index, LargeBinary, Text
from sqlmodel import Field

from services.gateway.tables.base import Row
from shared.db import UtcDateTime
from shared.tables import Position


class Webhook(Row, table=True):
    """An endpoint, and how far in the event log it is: whatever lies before `position` has been sent, or has a delivery.

    `secret` and `previous_secret` are encrypted. `failing_since` is when the first of the failures happened that no
    success has followed yet. `replay_position` goes from where a replay began to `replay_until`.
    """

    __tablename__ = "webhooks"

    id: str = Field(primary_key=True, max_length=36)
    name: str = Field(max_length=200)
    url: str = Field(max_length=2000)
    types: list[str] = Field(sa_type=JSON)
    scopes: list[str] = Field(sa_type=JSON)
    ordering: str = Field(max_length=20)
    state: str = Field(max_length=20)
    paused_because: str | None = Field(default=None, max_length=20)
    paused_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_by: str = Field(max_length=100, index=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
    revision: int = 1
    secret: bytes = Field(sa_type=LargeBinary)
    previous_secret: bytes | None = Field(default=None, sa_type=LargeBinary)
    previous_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    epoch: str = Field(max_length=20)
    position: int = Field(sa_type=Position)
    replay_position: int | None = Field(default=None, sa_type=Position)
    replay_until: int | None = Field(default=None, sa_type=Position)
    replay_types: list[str] | None = Field(default=None, sa_type=JSON)
    failing_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    delivered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Delivery(Row, table=True):
    """An event at an endpoint; what was said stands in the event log, and `body` only where it is in no log.

    `attempts` and `answers` are JSON lists of the same length; answers are what the other side wrote, and go when
    somebody is erased. One that waits and has no `next_at` comes after an earlier one of the same subject.
    """

    __tablename__ = "webhook_deliveries"

    id: str = Field(primary_key=True, max_length=36)
    webhook: str = Field(max_length=36)
    event_id: str = Field(max_length=36)
    type: str = Field(max_length=100)
    subject: str = Field(max_length=300)
    state: str = Field(max_length=20)
    tries: int = 0
    created_at: datetime = Field(sa_type=UtcDateTime, index=True)
    next_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    attempts: str = Field(default="[]", sa_type=Text)
    answers: str | None = Field(default=None, sa_type=Text)
    body: bytes | None = Field(default=None, sa_type=LargeBinary)


_table = Delivery.__table__  # type: ignore[attr-defined]
Index("webhook_deliveries_of", _table.c.webhook, _table.c.id)
Index(
    "webhook_deliveries_waiting",
    _table.c.webhook,
    _table.c.next_at,
    sqlite_where=_table.c.state == "waiting",
    postgresql_where=_table.c.state == "waiting",
)
Index(
    "webhook_deliveries_answered",
    _table.c.subject,
    sqlite_where=_table.c.answers.is_not(None),
    postgresql_where=_table.c.answers.is_not(None),
)
