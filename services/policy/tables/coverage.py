"""Copies of what the monitoring service tells, as much of it as tells whom the task team has to reach."""

from datetime import date

from sqlmodel import Field

from services.policy.tables.base import Table


class Account(Table, table=True):
    """A social account that was registered: on which network, and whose it is (None: the brand's)."""

    __tablename__ = "accounts"

    id: str = Field(primary_key=True, max_length=36)
    network: str = Field(max_length=50)
    person: str | None = Field(default=None, max_length=36, index=True)


class ConversationCount(Table, table=True):
    """How many conversations with customers were opened on a day; "" is an unknown language."""

    __tablename__ = "conversation_counts"

    day: date = Field(primary_key=True)
    network: str = Field(primary_key=True, max_length=50)
    language: str = Field(primary_key=True, max_length=35)
    conversations: int
