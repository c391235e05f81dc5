"""What is kept of checks, because somebody wanted a receipt or an approval, and the rules of an emergency."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Text
from sqlmodel import Field

from services.policy.tables.base import Table
from shared.ids import new_id
from shared.tables import UtcDateTime


class KeptCheck(Table, table=True):
    """A draft with what was answered, kept on its author's wish; `receipt` is the latest signed one.

    `author` is a person's id, None where a key asked for nobody; `asked_by` is the principal who asked. Since
    `forgotten_at` the draft's words and the receipt are gone.
    """

    __tablename__ = "kept_checks"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    author: str | None = Field(default=None, max_length=36, index=True)
    asked_by: str = Field(max_length=100)
    draft: dict[str, Any] = Field(sa_type=JSON)
    answer: dict[str, Any] = Field(sa_type=JSON)
    receipt: dict[str, Any] = Field(sa_type=JSON)
    checked_at: datetime = Field(sa_type=UtcDateTime, index=True)
    forgotten_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revision: int = 1


class ApprovalRequest(Table, table=True):
    """A held draft whose author asks for approval: of `approver`, or of whoever may."""

    __tablename__ = "approval_requests"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    check_id: str = Field(foreign_key="kept_checks.id", max_length=36, unique=True)
    author: str = Field(max_length=36, index=True)
    approver: str | None = Field(default=None, max_length=36, index=True)
    note: str | None = Field(default=None, sa_type=Text)
    state: str = Field(max_length=20, index=True)
    text_hash: str = Field(max_length=64)
    decided_by: str | None = Field(default=None, max_length=36)
    comment: str | None = Field(default=None, sa_type=Text)
    requested_at: datetime = Field(sa_type=UtcDateTime)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revision: int = 1


class EmergencyRule(Table, table=True):
    """A rule that two people attached to a section of the version in force, until `ends_at` at the latest.

    `proposed_by`, `confirmed_by` and `ended_by` are actors: `person:<id>` or `key:<id>`.
    """

    __tablename__ = "emergency_rules"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    policy: str = Field(max_length=64, index=True)
    version: int
    section: str = Field(max_length=64)
    rule: str = Field(max_length=64)
    yaml: str = Field(sa_type=Text)
    reason: str = Field(sa_type=Text)
    state: str = Field(max_length=20, index=True)
    proposed_by: str = Field(max_length=100)
    confirmed_by: str | None = Field(default=None, max_length=100)
    ended_by: str | None = Field(default=None, max_length=100)
    proposed_at: datetime = Field(sa_type=UtcDateTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revision: int = 1
