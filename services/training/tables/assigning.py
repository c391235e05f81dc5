"""Who is to learn what: rules, learning paths, what is offered, and for whom it is to be decided again."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Text
from sqlmodel import Field

from services.training.tables.base import Table
from shared.ids import new_id
from shared.tables import UtcDateTime


class EnrolmentRule(Table, table=True):
    """Whom to put on what: one of `course`, `path` and `certification`.

    The audience is kept as `schemas.assigning.RuleAudience`, `applies` holds values of `schemas.assigning.Occasion`.
    """

    __tablename__ = "enrolment_rules"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    key: str = Field(max_length=64, unique=True)
    title: str = Field(max_length=200)
    audience: dict[str, Any] = Field(sa_type=JSON)
    course: str | None = Field(default=None, max_length=64)
    path: str | None = Field(default=None, max_length=64)
    certification: str | None = Field(default=None, max_length=64)
    due_days: int | None = None
    applies: list[str] = Field(sa_type=JSON)
    otherwise: str = Field(max_length=10)
    enabled: bool = True
    revision: int = 1
    created_at: datetime = Field(sa_type=UtcDateTime)


class RuleMatch(Table, table=True):
    """That a rule found a person, once; `ended_at` while they are not of its audience any more."""

    __tablename__ = "rule_matches"

    rule: str = Field(primary_key=True, max_length=64)
    person: str = Field(primary_key=True, max_length=36, index=True)
    matched_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class LearningPath(Table, table=True):
    """Courses in an order; a step is `schemas.assigning.Step`."""

    __tablename__ = "learning_paths"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    key: str = Field(max_length=64, unique=True)
    title: str = Field(max_length=200)
    summary: str = Field(sa_type=Text)
    in_order: bool
    steps: list[dict[str, Any]] = Field(sa_type=JSON)
    revision: int = 1
    created_at: datetime = Field(sa_type=UtcDateTime)


class PathMember(Table, table=True):
    """A person on a path; `rule` put them there, or somebody by hand."""

    __tablename__ = "path_members"

    path: str = Field(primary_key=True, max_length=64)
    person: str = Field(primary_key=True, max_length=36, index=True)
    rule: str | None = Field(default=None, max_length=64)
    started_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Offer(Table, table=True):
    """Who may take a course of their own will; a course without a row is for everyone."""

    __tablename__ = "course_offers"

    course: str = Field(primary_key=True, max_length=64)
    self_service: bool
    audience: dict[str, Any] = Field(sa_type=JSON)
    revision: int = 1


class Assignment(Table, table=True):
    """A person for whom it is to be decided what to learn; `cause` is why, `token` tells two times of it apart."""

    __tablename__ = "assignments_waiting"

    person: str = Field(primary_key=True, max_length=36)
    cause: str = Field(primary_key=True, max_length=80)
    token: str = Field(max_length=36)


class TeamSeat(Table, table=True):
    """A copy of who has which role in the task team."""

    __tablename__ = "team_seats"

    seat: str = Field(primary_key=True, max_length=64)
    role: str = Field(max_length=40)
    person: str | None = Field(default=None, max_length=36, index=True)


class AskedAcknowledgement(Table, table=True):
    """A copy of what a campaign asks a person to accept, until it is closed."""

    __tablename__ = "acknowledgements_asked"

    campaign: str = Field(primary_key=True, max_length=36)
    person: str = Field(primary_key=True, max_length=36, index=True)
    policy: str = Field(max_length=64)
    version: int
    due_at: datetime = Field(sa_type=UtcDateTime)
