"""The task team: its terms and seats, who was put forward for them, and what a seat is handed over with."""

from datetime import datetime

from sqlalchemy import JSON, Text, UniqueConstraint
from sqlmodel import Field

from services.policy.tables.base import Table
from shared.ids import new_id
from shared.tables import UtcDateTime


class TeamTerms(Table, table=True):
    """What holds for the whole team: one row, there once somebody has changed a default."""

    __tablename__ = "team_terms"

    id: str = Field(default="team", primary_key=True, max_length=10)
    required_certification: str | None = Field(default=None, max_length=64)
    grace_days: int = 14
    notice_days: int = 30
    answer_hours: int = 48
    revision: int = 1


class Seat(Table, table=True):
    """A place in the task team and what it stands for; None stands for all of a kind.

    `term_days` is how long an appointment lasts, `term_ends_at` when the present one ends and `noticed_at` when that
    was told in advance. `lapsing_since` and `vacate_at` are set while the holder lacks the team's certification;
    `last_holder` is who had the seat before it became vacant.
    """

    __tablename__ = "seats"

    key: str = Field(primary_key=True, max_length=64)
    role: str = Field(max_length=20)
    department: str | None = Field(default=None, max_length=200)
    region: str | None = Field(default=None, max_length=200)
    network: str | None = Field(default=None, max_length=50)
    language: str | None = Field(default=None, max_length=35)
    person: str | None = Field(default=None, max_length=36, index=True)
    since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    topics: list[str] = Field(default_factory=list, sa_type=JSON)
    term_days: int | None = None
    term_ends_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    noticed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    lapsing_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    vacate_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_holder: str | None = Field(default=None, max_length=36)
    revision: int = 1


class Nomination(Table, table=True):
    """A person put forward for the task team.

    While they wait for a seat, `waiting_place` sorts them into the list; while one is offered to them,
    `offered_seat` says which and `offer_ends_at` until when.
    """

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
    waiting_place: str | None = Field(default=None, max_length=80, index=True, unique=True)
    offered_seat: str | None = Field(default=None, max_length=64)
    offer_ends_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
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


class Handover(Table, table=True):
    """What one holder of a seat left to the next."""

    __tablename__ = "handovers"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    seat: str = Field(max_length=64, index=True)
    giver: str | None = Field(default=None, max_length=36)
    taker: str = Field(max_length=36)
    notes: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=UtcDateTime)
