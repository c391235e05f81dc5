"""Copies of what the monitoring service tells, as much of it as tells whom the task team has to reach."""

from datetime import date

from sqlalchemy import Index
from sqlmodel import Field

from services.policy.tables.base import Table


class Account(Table, table=True):
    """A social account that was registered: on which network, and whose it is (None: the brand's)."""

    __tablename__ = "accounts"

    id: str = Field(primary_key=True, max_length=36)
    network: str = Field(max_length=50)
    person: str | None = Field(default=None, max_length=36, index=True)


class Conversation(Table, table=True):
    """A conversation with a customer, by the day it was opened on; a row each, since one may be told of again."""

    __tablename__ = "conversations"
    __table_args__ = (Index("conversations_place", "network", "language", "day"),)

    id: str = Field(primary_key=True, max_length=36)
    day: date
    network: str = Field(max_length=50)
    language: str = Field(max_length=35, description='"" is an unknown language.')
