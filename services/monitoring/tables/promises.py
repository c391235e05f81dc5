"""Within which time customers are promised an answer, and how each promise went."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index
from sqlmodel import Field

from services.monitoring.tables.base import Table, id_field, time_field


class ServicePromise(Table, table=True):
    """Within how many minutes of business time a kind of conversation is answered, the first time and after."""

    __tablename__ = "service_promises"
    kind: str = Field(max_length=20, primary_key=True)
    first_answer_minutes: int
    next_answer_minutes: int
    hours: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    holidays: list[str] = Field(sa_type=JSON)
    changed_at: datetime = time_field()
    revision: int = 1


class PromisedAnswer(Table, table=True):
    """An answer that a customer waits for: `answered_at` is empty as long as they do, or if none was needed any more."""

    __tablename__ = "promised_answers"
    __table_args__ = (Index("promised_answers_kind", "kind", "asked_at"),)
    id: str = id_field(primary_key=True)
    conversation: str = id_field(index=True)
    kind: str = Field(max_length=20)
    nth: str = Field(max_length=5)
    asked_at: datetime = time_field()
    due_at: datetime = time_field()
    answered_at: datetime | None = time_field(default=None)
    withdrawn_at: datetime | None = time_field(default=None)
    overdue_at: datetime | None = time_field(default=None)
