"""Simulations that were asked for, and what came of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column
from sqlmodel import Field

from services.monitoring.tables.base import Table, id_field, time_field


class Simulation(Table, table=True):
    """A simulation; in what was asked, people stand by their ids, `person` is who asked if a person did."""

    __tablename__ = "simulations"
    id: str = id_field(primary_key=True)
    principal: str = Field(max_length=100, index=True)
    person: str | None = id_field(default=None, index=True)
    asked: dict[str, Any] = Field(sa_type=JSON)
    since: datetime = time_field()
    until: datetime = time_field()
    state: str = Field(max_length=10, index=True)
    runner: str | None = id_field(default=None)
    requested_at: datetime = time_field()
    started_at: datetime | None = time_field(default=None)
    finished_at: datetime | None = time_field(default=None)
    failure: str | None = Field(default=None, max_length=300)
    outcome: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    revision: int = 1
