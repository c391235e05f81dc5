"""Policies, their versions and what reviewers said of them."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Text, UniqueConstraint
from sqlalchemy.orm import defer
from sqlmodel import Field

from services.policy.tables.base import Table
from shared.ids import new_id
from shared.tables import UtcDateTime


class State(StrEnum):
    """Where a version stands; each state follows from the one before it."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    SCHEDULED = "scheduled"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


SEEN_BY_ALL = (State.SCHEDULED, State.PUBLISHED, State.SUPERSEDED)
"""What may be read by who does not work on policies."""


class Policy(Table, table=True):
    """A policy; its `revision` grows with each change of what is, or will be, in force.

    `quorum` is how many must approve a version, `quorum_departments` how many of them must be of which department.
    """

    __tablename__ = "policies"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    key: str = Field(max_length=64, unique=True)
    title: str = Field(max_length=200)
    quorum: int
    quorum_departments: dict[str, int] = Field(default_factory=dict, sa_type=JSON)
    quorum_revision: int = 1
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


SPARING = (defer(Version.content), defer(Version.source))  # type: ignore[arg-type]  # SQLModel takes columns for values
"""The option by which a list of versions leaves out what each says: there may be many, of hundreds of kilobytes."""


class Approval(Table, table=True):
    """What one reviewer said about one content of a version; it counts until it is cleared.

    `department` is the one that the reviewer was in at that time.
    """

    __tablename__ = "approvals"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    version_id: str = Field(foreign_key="versions.id", max_length=36, index=True)
    content_hash: str = Field(max_length=80)
    reviewer: str = Field(max_length=100)
    department: str | None = Field(default=None, max_length=200)
    decision: str = Field(max_length=20)
    comment: str | None = Field(default=None, sa_type=Text)
    decided_at: datetime = Field(sa_type=UtcDateTime)
    cleared_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Translation(Table, table=True):
    """A version in another language, section by section (`translations.Translated`); a later one is a row of its own.

    So it can be told what people read at any time.
    """

    __tablename__ = "translations"
    __table_args__ = (UniqueConstraint("version_id", "locale", "number"),)

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    version_id: str = Field(foreign_key="versions.id", max_length=36)
    locale: str = Field(max_length=35)
    number: int
    source: str = Field(sa_type=Text)
    content: dict[str, Any] = Field(sa_type=JSON)
    author: str = Field(max_length=100)
    created_at: datetime = Field(sa_type=UtcDateTime)
