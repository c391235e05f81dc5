"""The cues of triage as they were edited here."""

from datetime import datetime

from sqlalchemy import JSON
from sqlmodel import Field

from services.monitoring.tables.base import Table, time_field


class TriageCues(Table, table=True):
    """The cues of a language that replace those that come with the service."""

    __tablename__ = "triage_cues"
    language: str = Field(max_length=3, primary_key=True)
    cues: dict[str, object] = Field(sa_type=JSON)
    changed_at: datetime = time_field()
    revision: int = 1
