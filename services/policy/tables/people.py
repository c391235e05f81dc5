"""Copies of what the training service tells about people and their certificates."""

from datetime import datetime

from sqlalchemy import JSON
from sqlmodel import Field

from services.policy.tables.base import Table
from shared.tables import UtcDateTime


class Person(Table, table=True):
    """A copy of what the training service tells about a person, as much of it as is needed here."""

    __tablename__ = "people"

    id: str = Field(primary_key=True, max_length=36)
    employee_number: str = Field(max_length=100, index=True)
    name: str = Field(max_length=200)
    department: str = Field(max_length=200)
    region: str = Field(max_length=200)
    manager: str | None = Field(default=None, max_length=100)
    languages: list[str] = Field(default_factory=list, sa_type=JSON)
    active: bool


class Certificate(Table, table=True):
    """A certificate as it was last told; whether it counts at an instant follows the clock.

    `ends_at` is the end of its own grace time, `replaces` the certificate that it renewed.
    """

    __tablename__ = "certificates"

    id: str = Field(primary_key=True, max_length=36)
    person: str = Field(max_length=36, index=True)
    certification: str = Field(max_length=64, index=True)
    status: str = Field(max_length=20)
    issued_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime)
    replaces: str | None = Field(default=None, max_length=36, index=True)
