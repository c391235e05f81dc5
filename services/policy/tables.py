"""What the policy service keeps: policies and their versions, acknowledgements, the task team, a copy of people."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, MetaData, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from shared.ids import new_id
from shared.tables import UtcDateTime

metadata = MetaData()


class Table(SQLModel):
    """What all tables of this service have in common: its own metadata."""

    metadata = metadata


class State(StrEnum):
    """Where a version stands; each state follows from the one before it."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    SCHEDULED = "scheduled"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


class Person(Table, table=True):
    """A copy of what the training service tells about a person, as much of it as is needed here."""

    __tablename__ = "people"

    id: str = Field(primary_key=True, max_length=36)
    employee_number: str = Field(max_length=100, index=True)
    name: str = Field(max_length=200)
    department: str = Field(max_length=200)
    region: str = Field(max_length=200)
    active: bool


class Policy(Table, table=True):
    """A policy; its `revision` grows with each change of what is, or will be, in force."""

    __tablename__ = "policies"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    key: str = Field(max_length=64, unique=True)
    title: str = Field(max_length=200)
    quorum: int
    revision: int = 1
    created_at: datetime = Field(sa_type=UtcDateTime)


class Version(Table, table=True):
    """One version of a policy: its source as written, and `content`, what was read from it (`sources.Content`).

    `author` wrote it last; nobody who ever wrote on it may approve it.
    """

    __tablename__ = "versions"
    __table_args__ = (UniqueConstraint("policy_id", "number"),)

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    policy_id: str = Field(foreign_key="policies.id", max_length=36)
    number: int
    state: str = Field(max_length=20, index=True)
    source: str = Field(sa_type=Text)
    content: dict[str, Any] = Field(sa_type=JSON)
    content_hash: str = Field(max_length=80)
    change_note: str = Field(sa_type=Text)
    material: bool
    author: str = Field(max_length=100)
    earlier_authors: list[str] = Field(sa_type=JSON)
    revision: int = 1
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    submitted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    effective_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    superseded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Approval(Table, table=True):
    """What one reviewer said about one content of a version."""

    __tablename__ = "approvals"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    version_id: str = Field(foreign_key="versions.id", max_length=36, index=True)
    content_hash: str = Field(max_length=80)
    reviewer: str = Field(max_length=100)
    decision: str = Field(max_length=20)
    comment: str | None = Field(default=None, sa_type=Text)
    decided_at: datetime = Field(sa_type=UtcDateTime)


class Acknowledgement(Table, table=True):
    """A person accepted one exact version; `evidence` is the entry of the evidence log that proves it."""

    __tablename__ = "acknowledgements"
    __table_args__ = (UniqueConstraint("version_id", "person"),)

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    version_id: str = Field(foreign_key="versions.id", max_length=36)
    person: str = Field(max_length=36, index=True)
    version_hash: str = Field(max_length=80)
    acknowledged_at: datetime = Field(sa_type=UtcDateTime)
    evidence: dict[str, Any] = Field(sa_type=JSON)


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
