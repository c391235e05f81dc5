"""Courses that monitoring proposes where findings repeat themselves."""

from datetime import datetime

from sqlalchemy import Text
from sqlmodel import Field

from services.training.tables.base import Table
from services.training.tables.certification import ProposalState
from shared.db import UtcDateTime


class RefresherProposal(Table, table=True):
    """A course is proposed for a person, or for a whole department; a person decides.

    `findings` is how many led to it. A department is put on the course in the background, in the order of ids, up to
    `enrolling_after`; it is empty when that is done, and `enrolled` counts.
    """

    __tablename__ = "refresher_proposals"
    id: str = Field(primary_key=True, max_length=36)
    person: str | None = Field(default=None, max_length=36, index=True)
    department: str | None = Field(default=None, max_length=200)
    course: str = Field(max_length=64)
    policy: str = Field(max_length=64)
    section: str = Field(max_length=200)
    findings: int
    proposed_at: datetime = Field(sa_type=UtcDateTime)
    state: str = Field(default=ProposalState.OPEN, max_length=20, index=True)
    enrolled: int = 0
    enrolling_after: str | None = Field(default=None, max_length=36)
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    decided_by: str | None = Field(default=None, max_length=36)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    answer: str | None = Field(default=None, sa_type=Text)
    revision: int = 1
