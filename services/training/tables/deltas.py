"""What people are asked to learn anew because something under their certificates changed."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index, text
from sqlmodel import Field

from services.training.tables.base import Table
from shared.ids import new_id
from shared.tables import UtcDateTime


class DeltaState(StrEnum):
    """What became of a delta; while it is open, the clock says whether it is due or missed."""

    OPEN = "open"
    DONE = "done"
    MISSED = "missed"
    WITHDRAWN = "withdrawn"


class Delta(Table, table=True):
    """A section of a policy, or the changed modules of a course, that the holder of a certificate is to learn anew.

    `subject` names it; of one certificate and subject one is open at a time. `old_version` and `old_hash` are what
    the certificate covers, empty where the section is new. `items` are the questions drawn for it, each with the course
    of its bank. `due_at` is the deadline, `ends_at` when the certificate ends that nobody learnt it for; `missed_at`
    is set once the first was told. `next_turn_at` is when the clock asks for it.
    """

    __tablename__ = "deltas"
    __table_args__ = (
        Index(
            "deltas_open",
            "certificate",
            "subject",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    person: str = Field(max_length=36, index=True)
    certificate: str = Field(max_length=36)
    certification: str = Field(max_length=64)
    subject: str = Field(max_length=150)
    policy: str | None = Field(default=None, max_length=64)
    section: str | None = Field(default=None, max_length=64)
    course: str | None = Field(default=None, max_length=64)
    modules: list[str] | None = Field(default=None, sa_type=JSON(none_as_null=True))
    old_version: int | None = None
    old_hash: str | None = Field(default=None, max_length=80)
    version: int
    hash: str | None = Field(default=None, max_length=80)
    items: list[dict[str, Any]] = Field(default=[], sa_type=JSON)
    tries: int = 0
    asked_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime)
    missed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    state: str = Field(default=DeltaState.OPEN, max_length=20)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    how: str | None = Field(default=None, max_length=20)
    next_turn_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    revision: int = 1


class FullTerm(Table, table=True):
    """The dates that a certificate has back once all its deltas are done; there while some are open."""

    __tablename__ = "full_terms"

    certificate: str = Field(primary_key=True, max_length=36)
    person: str = Field(max_length=36, index=True)
    expiring_from: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    grace_until: datetime = Field(sa_type=UtcDateTime)
    renewable_from: datetime | None = Field(default=None, sa_type=UtcDateTime)


class DeltaRound(Table, table=True):
    """A policy or course that changed: all who hold what rests on it are to be looked at."""

    __tablename__ = "delta_rounds"

    subject: str = Field(primary_key=True, max_length=80)
    token: str = Field(max_length=36)


class DeltaWaiting(Table, table=True):
    """A person for whom it is to be looked at whether they have something to learn anew."""

    __tablename__ = "deltas_waiting"

    person: str = Field(primary_key=True, max_length=36)
    token: str = Field(max_length=36)
