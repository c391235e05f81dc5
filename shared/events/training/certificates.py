"""What is told of certificates."""

from datetime import datetime

from pydantic import BaseModel, Field

from shared.events.base import Event, Operational, Personal, Public, told


class CoveredSection(BaseModel):
    """A policy section that a certificate covers, by content hash."""

    policy: str
    version: int
    section: str
    hash: str


class CertificateTold(Event):
    """What every certificate event carries: the whole certificate as it is after the change."""

    id: Public[str]
    person: Operational[str]
    certification: Public[str]
    sequence: Public[int] = 0
    """Which of the person's certificates of this certification it is: the one with the highest counts."""
    status: Operational[str]
    issued_at: Operational[datetime]
    expires_at: Operational[datetime]
    expiring_from: Operational[datetime]
    grace_until: Operational[datetime]
    renewable_from: Operational[datetime | None] = None
    """When the renewal opens, where that is not when it begins to expire."""
    replaces: Public[str | None] = None
    reason: Personal[str | None] = None
    sections: Public[list[CoveredSection]] = Field(default_factory=list)


@told
class CertificateIssuedV1(CertificateTold):
    """A person earned a certification."""

    type = "training.certificate.issued.v1"


@told
class CertificateRenewedV1(CertificateTold):
    """A new certificate replaced an earlier one of the same certification."""

    type = "training.certificate.renewed.v1"


@told
class CertificateExpiringV1(CertificateTold):
    """A certificate entered its last weeks; its holder is still certified."""

    type = "training.certificate.expiring.v1"


@told
class CertificateExpiredV1(CertificateTold):
    """A certificate ran out."""

    type = "training.certificate.expired.v1"


@told
class CertificateSuspendedV1(CertificateTold):
    """A certificate was suspended by a person."""

    type = "training.certificate.suspended.v1"


@told
class CertificateReinstatedV1(CertificateTold):
    """A suspended certificate counts again."""

    type = "training.certificate.reinstated.v1"


@told
class CertificateRevokedV1(CertificateTold):
    """A certificate was taken back for good."""

    type = "training.certificate.revoked.v1"


@told
class CertificateChangedV1(CertificateTold):
    """A certificate covers something else, or has other dates; its status is what the clock makes of them."""

    type = "training.certificate.changed.v1"


@told
class CertificateReminderV1(Event):
    """A certificate ends in some days and is not renewed yet; its holder should hear of it, once for each such day.

    `days_before` is when this reminder is meant to come; `days_left` is less where nothing ran then.
    """

    type = "training.certificate.reminder.v1"

    id: Public[str]
    person: Operational[str]
    certification: Public[str]
    expires_at: Operational[datetime]
    renewable_from: Operational[datetime]
    days_before: Public[int]
    days_left: Operational[int]


@told
class SuspensionProposedV1(Event):
    """Somebody, or monitoring, thinks that a certificate should not count for now; a person has to decide."""

    type = "training.suspension.proposed.v1"

    id: Public[str]
    certificate: Public[str]
    person: Operational[str]
    certification: Public[str]
    reason: Personal[str]
    finding: Operational[str | None] = None
    proposer: Operational[str | None] = None


@told
class SuspensionDecidedV1(Event):
    """A person confirmed a proposed suspension, which then holds, or declined it."""

    type = "training.suspension.decided.v1"

    id: Public[str]
    certificate: Public[str]
    person: Operational[str]
    certification: Public[str]
    decision: Operational[str]
    decided_by: Operational[str]
    reason: Personal[str]
