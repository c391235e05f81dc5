"""The task team: its seats, and who was put forward for them."""

from datetime import datetime

from sqlalchemy import JSON, Text, UniqueConstraint
from sqlmodel import Field

from services.policy.tables.base import Table
from shared.ids import new_id
from shared.tables import UtcDateTime


class Seat(Table, table=True):
    """A place in the task team and what it stands for; None stands for all of a kind."""

    __tablename__ = "seats"

    key: str = Field(primary_key=True, max_length=64)
    role: str = Field(max_length=20)
    department: str | None = Field(default=None, max_length=200)
    region: str | None = Field(default=None, max_length=200)
    network: str | None = Field(default=None, max_length=50)
    language: str | None = Field(default=None, max_length=35)
    person: str | None = Field(default=None, max_length=36, index=True)
    since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revision: int = 1


class Nomination(Table, table=True):
    """A person put forward for the task team, until the decision."""

    __tablename__ = "nominations"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    person: str = Field(max_length=36, index=True)
    nominated_by: str = Field(max_length=100)
    seat: str | None = Field(default=None, max_length=64)
    experience: str = Field(sa_type=Text)
    networks: list[str] = Field(sa_type=JSON)
    languages: list[str] = Field(sa_type=JSON)
    why: str = Field(sa_type=Text)
    state: str = Field(max_length=20, index=True)
    reason: str | None = Field(default=None, sa_type=Text)
    decided_by: str | None = Field(default=None, max_length=100)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)
    revision: int = 1


class Endorsement(Table, table=True):
    """A colleague's words in favour of a nomination."""

    __tablename__ = "endorsements"
    __table_args__ = (UniqueConstraint("nomination_id", "person"),)

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    nomination_id: str = Field(foreign_key="nominations.id", max_length=36)
    person: str = Field(max_length=36)
    words: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=UtcDateTime)
