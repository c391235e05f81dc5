"""Copies of what the policy service tells."""

from datetime import datetime

from sqlalchemy import JSON, Index, Text
from sqlmodel import Field

from services.training.tables.base import Table
from shared.tables import UtcDateTime


class Acknowledgement(Table, table=True):
    """A copy of what the policy service tells, kept even when the person or version is not known here yet."""

    __tablename__ = "acknowledgements"
    __table_args__ = (Index("acknowledgements_version", "policy", "version"),)

    person: str = Field(primary_key=True, max_length=36)
    policy: str = Field(primary_key=True, max_length=64)
    version: int = Field(primary_key=True)
    acknowledged_at: datetime = Field(sa_type=UtcDateTime)


class PolicyVersion(Table, table=True):
    """A copy of each version that came into force: whether it was material and the hashes of its sections."""

    __tablename__ = "policy_versions"

    policy: str = Field(primary_key=True, max_length=64)
    version: int = Field(primary_key=True)
    effective_at: datetime = Field(sa_type=UtcDateTime)
    material: bool
    sections: list[dict[str, str]] = Field(sa_type=JSON)


class PolicySection(Table, table=True):
    """A copy of what a section of a version says, as Markdown: what policy readings show."""

    __tablename__ = "policy_sections"

    policy: str = Field(primary_key=True, max_length=64)
    version: int = Field(primary_key=True)
    section: str = Field(primary_key=True, max_length=64)
    heading: str = Field(sa_type=Text)
    hash: str = Field(max_length=80)
    markdown: str = Field(sa_type=Text)
