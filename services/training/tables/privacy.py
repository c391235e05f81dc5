"""Who was erased, and who looked at whose record."""

from datetime import datetime

from sqlalchemy import JSON, Index, Text
from sqlmodel import Field

from services.training.tables.base import Table
from shared.tables import UtcDateTime


class Erasure(Table, table=True):
    """A person who was erased, by their id; `finished` says since when which service holds nothing of them any more."""

    __tablename__ = "erasures"

    id: str = Field(primary_key=True, max_length=36)
    erased_at: datetime = Field(sa_type=UtcDateTime)
    requested_by: str | None = Field(default=None, max_length=100)
    finished: dict[str, str] = Field(default={}, sa_type=JSON)
    completed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revision: int = 1


class Look(Table, table=True):
    """Somebody looked at a record, or went through a list of them; a row for each reader, what they read, and day.

    `person` is empty for a list: then `query` says by what it was narrowed, and `reach` to which departments the
    reader's key is limited (a JSON list; empty without a limit).
    """

    __tablename__ = "looks"
    __table_args__ = (Index("looks_of_day", "day"),)

    person: str = Field(primary_key=True, max_length=36)
    day: str = Field(primary_key=True, max_length=10)
    reader: str = Field(primary_key=True, max_length=100)
    what: str = Field(primary_key=True, max_length=60)
    query: str = Field(primary_key=True, max_length=300)
    reach: str = Field(default="", sa_type=Text)
    first_at: datetime = Field(sa_type=UtcDateTime)
    last_at: datetime = Field(sa_type=UtcDateTime)
    times: int


class KeyName(Table, table=True):
    """A copy of what the gateway tells of a key: its name."""

    __tablename__ = "key_names"

    id: str = Field(primary_key=True, max_length=36)
    name: str = Field(max_length=200)
