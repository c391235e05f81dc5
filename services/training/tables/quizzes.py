"""Sittings of quizzes."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, text
from sqlmodel import Field

from services.training.tables.base import Table
from shared.ids import new_id
from shared.tables import UtcDateTime


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
