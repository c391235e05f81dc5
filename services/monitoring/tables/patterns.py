"""What repeats itself: courses that refresh a section, when they were proposed, and the weeks that were told of."""

from datetime import date, datetime

from sqlalchemy import JSON, Index, UniqueConstraint
from sqlmodel import Field

from services.monitoring.tables.base import Table, id_field, time_field


class Refreshers(Table, table=True):
    """One row that says which course refreshes which section."""

    __tablename__ = "refreshers"
    id: int = Field(primary_key=True)
    items: list[dict[str, str]] = Field(sa_type=JSON)
    revision: int = 1


class RefresherProposal(Table, table=True):
    """A refresher was proposed for a person, or for a whole department, over these findings."""

    __tablename__ = "refresher_proposals"
    __table_args__ = (Index("refresher_proposals_section", "policy", "section"),)
    id: str = id_field(primary_key=True)
    person: str | None = id_field(default=None, index=True)
    department: str | None = Field(default=None, max_length=200)
    policy: str = Field(max_length=64)
    section: str = Field(max_length=200)
    course: str = Field(max_length=64)
    findings: list[str] = Field(sa_type=JSON)
    proposed_at: datetime = time_field()


class Digest(Table, table=True):
    """A week of a person, or of a department, was told to be ready for reading; `subject` is `person/…` or `department/…`."""

    __tablename__ = "digests"
    __table_args__ = (UniqueConstraint("week", "subject"),)
    id: str = id_field(primary_key=True)
    week: date
    subject: str = Field(max_length=220)
    person: str | None = id_field(default=None, index=True)
    department: str | None = Field(default=None, max_length=200)
    ready_at: datetime = time_field()
