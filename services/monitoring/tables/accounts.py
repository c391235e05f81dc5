"""Social accounts that are registered."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field

from services.monitoring.tables.base import Table, id_field, time_field


class Account(Table, table=True):
    """A social account that a person registered of their own will, or one of the brand's.

    `proof` says how it is known to be theirs; until then it counts for nothing. `claim_key` is unique among the proven
    ones, and empty before.
    """

    __tablename__ = "accounts"
    __table_args__ = (Index("accounts_handle", "network", "handle_key"),)
    id: str = id_field(primary_key=True)
    network: str = Field(max_length=40)
    handle: str = Field(max_length=200)
    handle_key: str = Field(max_length=200)
    kind: str = Field(max_length=10)
    person: str | None = id_field(default=None, index=True)
    created_at: datetime = time_field()
    claim_key: str | None = Field(default=None, max_length=260, unique=True)
    proof: str | None = Field(default=None, max_length=20)
    proven_at: datetime | None = time_field(default=None)
    code: str | None = Field(default=None, max_length=40)
    code_until: datetime | None = time_field(default=None)
    revision: int = 1
