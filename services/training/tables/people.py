"""Who works here."""

from datetime import datetime

from sqlalchemy import JSON
from sqlmodel import Field

from services.training.tables.base import Table
from shared.ids import new_id
from shared.tables import UtcDateTime


class Person(Table, table=True):
    """A member of staff; `manager` is the id of another person."""

    __tablename__ = "people"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    employee_number: str = Field(max_length=64, unique=True)
    user_name: str = Field(max_length=200, unique=True)
    name: str = Field(max_length=200)
    email: str = Field(max_length=320)
    department: str = Field(max_length=200, index=True)
    region: str = Field(max_length=200)
    manager: str | None = Field(default=None, max_length=36)
    languages: list[str] = Field(sa_type=JSON)
    active: bool = True
    left_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revision: int = 1
    created_at: datetime = Field(sa_type=UtcDateTime)
