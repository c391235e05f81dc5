"""What the training service keeps: people, courses, sittings, certifications, certificates and their changes."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, MetaData, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from shared.ids import new_id
from shared.tables import UtcDateTime

metadata = MetaData()


class Table(SQLModel):
    """What all tables of this service have in common: its own metadata."""

    metadata = metadata


class Person(Table, table=True):
    """A member of staff; `manager` is the id of another person."""

    __tablename__ = "people"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    employee_number: str = Field(max_length=64, unique=True)
    user_name: str = Field(max_length=200, unique=True)
    name: str = Field(max_length=200)
    email: str = Field(max_length=320)
    department: str = Field(max_length=200, index=True)
    region: str = Field(max_length=200)
    manager: str | None = Field(default=None, max_length=36)
    languages: list[str] = Field(sa_type=JSON)
    active: bool = True
    left_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revision: int = 1
    created_at: datetime = Field(sa_type=UtcDateTime)


class Course(Table, table=True):
    """A course; `version` is the number in force, 0 while there is none."""

    __tablename__ = "courses"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    key: str = Field(max_length=64, unique=True)
    title: str = Field(max_length=200)
    summary: str = Field(sa_type=Text)
    version: int = 0
    revision: int = 1
    created_at: datetime = Field(sa_type=UtcDateTime)


class CourseVersion(Table, table=True):
    """The modules of one version (`schemas.Module`), with the right answers."""

    __tablename__ = "course_versions"
    __table_args__ = (UniqueConstraint("course", "number"),)

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    course: str = Field(max_length=64)
    number: int
    modules: list[dict[str, Any]] = Field(sa_type=JSON)
    created_at: datetime = Field(sa_type=UtcDateTime)


class ExternalCourse(Table, table=True):
    """A course of another learning system that stands for one of ours."""

    __tablename__ = "external_courses"

    name: str = Field(primary_key=True, max_length=200)
    course: str = Field(max_length=64)


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


class Attempt(Table, table=True):
    """One sitting of a quiz: the questions drawn (`schemas.DrawnItem`) and, once submitted, the result."""

    __tablename__ = "attempts"
    __table_args__ = (
        Index(
            "attempts_open",
            "enrolment",
            "module",
            unique=True,
            sqlite_where=text("submitted_at IS NULL"),
            postgresql_where=text("submitted_at IS NULL"),
        ),
    )

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    enrolment: str = Field(max_length=36, index=True)
    module: str = Field(max_length=64)
    items: list[dict[str, Any]] = Field(sa_type=JSON)
    started_at: datetime = Field(sa_type=UtcDateTime)
    submitted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    passed: bool | None = None
    result: dict[str, Any] | None = Field(default=None, sa_type=JSON)


class Answer(Table, table=True):
    """The options that a person chose for one drawn question."""

    __tablename__ = "answers"

    attempt: str = Field(primary_key=True, max_length=36)
    item: str = Field(primary_key=True, max_length=36)
    options: list[str] = Field(sa_type=JSON)


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


class Acknowledgement(Table, table=True):
    """A copy of what the policy service tells, kept even when the person or version is not known here yet."""

    __tablename__ = "acknowledgements"
    __table_args__ = (Index("acknowledgements_version", "policy", "version"),)

    person: str = Field(primary_key=True, max_length=36)
    policy: str = Field(primary_key=True, max_length=64)
    version: int = Field(primary_key=True)
    acknowledged_at: datetime = Field(sa_type=UtcDateTime)


class PolicyVersion(Table, table=True):
    """A copy of each version that came into force: whether it was material and the hashes of its sections."""

    __tablename__ = "policy_versions"

    policy: str = Field(primary_key=True, max_length=64)
    version: int = Field(primary_key=True)
    effective_at: datetime = Field(sa_type=UtcDateTime)
    material: bool
    sections: list[dict[str, str]] = Field(sa_type=JSON)


class Certification(Table, table=True):
    """A tier that can be earned: what it asks for, of whom, and for how long it holds."""

    __tablename__ = "certifications"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    key: str = Field(max_length=64, unique=True)
    title: str = Field(max_length=200)
    description: str = Field(sa_type=Text)
    courses: list[str] = Field(sa_type=JSON)
    policies: list[str] = Field(sa_type=JSON)
    certifications: list[str] = Field(sa_type=JSON)
    departments: list[str] | None = Field(default=None, sa_type=JSON)
    validity_days: int
    expiring_days: int
    grace_days: int
    revision: int = 1
    created_at: datetime = Field(sa_type=UtcDateTime)


class Progress(Table, table=True):
    """The row of a person that is locked while it is decided which certificates are due.

    Without it, two transactions that each add a part miss the other's part and no certificate is issued.
    """

    __tablename__ = "progress"

    person: str = Field(primary_key=True, max_length=36)


class Recheck(Table, table=True):
    """A person for whom it is to be decided again, because a definition, an audience or a policy changed."""

    __tablename__ = "rechecks"

    person: str = Field(primary_key=True, max_length=36)
    changed_at: datetime = Field(sa_type=UtcDateTime)


class State(StrEnum):
    """What people made of a certificate; whether it is valid, expiring or expired follows from the clock."""

    HELD = "held"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


class Certificate(Table, table=True):
    """One person's certification. The latest of a person and certification is the one without `archived_at`.

    `basis` holds when each part came true and `suspensions` pairs of times (the second empty while it lasts).
    `told` is the last of valid, expiring, expired that was told; `next_turn_at` is when the clock asks for the next,
    empty while it does not matter: after expiry, during a suspension, when the holder has left.
    """

    __tablename__ = "certificates"
    __table_args__ = (
        UniqueConstraint("person", "certification", "sequence"),
        Index(
            "certificates_current",
            "person",
            "certification",
            unique=True,
            sqlite_where=text("archived_at IS NULL"),
            postgresql_where=text("archived_at IS NULL"),
        ),
        Index("certificates_certification", "certification", "archived_at"),
    )

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    person: str = Field(max_length=36)
    certification: str = Field(max_length=64)
    sequence: int
    state: str = Field(default=State.HELD, max_length=20)
    issued_at: datetime = Field(sa_type=UtcDateTime)
    expiring_from: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    grace_until: datetime = Field(sa_type=UtcDateTime)
    sections: list[dict[str, Any]] = Field(sa_type=JSON)
    basis: dict[str, str] = Field(sa_type=JSON)
    suspensions: list[list[str | None]] = Field(sa_type=JSON)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reason: str | None = Field(default=None, sa_type=Text)
    replaces: str | None = Field(default=None, max_length=36)
    archived_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    told: str = Field(default="valid", max_length=20)
    next_turn_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    recorded_at: datetime = Field(sa_type=UtcDateTime)
    revision: int = 1


class CertificateChange(Table, table=True):
    """An entry of the change feed; `position` is taken last before the commit, so positions appear in order."""

    __tablename__ = "certificate_changes"

    position: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    person: str = Field(max_length=36, index=True)
    certificate: str | None = Field(default=None, max_length=36)
    change: str = Field(max_length=20)
    status: str = Field(max_length=20)
    at: datetime = Field(sa_type=UtcDateTime)
    effective_at: datetime = Field(sa_type=UtcDateTime)
