"""Who accepted which version."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, UniqueConstraint
from sqlmodel import Field

from services.policy.tables.base import Table
from shared.ids import new_id
from shared.tables import UtcDateTime


class Acknowledgement(Table, table=True):
    """A person accepted one exact version; `evidence` is the entry of the evidence log that proves it."""

    __tablename__ = "acknowledgements"
    __table_args__ = (UniqueConstraint("version_id", "person"),)

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    version_id: str = Field(foreign_key="versions.id", max_length=36)
    person: str = Field(max_length=36, index=True)
    version_hash: str = Field(max_length=80)
    acknowledged_at: datetime = Field(sa_type=UtcDateTime)
    evidence: dict[str, Any] = Field(sa_type=JSON)
