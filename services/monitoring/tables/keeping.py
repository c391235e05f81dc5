"""What must not be forgotten yet, and what was handed to a supervisor."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, Text
from sqlmodel import Field

from services.monitoring.tables.base import Table, id_field, time_field


class LegalHold(Table, table=True):
    """Nothing about a person, a conversation or a network is forgotten by the clock until somebody else lifts this.

    `scope` is what it is about and `subject` which one: a person's id, a conversation's id, a network's name.
    """

    __tablename__ = "legal_holds"
    __table_args__ = (Index("legal_holds_subject", "scope", "subject"),)
    id: str = id_field(primary_key=True)
    scope: str = Field(max_length=20)
    subject: str = Field(max_length=64)
    reason: str = Field(sa_type=Text)
    placed_by: str = Field(max_length=80)
    placed_at: datetime = time_field()
    release_asked_by: str | None = Field(default=None, max_length=80)
    release_reason: str | None = Field(default=None, sa_type=Text)
    lifted_by: str | None = Field(default=None, max_length=80)
    lifted_at: datetime | None = time_field(default=None, index=True)
    revision: int = 1


class SupervisionExport(Table, table=True):
    """A file of what was said to customers in a period, by whom, and who approved it; `manifest` is what proves it."""

    __tablename__ = "supervision_exports"
    id: str = id_field(primary_key=True)
    since: datetime = time_field()
    until: datetime = time_field()
    network: str | None = Field(default=None, max_length=40)
    state: str = Field(max_length=10)
    requested_by: str = Field(max_length=80)
    requested_at: datetime = time_field()
    finished_at: datetime | None = time_field(default=None)
    cursor: str | None = id_field(default=None)
    lines: int = 0
    manifest: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    evidence: str | None = id_field(default=None)
    revision: int = 1


class SupervisionPart(Table, table=True):
    """A stretch of an export's lines, as they were when it was written."""

    __tablename__ = "supervision_parts"
    export: str = id_field(primary_key=True)
    number: int = Field(primary_key=True)
    content: str = Field(sa_type=Text)
    sha256: str = Field(max_length=64)
    lines: int
