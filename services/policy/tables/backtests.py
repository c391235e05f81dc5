"""Back-tests: what was asked, how far it is, and what came of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Text
from sqlmodel import Field

from services.policy.tables.base import Table
from shared.ids import new_id
from shared.tables import UtcDateTime


class Backtest(Table, table=True):
    """The rules of a version tried on past posts, against those of the version that was in force.

    `rules` are the version's as they were when it was asked, since a draft may be edited meanwhile; those of
    `against_id` never change. `figures` count the posts up to `after`, so a run that broke off goes on from there.
    `runner` is new for each run: one that has lost its lease can save nothing any more.
    """

    __tablename__ = "backtests"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    version_id: str = Field(foreign_key="versions.id", max_length=36, index=True)
    content_hash: str = Field(max_length=80)
    rules: list[dict[str, str]] = Field(sa_type=JSON)
    against_id: str | None = Field(default=None, foreign_key="versions.id", max_length=36)
    selection: dict[str, Any] = Field(sa_type=JSON)
    samples: int
    state: str = Field(max_length=20, index=True)
    requested_by: str = Field(max_length=100)
    requested_at: datetime = Field(sa_type=UtcDateTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    failure: str | None = Field(default=None, sa_type=Text)
    runner: str | None = Field(default=None, max_length=36)
    posts: int | None = None
    last: str | None = Field(default=None, max_length=36)
    after: str | None = Field(default=None, max_length=36)
    done: int = 0
    eta: datetime | None = Field(default=None, sa_type=UtcDateTime)
    figures: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    revision: int = 1
