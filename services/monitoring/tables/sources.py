"""Where posts come from, how far each source has been read, and what was not kept."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, LargeBinary, Text
from sqlmodel import Field

from services.monitoring.tables.base import Table, id_field, time_field


class Source(Table, table=True):
    """A place that posts are fetched from. `cursor` moves in the transaction that keeps what was read up to it."""

    __tablename__ = "sources"
    id: str = id_field(primary_key=True)
    kind: str = Field(max_length=20)
    name: str = Field(max_length=200)
    config: dict[str, Any] = Field(sa_type=JSON)
    secrets: bytes | None = Field(default=None, sa_type=LargeBinary)
    every_seconds: int
    cursor: str | None = Field(default=None, sa_type=Text)
    health: str = Field(max_length=10)
    failures: int = 0
    last_error: str | None = Field(default=None, max_length=500)
    last_run_at: datetime | None = time_field(default=None)
    last_success_at: datetime | None = time_field(default=None)
    next_run_at: datetime = time_field(index=True)
    paused_at: datetime | None = time_field(default=None)
    pause_reason: str | None = Field(default=None, sa_type=Text)
    kept: int = Field(default=0, sa_type=BigInteger)
    duplicates: int = Field(default=0, sa_type=BigInteger)
    dropped: int = Field(default=0, sa_type=BigInteger)
    rejected: int = Field(default=0, sa_type=BigInteger)
    created_at: datetime = time_field()
    revision: int = 1


class SourceRun(Table, table=True):
    """One reading of a source; of a stream, one connection."""

    __tablename__ = "source_runs"
    __table_args__ = (Index("source_runs_source", "source", "id"),)
    id: str = id_field(primary_key=True)
    source: str = id_field()
    state: str = Field(max_length=10)
    asked_at: datetime = time_field()
    started_at: datetime | None = time_field(default=None)
    ended_at: datetime | None = time_field(default=None)
    kept: int = 0
    duplicates: int = 0
    dropped: int = 0
    rejected: int = 0
    error: str | None = Field(default=None, max_length=500)


class DroppedPosts(Table, table=True):
    """How many posts were not kept, by the hour: nothing else of them is. `source` is empty for what was pushed."""

    __tablename__ = "dropped_posts"
    hour: datetime = time_field(primary_key=True)
    source: str = id_field(primary_key=True)
    network: str = Field(max_length=40, primary_key=True)
    reason: str = Field(max_length=20, primary_key=True)
    posts: int = Field(sa_type=BigInteger)


class BrandTerms(Table, table=True):
    """What a public post must say to be a mention of the brand: one row."""

    __tablename__ = "brand_terms"
    id: int = Field(primary_key=True)
    handles: list[str] = Field(sa_type=JSON)
    names: list[str] = Field(sa_type=JSON)
    tags: list[str] = Field(sa_type=JSON)
    changed_at: datetime = time_field()
    revision: int = 1
