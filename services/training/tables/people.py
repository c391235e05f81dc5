"""Who works here, where each attribute came from, and under which numbers people were known before."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, Index, UniqueConstraint, func
from sqlmodel import Field, col

from services.training.tables.base import Table
from shared.ids import new_id
from shared.tables import UtcDateTime


class Source(StrEnum):
    """Where a person's attributes come from, the strongest first."""

    SCIM = "scim"
    CSV = "csv"
    API = "api"


class Person(Table, table=True):
    """A member of staff; `manager` is the id of another person.

    `number_given` says that the employee number is one of ours: the person came without. `merged_into` is the person
    whom this one turned out to be: all that is left here is the number by which they were known.
    """

    __tablename__ = "people"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    employee_number: str = Field(max_length=64, unique=True)
    number_given: bool = False
    user_name: str = Field(max_length=200, unique=True)
    name: str = Field(max_length=200)
    email: str = Field(max_length=320)
    department: str = Field(max_length=200, index=True)
    region: str = Field(max_length=200)
    cost_centre: str | None = Field(default=None, max_length=200)
    legal_entity: str | None = Field(default=None, max_length=200, index=True)
    title: str | None = Field(default=None, max_length=200)
    locale: str | None = Field(default=None, max_length=35)
    manager: str | None = Field(default=None, max_length=36, index=True)
    languages: list[str] = Field(sa_type=JSON)
    active: bool = True
    left_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    merged_into: str | None = Field(default=None, max_length=36, index=True)
    revision: int = 1
    created_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)


NOT_MERGED = func.coalesce(col(Person.merged_into), "") == ""
"""Says which entries stand for somebody, in lists.

Not by `IS NULL`, for which SQLite takes the index of who was merged: nearly everybody, sorted anew for each page.
"""

Index("people_user_name_folded", func.lower(col(Person.user_name)))
Index("people_email_folded", func.lower(col(Person.email)))


class PersonSource(Table, table=True):
    """What one source wrote of a person, when it last wrote anything new, and by which id it knows them."""

    __tablename__ = "person_sources"
    __table_args__ = (UniqueConstraint("source", "external_id"),)

    person: str = Field(primary_key=True, max_length=36)
    source: str = Field(primary_key=True, max_length=10)
    external_id: str | None = Field(default=None, max_length=200)
    attributes: list[str] = Field(sa_type=JSON)
    seen_at: datetime = Field(sa_type=UtcDateTime)


class FormerNumber(Table, table=True):
    """An employee number that a person had before the one they have now."""

    __tablename__ = "former_numbers"

    employee_number: str = Field(primary_key=True, max_length=64)
    person: str = Field(max_length=36, index=True)
    since: datetime = Field(sa_type=UtcDateTime)


class Authority(Table, table=True):
    """Which sources may write an attribute, the strongest first; an attribute without a row follows `Source`."""

    __tablename__ = "authorities"

    attribute: str = Field(primary_key=True, max_length=20)
    sources: list[str] = Field(sa_type=JSON)
