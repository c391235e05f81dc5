"""Files that are written by a schedule, for systems that do not ask."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Index, Text, UniqueConstraint
from sqlmodel import Field

from services.training.tables.base import Table
from shared.ids import new_id
from shared.tables import UtcDateTime


class ExportFormat(StrEnum):
    """How a file is written."""

    CSV = "csv"
    JSONL = "jsonl"


class ExportContent(StrEnum):
    """What a file holds: all certificates as they stand, or what changed since the file before."""

    CERTIFICATES = "certificates"
    CHANGES = "changes"


class ExportSchedule(Table, table=True):
    """Which file is written when; `position` is that of the change feed up to which its files hold the changes."""

    __tablename__ = "export_schedules"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    key: str = Field(max_length=64, unique=True)
    content: str = Field(max_length=20)
    format: str = Field(max_length=10)
    certification: str | None = Field(default=None, max_length=64)
    daily_at: str | None = Field(default=None, max_length=5)
    every_hours: int | None = None
    keep: int
    enabled: bool = True
    next_due_at: datetime = Field(sa_type=UtcDateTime, index=True)
    position: int = Field(default=0, sa_type=BigInteger)
    created_at: datetime = Field(sa_type=UtcDateTime)
    revision: int = 1


class RunState(StrEnum):
    """How far a run is; of one that is removed only this row is left."""

    WAITING = "waiting"
    WRITTEN = "written"
    FAILED = "failed"
    REMOVED = "removed"


class ExportRun(Table, table=True):
    """One file: for each schedule and due time there is one, whatever stopped half way.

    `as_of` and the positions are fixed when it is first begun, so that it holds the same when it is begun again.
    """

    __tablename__ = "export_runs"
    __table_args__ = (
        UniqueConstraint("schedule", "due_at"),
        Index("export_runs_next", "state", "try_at"),
    )

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    schedule: str = Field(max_length=36)
    due_at: datetime = Field(sa_type=UtcDateTime)
    state: str = Field(default=RunState.WAITING, max_length=20)
    try_at: datetime = Field(sa_type=UtcDateTime)
    tries: int = 0
    as_of: datetime | None = Field(default=None, sa_type=UtcDateTime)
    after: int | None = Field(default=None, sa_type=BigInteger)
    up_to: int | None = Field(default=None, sa_type=BigInteger)
    file: str | None = Field(default=None, max_length=200)
    rows: int | None = None
    bytes: int | None = Field(default=None, sa_type=BigInteger)
    sha256: str | None = Field(default=None, max_length=64)
    written_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    error: str | None = Field(default=None, sa_type=Text)
