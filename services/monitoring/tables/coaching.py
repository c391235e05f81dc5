"""Findings, and what coaches make of them."""

from datetime import datetime

from sqlalchemy import Index, Text, UniqueConstraint
from sqlmodel import Field

from services.monitoring.tables.base import Table, id_field, time_field


class Finding(Table, table=True):
    """A rule that matched a post; once per post and rule.

    `mended` says that an edit closed it, so that another edit can open it again.
    """

    __tablename__ = "findings"
    __table_args__ = (UniqueConstraint("post", "policy", "rule"), Index("findings_state", "state", "id"))
    id: str = id_field(primary_key=True)
    post: str = id_field()
    rule: str = Field(max_length=64)
    policy: str = Field(max_length=64)
    version: int
    section: str = Field(max_length=200)
    severity: str = Field(max_length=10)
    span_start: int
    span_end: int
    state: str = Field(max_length=20)
    network: str = Field(max_length=40)
    person: str | None = id_field(default=None, index=True)
    department: str | None = Field(default=None, max_length=200)
    coach: str | None = Field(default=None, max_length=80)
    opened_at: datetime = time_field()
    changed_at: datetime = time_field()
    reason: str | None = Field(default=None, sa_type=Text)
    disturbing: bool = False
    mended: bool = False
    claimed_at: datetime | None = time_field(default=None, index=True)
    forgotten_at: datetime | None = time_field(default=None)
    revision: int = 1


class Guidance(Table, table=True):
    """What a coach told a person about a finding, or about a post that was done well (`kind` praise, no finding)."""

    __tablename__ = "guidance"
    __table_args__ = (Index("guidance_given", "given_at"),)
    id: str = id_field(primary_key=True)
    finding: str | None = id_field(default=None, index=True)
    post: str | None = id_field(default=None)
    kind: str = Field(default="correction", max_length=12)
    person: str | None = id_field(default=None, index=True)
    department: str | None = Field(default=None, max_length=200)
    coach: str = Field(max_length=80)
    policy: str | None = Field(default=None, max_length=64)
    version: int | None = None
    section: str | None = Field(default=None, max_length=200)
    heading: str | None = Field(default=None, max_length=500)
    message: str = Field(sa_type=Text)
    better_wording: str | None = Field(default=None, sa_type=Text)
    state: str = Field(max_length=20)
    appeal: str | None = Field(default=None, sa_type=Text)
    given_at: datetime = time_field()
    read_at: datetime | None = time_field(default=None)
    forgotten_at: datetime | None = time_field(default=None)
    changed_at: datetime = time_field()
    revision: int = 1


class GuidanceMessage(Table, table=True):
    """A word between a person and their coach about guidance; `author` is an id, `side` whose it is."""

    __tablename__ = "guidance_messages"
    id: str = id_field(primary_key=True)
    guidance: str = id_field(index=True)
    side: str = Field(max_length=10)
    author: str = Field(max_length=80, index=True)
    text: str = Field(sa_type=Text)
    sent_at: datetime = time_field()


class GuidanceTemplate(Table, table=True):
    """Words that coaches begin with when a rule has matched, in one language."""

    __tablename__ = "guidance_templates"
    __table_args__ = (Index("guidance_templates_rule", "policy", "rule"),)
    id: str = id_field(primary_key=True)
    policy: str = Field(max_length=64)
    rule: str = Field(max_length=64)
    language: str = Field(max_length=35)
    title: str = Field(max_length=200)
    message: str = Field(sa_type=Text)
    better_wording: str | None = Field(default=None, sa_type=Text)
    changed_at: datetime = time_field()
    revision: int = 1


class Opening(Table, table=True):
    """A coach looked at the text that a disturbing finding is about, for the first time; counted by the day."""

    __tablename__ = "openings"
    __table_args__ = (Index("openings_coach", "coach", "at"),)
    finding: str = id_field(primary_key=True)
    coach: str = Field(max_length=80, primary_key=True)
    at: datetime = time_field()


class ShadowMatch(Table, table=True):
    """A rule on trial (`mode: shadow`) matched a post: counted, and nothing else comes of it."""

    __tablename__ = "shadow_matches"
    post: str = id_field(primary_key=True)
    policy: str = Field(max_length=64, primary_key=True)
    rule: str = Field(max_length=64, primary_key=True)
    version: int
    section: str = Field(max_length=200)
    at: datetime = time_field()


class DepartmentHeld(Table, table=True):
    """In which department a person was from an instant on: what they wrote earlier is judged as of then."""

    __tablename__ = "departments_held"
    person: str = id_field(primary_key=True)
    since: datetime = time_field(primary_key=True)
    department: str = Field(max_length=200)


class CertificateWithdrawn(Table, table=True):
    """A certificate did not count from an instant on, until another or until now."""

    __tablename__ = "certificates_withdrawn"
    certificate: str = id_field(primary_key=True)
    since: datetime = time_field(primary_key=True)
    until: datetime | None = time_field(default=None)
