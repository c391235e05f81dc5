"""How far people are trusted to answer by themselves, who said so, and which of their replies are looked at."""

from datetime import datetime

from sqlalchemy import JSON, Index, Text, UniqueConstraint
from sqlmodel import Field

from services.monitoring.tables.base import Table, id_field, time_field


class Autonomy(Table, table=True):
    """How far somebody is trusted on a network, since somebody said so; without a row, their certification says it."""

    __tablename__ = "autonomies"
    __table_args__ = (UniqueConstraint("person", "network"),)
    id: str = id_field(primary_key=True)
    person: str = id_field()
    network: str = Field(max_length=40)
    level: str = Field(max_length=20)
    since: datetime = time_field()
    revision: int = 1


class AutonomyChange(Table, table=True):
    """Somebody said how far a person is trusted; `grounds` is what the rule said then, `answers` the appealed change."""

    __tablename__ = "autonomy_changes"
    __table_args__ = (Index("autonomy_changes_person", "person", "network", "id"),)
    id: str = id_field(primary_key=True)
    person: str = id_field()
    network: str = Field(max_length=40)
    before: str = Field(max_length=20)
    level: str = Field(max_length=20)
    proposed: bool
    grounds: list[str] = Field(sa_type=JSON)
    reason: str = Field(sa_type=Text)
    coach: str = Field(max_length=80, index=True)
    decided_at: datetime = time_field()
    answers: str | None = id_field(default=None)
    appeal: str | None = Field(default=None, sa_type=Text)
    appealed_at: datetime | None = time_field(default=None)


class ReplySample(Table, table=True):
    """A reply of somebody whose replies are sampled, drawn to be looked at after it went out."""

    __tablename__ = "reply_samples"
    reply: str = id_field(primary_key=True)
    author: str = id_field(index=True)
    network: str = Field(max_length=40)
    drawn_at: datetime = time_field()
    reviewed_at: datetime | None = time_field(default=None, index=True)
