"""What can be learnt."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, LargeBinary, Text, UniqueConstraint
from sqlmodel import Field

from services.training.tables.base import Table
from shared.ids import new_id
from shared.tables import UtcDateTime


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
    """One version: its modules (`schemas.Module`), with the right answers, and what holds for all of them (`details`).

    It is a draft until it has a `published_at`.
    """

    __tablename__ = "course_versions"
    __table_args__ = (UniqueConstraint("course", "number"),)

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    course: str = Field(max_length=64)
    number: int
    modules: list[dict[str, Any]] = Field(sa_type=JSON)
    details: dict[str, Any] = Field(default={}, sa_type=JSON)
    created_at: datetime = Field(sa_type=UtcDateTime)
    published_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revision: int = 1


class Asset(Table, table=True):
    """The content of a file, once for all courses, under the SHA-256 (hex) of it."""

    __tablename__ = "assets"

    hash: str = Field(primary_key=True, max_length=64)
    media_type: str = Field(max_length=100)
    size: int
    content: bytes = Field(sa_type=LargeBinary)


class CourseAsset(Table, table=True):
    """That a file was uploaded for a course, last under this name."""

    __tablename__ = "course_assets"

    course: str = Field(primary_key=True, max_length=64)
    hash: str = Field(primary_key=True, max_length=64)
    name: str = Field(max_length=200)
    uploaded_at: datetime = Field(sa_type=UtcDateTime)


class ExternalCourse(Table, table=True):
    """A course of another learning system that stands for one of ours."""

    __tablename__ = "external_courses"

    name: str = Field(primary_key=True, max_length=200)
    course: str = Field(max_length=64)
