"""The cues of triage as they were edited here."""

from datetime import datetime

from sqlalchemy import JSON, Column
from sqlmodel import Field

from services.monitoring.tables.base import Table, id_field, time_field


class TriageCues(Table, table=True):
    """The cues of a language that replace those that come with the service; without any, those count again.

    `edition` is another one at each change.
    """

    __tablename__ = "triage_cues"
    language: str = Field(max_length=3, primary_key=True)
    cues: dict[str, object] | None = Field(sa_column=Column(JSON(none_as_null=True)))
    edition: str = id_field()
    changed_at: datetime = time_field()
    revision: int = 1
