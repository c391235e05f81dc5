"""Questions to the task team, and the answers that became part of what everybody can look up."""

from datetime import datetime

from sqlalchemy import JSON, Text
from sqlmodel import Field

from services.policy.tables.base import Table
from shared.ids import new_id
from shared.tables import UtcDateTime


class Question(Table, table=True):
    """A question to the team: with whom it is (`assignee`, by which `seat`), until when, and what came of it.

    `tried` are those with whom it was before. Nobody is asked again after `due_at` is empty: the leads see it.
    """

    __tablename__ = "questions"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    asker: str = Field(max_length=36, index=True)
    text: str = Field(sa_type=Text)
    policy: str | None = Field(default=None, max_length=64)
    section: str | None = Field(default=None, max_length=64)
    topic: str | None = Field(default=None, max_length=64)
    language: str | None = Field(default=None, max_length=35)
    state: str = Field(max_length=20, index=True)
    assignee: str | None = Field(default=None, max_length=36, index=True)
    seat: str | None = Field(default=None, max_length=64)
    tried: list[str] = Field(default_factory=list, sa_type=JSON)
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    answer: str | None = Field(default=None, sa_type=Text)
    answered_by: str | None = Field(default=None, max_length=36)
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    rating: int | None = None
    rating_comment: str | None = Field(default=None, sa_type=Text)
    faq: str | None = Field(default=None, max_length=36)
    created_at: datetime = Field(sa_type=UtcDateTime)
    revision: int = 1


class FaqEntry(Table, table=True):
    """A question and its answer beside a section; `section_hash` is the section's as it was when this was written."""

    __tablename__ = "faq_entries"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    policy_id: str = Field(foreign_key="policies.id", max_length=36, index=True)
    section: str = Field(max_length=64)
    section_hash: str = Field(max_length=80)
    question: str = Field(sa_type=Text)
    answer: str = Field(sa_type=Text)
    written_by: str = Field(max_length=100)
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    revision: int = 1
