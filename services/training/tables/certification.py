"""Tiers, certificates and their changes."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, Text, UniqueConstraint, text
from sqlmodel import Field

from services.training.tables.base import Table
from shared.ids import new_id
from shared.tables import UtcDateTime


class Certification(Table, table=True):
    """A tier that can be earned: what it asks for, of whom, and for how long it holds."""

    __tablename__ = "certifications"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    key: str = Field(max_length=64, unique=True)
    title: str = Field(max_length=200)
    description: str = Field(sa_type=Text)
    courses: list[str] = Field(sa_type=JSON)
    policies: list[str] = Field(sa_type=JSON)
    certifications: list[str] = Field(sa_type=JSON)
    departments: list[str] | None = Field(default=None, sa_type=JSON)
    validity_days: int
    expiring_days: int
    grace_days: int
    revision: int = 1
    created_at: datetime = Field(sa_type=UtcDateTime)


class Progress(Table, table=True):
    """The row of a person that is locked while it is decided which certificates are due.

    Without it, two transactions that each add a part miss the other's part and no certificate is issued.
    """

    __tablename__ = "progress"

    person: str = Field(primary_key=True, max_length=36)


class Recheck(Table, table=True):
    """A person for whom it is to be decided again, because a definition, an audience or a policy changed."""

    __tablename__ = "rechecks"

    person: str = Field(primary_key=True, max_length=36)
    changed_at: datetime = Field(sa_type=UtcDateTime)


class State(StrEnum):
    """What people made of a certificate; whether it is valid, expiring or expired follows from the clock."""

    HELD = "held"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


class Certificate(Table, table=True):
    """One person's certification. The latest of a person and certification is the one without `archived_at`.

    `basis` holds when each part came true and `suspensions` pairs of times (the second empty while it lasts).
    `told` is the last of valid, expiring, expired that was told; `next_turn_at` is when the clock asks for the next,
    empty while it does not matter: after expiry, during a suspension, when the holder has left.
    """

    __tablename__ = "certificates"
    __table_args__ = (
        UniqueConstraint("person", "certification", "sequence"),
        Index(
            "certificates_current",
            "person",
            "certification",
            unique=True,
            sqlite_where=text("archived_at IS NULL"),
            postgresql_where=text("archived_at IS NULL"),
        ),
        Index("certificates_certification", "certification", "archived_at"),
    )

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    person: str = Field(max_length=36)
    certification: str = Field(max_length=64)
    sequence: int
    state: str = Field(default=State.HELD, max_length=20)
    issued_at: datetime = Field(sa_type=UtcDateTime)
    expiring_from: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    grace_until: datetime = Field(sa_type=UtcDateTime)
    sections: list[dict[str, Any]] = Field(sa_type=JSON)
    basis: dict[str, str] = Field(sa_type=JSON)
    suspensions: list[list[str | None]] = Field(sa_type=JSON)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reason: str | None = Field(default=None, sa_type=Text)
    replaces: str | None = Field(default=None, max_length=36)
    archived_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    told: str = Field(default="valid", max_length=20)
    next_turn_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    recorded_at: datetime = Field(sa_type=UtcDateTime)
    revision: int = 1


class CertificateChange(Table, table=True):
    """An entry of the change feed; `position` is taken last before the commit, so positions appear in order."""

    __tablename__ = "certificate_changes"

    position: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    person: str = Field(max_length=36, index=True)
    certificate: str | None = Field(default=None, max_length=36)
    change: str = Field(max_length=20)
    status: str = Field(max_length=20)
    at: datetime = Field(sa_type=UtcDateTime)
    effective_at: datetime = Field(sa_type=UtcDateTime)
