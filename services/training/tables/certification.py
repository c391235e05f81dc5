"""Tiers, certificates and their changes."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, Text, UniqueConstraint, text
from sqlmodel import Field

from services.training.tables.base import Table
from shared.ids import new_id
from shared.tables import UtcDateTime


class RenewalMode(StrEnum):
    """What the next term counts from: the course, the end of the term before, or it ends on a fixed day of the year."""

    FROM_COMPLETION = "from_completion"
    FROM_EXPIRY = "from_expiry"
    CALENDAR = "calendar"


class Certification(Table, table=True):
    """A tier that can be earned: what it asks for, of whom, and for how long it holds.

    `defined_at` is when what it asks for last changed: nothing can have been earned by it before.
    """

    __tablename__ = "certifications"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    key: str = Field(max_length=64, unique=True)
    title: str = Field(max_length=200)
    description: str = Field(sa_type=Text)
    courses: list[str] = Field(sa_type=JSON)
    policies: list[str] = Field(sa_type=JSON)
    certifications: list[str] = Field(sa_type=JSON)
    departments: list[str] | None = Field(default=None, sa_type=JSON)
    regions: list[str] | None = Field(default=None, sa_type=JSON)
    validity_days: int
    expiring_days: int
    grace_days: int
    renewal_mode: str = Field(default=RenewalMode.FROM_COMPLETION, max_length=20)
    renewal_days: int | None = None
    renewal_date: str | None = Field(default=None, max_length=5)
    minimum_days: int = 0
    reminder_days: list[int] = Field(default=[90, 60, 30, 7], sa_type=JSON)
    on_new_version: dict[str, str] = Field(default={}, sa_type=JSON)
    delta_days: int = 30
    delta_grace_days: int = 14
    defined_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revision: int = 1
    created_at: datetime = Field(sa_type=UtcDateTime)


class Cutoff(Table, table=True):
    """Since when only this or a later version of a course counts towards a certification, whose tier voids older ones."""

    __tablename__ = "version_cutoffs"

    certification: str = Field(primary_key=True, max_length=64)
    course: str = Field(primary_key=True, max_length=64)
    version: int
    since: datetime = Field(sa_type=UtcDateTime)


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
    `past_terms` holds dates that were in force earlier: `[until, expiring_from, expires_at, grace_until]` each.
    `renewable_from` is when the renewal opens, where that is not when it begins to expire.
    `told` is the last of valid, expiring, expired that was told, `seen_to` until when reminders and the opening of the
    renewal were seen to; `next_turn_at` is when the clock asks for the next of all these, empty while it does not
    matter: after expiry, during a suspension, when the holder has left.
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
    renewable_from: datetime | None = Field(default=None, sa_type=UtcDateTime)
    past_terms: list[list[str]] | None = Field(default=None, sa_type=JSON(none_as_null=True))
    sections: list[dict[str, Any]] = Field(sa_type=JSON)
    basis: dict[str, str] = Field(sa_type=JSON)
    suspensions: list[list[str | None]] = Field(sa_type=JSON)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reason: str | None = Field(default=None, sa_type=Text)
    replaces: str | None = Field(default=None, max_length=36)
    replaced_by: str | None = Field(default=None, max_length=36)
    archived_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    told: str = Field(default="valid", max_length=20)
    seen_to: datetime | None = Field(default=None, sa_type=UtcDateTime)
    next_turn_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    recorded_at: datetime = Field(sa_type=UtcDateTime)
    revision: int = 1


class CertificateChange(Table, table=True):
    """An entry of the change feed; `position` is taken last before the commit, so positions appear in order.

    `actor` is who did it (the caller's id), empty for the clock and for what facts made due.
    """

    __tablename__ = "certificate_changes"

    position: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    person: str = Field(max_length=36, index=True)
    certificate: str | None = Field(default=None, max_length=36, index=True)
    change: str = Field(max_length=20)
    status: str = Field(max_length=20)
    at: datetime = Field(sa_type=UtcDateTime)
    effective_at: datetime = Field(sa_type=UtcDateTime)
    actor: str | None = Field(default=None, max_length=100)
    reason: str | None = Field(default=None, sa_type=Text)


class Absence(Table, table=True):
    """A time during which a person did not work here, so that any moment of it can be asked for after they are back."""

    __tablename__ = "absences"

    person: str = Field(primary_key=True, max_length=36)
    left_at: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    back_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ProposalState(StrEnum):
    """What became of a proposal."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    DECLINED = "declined"


class SuspensionProposal(Table, table=True):
    """Somebody, or monitoring, thinks that a certificate should not count; a person decides. One is open at a time."""

    __tablename__ = "suspension_proposals"
    __table_args__ = (
        Index(
            "suspension_proposals_open",
            "person",
            "certification",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    certificate: str = Field(max_length=36, index=True)
    person: str = Field(max_length=36)
    certification: str = Field(max_length=64)
    reason: str = Field(sa_type=Text)
    finding: str | None = Field(default=None, max_length=36)
    proposed_by: str | None = Field(default=None, max_length=100)
    proposer: str | None = Field(default=None, max_length=36)
    proposed_at: datetime = Field(sa_type=UtcDateTime)
    state: str = Field(default=ProposalState.OPEN, max_length=20, index=True)
    decided_by: str | None = Field(default=None, max_length=36)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    answer: str | None = Field(default=None, sa_type=Text)
    revision: int = 1
