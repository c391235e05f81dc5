"""Who learns what, and has learnt it."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, Text, UniqueConstraint, text
from sqlmodel import Field

from services.training.tables.base import Table
from shared.ids import new_id
from shared.tables import UtcDateTime


class Enrolment(Table, table=True):
    """A person on one version of a course; there is at most one that is not completed.

    `rule` put them there, or somebody by hand. It is not asked of them any more since `withdrawn_at`; what is done
    stays. Reminders were seen to until `seen_to`; `next_turn_at` is when the clock asks for the next.
    """

    __tablename__ = "enrolments"
    __table_args__ = (
        Index(
            "enrolments_open",
            "person",
            "course",
            unique=True,
            sqlite_where=text("completed_at IS NULL"),
            postgresql_where=text("completed_at IS NULL"),
        ),
    )

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    person: str = Field(max_length=36, index=True)
    course: str = Field(max_length=64)
    version: int
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    position: dict[str, Any] | None = Field(default=None, sa_type=JSON(none_as_null=True))
    """Where the person left off (`schemas.Position`)."""
    anew: dict[str, str] = Field(default={}, sa_type=JSON)
    """Modules that a newer version changed, with the time (ISO) since which they have to be done."""
    created_at: datetime = Field(sa_type=UtcDateTime)
    completed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    delta: str | None = Field(default=None, max_length=36)
    """The delta for which only what changed is learnt; done, it is no completion of the course."""
    rule: str | None = Field(default=None, max_length=64)
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    seen_to: datetime | None = Field(default=None, sa_type=UtcDateTime)
    next_turn_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)


class ModuleDone(Table, table=True):
    """A module that is done, other than a quiz; `details` says what was read, in a policy reading by section and hash."""

    __tablename__ = "modules_done"

    enrolment: str = Field(primary_key=True, max_length=36)
    module: str = Field(primary_key=True, max_length=64)
    done_at: datetime = Field(sa_type=UtcDateTime)
    details: dict[str, Any] | None = Field(default=None, sa_type=JSON(none_as_null=True))


class ScenarioRun(Table, table=True):
    """One way through a scenario; `node` is where the person is, `score` a share of the best that can be reached."""

    __tablename__ = "scenario_runs"
    __table_args__ = (
        Index(
            "scenario_runs_open",
            "enrolment",
            "module",
            unique=True,
            sqlite_where=text("finished_at IS NULL"),
            postgresql_where=text("finished_at IS NULL"),
        ),
    )

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    enrolment: str = Field(max_length=36, index=True)
    module: str = Field(max_length=64)
    version: int
    node: str = Field(max_length=64)
    started_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ending: str | None = Field(default=None, max_length=10)
    score: float | None = None
    passed: bool | None = None


class ScenarioChoice(Table, table=True):
    """A reply that a person chose, in its place within the run."""

    __tablename__ = "scenario_choices"

    run: str = Field(primary_key=True, max_length=36)
    place: int = Field(primary_key=True)
    node: str = Field(max_length=64)
    reply: str = Field(max_length=64)
    chosen_at: datetime = Field(sa_type=UtcDateTime)


class TaskSubmission(Table, table=True):
    """What a person handed in for a practical task, and what a coach said: `submitted`, `accepted` or `returned`."""

    __tablename__ = "task_submissions"
    __table_args__ = (
        Index(
            "task_submissions_open",
            "enrolment",
            "module",
            unique=True,
            sqlite_where=text("state = 'submitted'"),
            postgresql_where=text("state = 'submitted'"),
        ),
    )

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    enrolment: str = Field(max_length=36, index=True)
    person: str = Field(max_length=36, index=True)
    course: str = Field(max_length=64)
    module: str = Field(max_length=64)
    text: str | None = Field(default=None, sa_type=Text)
    link: str | None = Field(default=None, sa_type=Text)
    state: str = Field(default="submitted", max_length=20, index=True)
    words: str | None = Field(default=None, sa_type=Text)
    reviewer: str | None = Field(default=None, max_length=36)
    submitted_at: datetime = Field(sa_type=UtcDateTime)
    reviewed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revision: int = 1


class LiveSession(Table, table=True):
    """A date of a live module; `host` is the id of the person who takes attendance."""

    __tablename__ = "live_sessions"
    __table_args__ = (Index("live_sessions_course", "course", "starts_at"),)

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    course: str = Field(max_length=64)
    module: str = Field(max_length=64)
    starts_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime)
    capacity: int
    taken: int = 0
    place: str = Field(max_length=200)
    url: str | None = Field(default=None, max_length=2000)
    language: str = Field(max_length=35)
    host: str = Field(max_length=36)
    cancelled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reason: str | None = Field(default=None, sa_type=Text)
    revision: int = 1


class LiveRegistration(Table, table=True):
    """A person who wants to come to a live session; `attended` once the host has taken attendance."""

    __tablename__ = "live_registrations"

    session: str = Field(primary_key=True, max_length=36)
    person: str = Field(primary_key=True, max_length=36, index=True)
    enrolment: str = Field(max_length=36)
    registered_at: datetime = Field(sa_type=UtcDateTime)
    attended: bool | None = None


class Completion(Table, table=True):
    """A course completed, here or elsewhere; `course` is empty while an external course is not mapped to one of ours."""

    __tablename__ = "completions"
    __table_args__ = (
        UniqueConstraint("person", "learnt", "completed_at", "source"),
        Index("completions_course", "course", "person"),
    )

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    person: str = Field(max_length=36)
    learnt: str = Field(max_length=210)
    course: str | None = Field(default=None, max_length=64)
    external_course: str | None = Field(default=None, max_length=200)
    version: int | None = None
    completed_at: datetime = Field(sa_type=UtcDateTime)
    score: float | None = None
    source: str = Field(max_length=100)
    evidence: str | None = Field(default=None, sa_type=Text)
    recorded_at: datetime = Field(sa_type=UtcDateTime)
