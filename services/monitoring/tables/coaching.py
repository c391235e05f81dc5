"""Findings, and what coaches make of them."""

from datetime import datetime

from sqlalchemy import Index, Text, UniqueConstraint
from sqlmodel import Field

from services.monitoring.tables.base import Table, id_field, time_field


class Finding(Table, table=True):
    """A rule that matched a post; once per post and rule."""

    __tablename__ = "findings"
    __table_args__ = (UniqueConstraint("post", "policy", "rule"), Index("findings_state", "state", "id"))
    id: str = id_field(primary_key=True)
    post: str = id_field()
    rule: str = Field(max_length=64)
    policy: str = Field(max_length=64)
    version: int
    section: str = Field(max_length=200)
    severity: str = Field(max_length=10)
    span_start: int
    span_end: int
    state: str = Field(max_length=20)
    network: str = Field(max_length=40)
    person: str | None = id_field(default=None, index=True)
    department: str | None = Field(default=None, max_length=200)
    coach: str | None = Field(default=None, max_length=80)
    opened_at: datetime = time_field()
    changed_at: datetime = time_field()
    reason: str | None = Field(default=None, sa_type=Text)
    revision: int = 1


class Guidance(Table, table=True):
    """What a coach told a person about a finding."""

    __tablename__ = "guidance"
    id: str = id_field(primary_key=True)
    finding: str = id_field(index=True)
    person: str | None = id_field(default=None, index=True)
    coach: str = Field(max_length=80)
    message: str = Field(sa_type=Text)
    better_wording: str | None = Field(default=None, sa_type=Text)
    state: str = Field(max_length=20)
    appeal: str | None = Field(default=None, sa_type=Text)
    given_at: datetime = time_field()
    changed_at: datetime = time_field()
    revision: int = 1
