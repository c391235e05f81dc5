"""Counts that are kept as things happen."""

from datetime import datetime

from sqlmodel import Field

from services.monitoring.tables.base import Table, time_field


class Tally(Table, table=True):
    """Counts by the hour, kept as posts come in: `rule` empty counts posts of a section, both empty count all posts."""

    __tablename__ = "tallies"
    hour: datetime = time_field(primary_key=True)
    network: str = Field(max_length=40, primary_key=True)
    department: str = Field(max_length=200, primary_key=True)
    kind: str = Field(max_length=10, primary_key=True)
    policy: str = Field(max_length=64, primary_key=True)
    section: str = Field(max_length=200, primary_key=True)
    rule: str = Field(max_length=64, primary_key=True)
    posts: int
    findings: int


class HourCount(Table, table=True):
    """How often something else than a post or finding happened in an hour; `metric` says what, `kind` which kind of it."""

    __tablename__ = "hour_counts"
    hour: datetime = time_field(primary_key=True)
    metric: str = Field(max_length=20, primary_key=True)
    network: str = Field(max_length=40, primary_key=True)
    department: str = Field(max_length=200, primary_key=True)
    kind: str = Field(max_length=20, primary_key=True)
    amount: int
