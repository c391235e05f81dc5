"""What is done to many certificates at once."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Text
from sqlmodel import Field

from services.training.tables.base import Table
from shared.ids import new_id
from shared.tables import UtcDateTime


class OperationState(StrEnum):
    """How far an operation is."""

    PREPARING = "preparing"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class CertificateOperation(Table, table=True):
    """Something that is done to each of many certificates; `caller` asked for it, and it is done in their name.

    `chosen` is how they were chosen (`schemas.operations.Chosen`), which ones they were is in the items.
    """

    __tablename__ = "certificate_operations"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    operation: str = Field(max_length=20)
    chosen: dict[str, Any] = Field(sa_type=JSON)
    days: int | None = None
    reason: str = Field(sa_type=Text)
    state: str = Field(default=OperationState.RUNNING, max_length=20, index=True)
    caller: dict[str, Any] = Field(sa_type=JSON)
    total: int
    requested_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revision: int = 1


class CertificateOperationItem(Table, table=True):
    """One certificate of an operation: `waiting`, `done` or `refused`, and then why."""

    __tablename__ = "certificate_operation_items"

    operation: str = Field(primary_key=True, max_length=36)
    certificate: str = Field(primary_key=True, max_length=36)
    person: str = Field(max_length=36, index=True)
    outcome: str = Field(default="waiting", max_length=20)
    detail: str | None = Field(default=None, sa_type=Text)
