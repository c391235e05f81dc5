"""What all tables of the monitoring service have in common."""

from typing import Any

from sqlalchemy import MetaData
from sqlmodel import Field, SQLModel
from sqlmodel._compat import SQLModelConfig

from shared.db import UtcDateTime

metadata = MetaData()


class Table(SQLModel):
    """A table in this service's own metadata."""

    metadata = metadata
    # Rows are checked by the bodies they are made from, so that most need no validator, which takes time at the start.
    model_config = SQLModelConfig(defer_build=True)


def id_field(**options: Any) -> Any:
    """A column for an id of ours."""
    return Field(max_length=36, **options)


def time_field(**options: Any) -> Any:
    """A column for an instant."""
    return Field(sa_type=UtcDateTime, **options)
