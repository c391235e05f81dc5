"""Who accepted which version, and campaigns that ask for it."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Text, UniqueConstraint
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


class Campaign(Table, table=True):
    """A wish that an audience accepts what is in force of a policy, by a date, until it is closed.

    `audience` is as in `schemas.campaigns.Audience`; `reminders` and `escalate_after` count days from a person's due
    date; `asked_since` is when the present round began: at the start, or with the last material version.
    """

    __tablename__ = "campaigns"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    policy_id: str = Field(foreign_key="policies.id", max_length=36, index=True)
    title: str = Field(max_length=200)
    audience: dict[str, Any] = Field(sa_type=JSON)
    due_at: datetime = Field(sa_type=UtcDateTime)
    days: int
    reminders: list[int] = Field(sa_type=JSON)
    escalate_after: int | None = None
    state: str = Field(max_length=10, index=True)
    created_by: str = Field(max_length=100)
    created_at: datetime = Field(sa_type=UtcDateTime)
    asked_since: datetime = Field(sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revision: int = 1


class Asked(Table, table=True):
    """One person in a campaign: by when they are asked, and the next moment at which they are to be told something.

    `steps` of the campaign's reminders and escalation are behind them; `exempt` says why they need not accept.
    """

    __tablename__ = "campaign_people"

    campaign_id: str = Field(foreign_key="campaigns.id", primary_key=True, max_length=36)
    person: str = Field(primary_key=True, max_length=36, index=True)
    asked_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime = Field(sa_type=UtcDateTime)
    steps: int = 0
    next_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    exempt: str | None = Field(default=None, sa_type=Text)
    exempted_by: str | None = Field(default=None, max_length=100)
    exempted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
