"""What all tables of the monitoring service have in common."""

from typing import Any

from sqlalchemy import MetaData
from sqlmodel import Field, SQLModel

from shared.db import UtcDateTime

metadata = MetaData()


class Table(SQLModel):
    """A table in this service's own metadata."""

    metadata = metadata


def id_field(**options: Any) -> Any:
    """A column for an id of ours."""
    return Field(max_length=36, **options)


def time_field(**options: Any) -> Any:
    """A column for an instant."""
    return Field(sa_type=UtcDateTime, **options)
