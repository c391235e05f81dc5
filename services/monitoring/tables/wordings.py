"""Words that are written once and used often: saved answers, and static content that a principal approves."""

from datetime import datetime

from sqlalchemy import Index, Text, UniqueConstraint
from sqlmodel import Field

from services.monitoring.tables.base import Table, id_field, time_field


class SavedAnswer(Table, table=True):
    """An answer to begin with, by language and topic."""

    __tablename__ = "saved_answers"
    __table_args__ = (Index("saved_answers_language", "language", "topic"),)
    id: str = id_field(primary_key=True)
    title: str = Field(max_length=200)
    language: str = Field(max_length=35)
    topic: str | None = Field(default=None, max_length=64)
    network: str | None = Field(default=None, max_length=40)
    text: str = Field(sa_type=Text)
    person: str | None = id_field(default=None, index=True)
    changed_at: datetime = time_field()
    revision: int = 1


class StaticContent(Table, table=True):
    """A profile, an advertisement, a pinned post: words that stand somewhere until they are changed."""

    __tablename__ = "static_contents"
    id: str = id_field(primary_key=True)
    kind: str = Field(max_length=20)
    network: str = Field(max_length=40)
    title: str = Field(max_length=200)
    versions: int
    in_use: int | None = None
    changed_at: datetime = time_field()
    revision: int = 1


class StaticVersion(Table, table=True):
    """The words of static content, as one person wrote and another approved them."""

    __tablename__ = "static_versions"
    __table_args__ = (UniqueConstraint("content", "number"),)
    id: str = id_field(primary_key=True)
    content: str = id_field()
    number: int
    text: str = Field(sa_type=Text)
    text_hash: str = Field(max_length=64)
    state: str = Field(max_length=20)
    author: str = id_field(index=True)
    written_at: datetime = time_field()
    approver: str | None = id_field(default=None, index=True)
    decided_at: datetime | None = time_field(default=None)
    reason: str | None = Field(default=None, sa_type=Text)
    used_from: datetime | None = time_field(default=None)
    used_until: datetime | None = time_field(default=None)
