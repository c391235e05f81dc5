"""What the gateway keeps of what others told: people, seats, policies and certificates."""

from datetime import datetime

from sqlalchemy import LargeBinary, Text
from sqlmodel import Field

from services.gateway.tables.base import Row
from shared.db import UtcDateTime
from shared.tables import Position


class KnownPerson(Row, table=True):
    """The gateway's copy of what it needs of a person: who signs in, and by which number the services know them."""

    __tablename__ = "people"

    id: str = Field(primary_key=True, max_length=36)
    employee_number: str = Field(max_length=64, index=True)
    user_name: str = Field(max_length=200, index=True)
    email: str = Field(max_length=320, index=True)
    name: str = Field(max_length=200)
    department: str = Field(max_length=200)
    active: bool = True
    locale: str | None = Field(default=None, max_length=35)


class Seat(Row, table=True):
    """Who sits where on the task team: it adds to a person's rights."""

    __tablename__ = "seats"

    seat: str = Field(primary_key=True, max_length=100)
    role: str = Field(max_length=50)
    person: str | None = Field(default=None, max_length=36, index=True)


class PolicyAnswer(Row, table=True):
    """A policy in force, and its owner's answer byte by byte, so that it is served while the owner is away.

    `version` is what events told, `answered` the version that was in force when the owner answered.
    """

    __tablename__ = "policy_answers"

    policy: str = Field(primary_key=True, max_length=64)
    version: int
    answered: int | None = None
    etag: str | None = Field(default=None, max_length=200)
    body: bytes | None = Field(default=None, sa_type=LargeBinary)


class PolicyTranslation(Row, table=True):
    """The owner's answer for a policy in force in another language."""

    __tablename__ = "policy_translations"

    policy: str = Field(primary_key=True, max_length=64)
    locale: str = Field(primary_key=True, max_length=35)
    etag: str | None = Field(default=None, max_length=200)
    body: bytes = Field(sa_type=LargeBinary)


class Holder(Row, table=True):
    """Someone who may hold certificates, also after they left; the number and department are empty until they are told.

    `position` grows with each change to the person or their certificates, and is taken last before the commit: whoever
    keeps them in memory reads on from the last one seen.
    """

    __tablename__ = "holders"

    person: str = Field(primary_key=True, max_length=36)
    employee_number: str | None = Field(default=None, max_length=64)
    department: str | None = Field(default=None, max_length=200)
    left_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    former_numbers: str | None = Field(default=None, sa_type=Text)
    """The numbers that name them, too, as JSON; None for nearly everyone, who has none."""
    position: int = Field(sa_type=Position, index=True)


class HeldCertificate(Row, table=True):
    """A certificate as it was told last; of one certification the last of a person's `sequence` counts; `covered` names its sections, which many certificates have in common."""

    __tablename__ = "held_certificates"

    id: str = Field(primary_key=True, max_length=36)
    person: str = Field(max_length=36, index=True)
    certification: str = Field(max_length=64)
    state: str = Field(max_length=20)
    issued_at: datetime = Field(sa_type=UtcDateTime)
    expiring_from: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    grace_until: datetime = Field(sa_type=UtcDateTime)
    renewable_from: datetime | None = Field(default=None, sa_type=UtcDateTime)
    covered: str = Field(max_length=64)
    replaces: str | None = Field(default=None, max_length=36)
    reason: str | None = Field(default=None, sa_type=Text)
    sequence: int = Field(default=0, sa_column_kwargs={"server_default": "0"})


class CoveredSections(Row, table=True):
    """The sections that certificates cover, as JSON, under the SHA-256 of it."""

    __tablename__ = "covered_sections"

    hash: str = Field(primary_key=True, max_length=64)
    body: bytes = Field(sa_type=LargeBinary)


class PolicyChange(Row, table=True):
    """A version of a policy that came into force, for those who follow what changes."""

    __tablename__ = "policy_changes"

    policy: str = Field(primary_key=True, max_length=64)
    version: int = Field(primary_key=True)
    title: str = Field(max_length=200)
    effective_at: datetime = Field(sa_type=UtcDateTime, index=True)
