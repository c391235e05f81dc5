"""Social accounts that are registered."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from services.monitoring.tables.base import Table, id_field, time_field


class Account(Table, table=True):
    """A social account that a person registered of their own will, or one of the brand's."""

    __tablename__ = "accounts"
    __table_args__ = (UniqueConstraint("network", "handle_key"),)
    id: str = id_field(primary_key=True)
    network: str = Field(max_length=40)
    handle: str = Field(max_length=200)
    handle_key: str = Field(max_length=200)
    kind: str = Field(max_length=10)
    person: str | None = id_field(default=None, index=True)
    created_at: datetime = time_field()
