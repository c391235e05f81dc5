"""Who learns what, and has learnt it."""

from datetime import datetime

from sqlalchemy import Index, Text, UniqueConstraint, text
from sqlmodel import Field

from services.training.tables.base import Table
from shared.ids import new_id
from shared.tables import UtcDateTime


class Enrolment(Table, table=True):
    """A person on one version of a course; there is at most one that is not completed."""

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
    created_at: datetime = Field(sa_type=UtcDateTime)
    completed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class LessonRead(Table, table=True):
    """A lesson that was read to its end."""

    __tablename__ = "lessons_read"

    enrolment: str = Field(primary_key=True, max_length=36)
    module: str = Field(primary_key=True, max_length=64)
    read_at: datetime = Field(sa_type=UtcDateTime)


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
