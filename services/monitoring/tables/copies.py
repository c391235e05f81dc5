"""Copies of what the other services tell: people, certificates, rules, decisions."""

from datetime import datetime

from sqlalchemy import JSON, Text
from sqlmodel import Field

from services.monitoring.tables.base import Table, id_field, time_field


class Person(Table, table=True):
    """A member of staff, as far as monitoring must know them."""

    __tablename__ = "people"
    id: str = id_field(primary_key=True)
    employee_number: str = Field(max_length=64, index=True)
    department: str = Field(max_length=200, index=True)
    languages: list[str] = Field(sa_type=JSON)
    manager: str | None = id_field(default=None)
    active: bool


class Certificate(Table, table=True):
    """A certificate as it was last told; whether it counts at an instant follows the clock."""

    __tablename__ = "certificates"
    id: str = id_field(primary_key=True)
    person: str = id_field(index=True)
    certification: str = Field(max_length=64)
    status: str = Field(max_length=20)
    issued_at: datetime = time_field()
    ends_at: datetime = time_field()
    replaces: str | None = id_field(default=None, index=True)


class PolicyRule(Table, table=True):
    """A rule in force, as the policy service told it."""

    __tablename__ = "policy_rules"
    policy: str = Field(max_length=64, primary_key=True)
    rule: str = Field(max_length=64, primary_key=True)
    version: int
    section: str = Field(max_length=200)
    yaml: str = Field(sa_type=Text)


class PolicyInForce(Table, table=True):
    """Which version of a policy the rules came from; `stamp` changes whenever they do, `headings` are by section."""

    __tablename__ = "policies_in_force"
    policy: str = Field(max_length=64, primary_key=True)
    version: int
    stamp: str = Field(max_length=64)
    headings: dict[str, str] = Field(default_factory=dict, sa_type=JSON)


class EmergencyRule(Table, table=True):
    """A rule of an emergency, as the policy service told it; it counts until `ends_at`."""

    __tablename__ = "emergency_rules"
    id: str = id_field(primary_key=True)
    policy: str = Field(max_length=64)
    version: int
    section: str = Field(max_length=64)
    rule: str = Field(max_length=64)
    yaml: str = Field(sa_type=Text)
    ends_at: datetime = time_field()


class ApprovalDecision(Table, table=True):
    """What was decided on a held draft, as the policy service told it; `text_hash` says which text that was."""

    __tablename__ = "approval_decisions"
    id: str = id_field(primary_key=True)
    person: str | None = id_field(default=None)
    decision: str = Field(max_length=20)
    text_hash: str | None = Field(default=None, max_length=64)
