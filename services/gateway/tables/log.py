"""The public event log."""

from sqlalchemy import Column, Index, LargeBinary, String, Table

from services.gateway.tables.base import metadata
from shared.db import UtcDateTime
from shared.tables import Position

event_log = Table(
    "event_log",
    metadata,
    Column("position", Position, primary_key=True, autoincrement=False),
    Column("event_id", String(36), nullable=False, unique=True),
    Column("type", String(100), nullable=False),
    Column("subject", String(300), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)
Index("event_log_at", event_log.c.at)
