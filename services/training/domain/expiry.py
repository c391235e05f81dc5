"""What the clock does to certificates: it is told once when one begins to expire, and once when it has.

The status itself needs no sweep: every answer computes it from the dates. The sweep tells those who keep copies, and
catches up with all that came due while nothing ran.
"""

from datetime import datetime

from sqlmodel import col, select

from services.training.domain import certificates, changes, decisions
from services.training.schemas.certificates import Change, Status
from services.training.tables import Certificate
from shared.db import Session
from shared.events.training import CertificateExpiredV1, CertificateExpiringV1, CertificateTold
from shared.evidence import Deed, record_all
from shared.outbox import tell

CHUNK = 200


def next_turn(certificate: Certificate) -> datetime | None:
    """Return when the clock next changes the status that was told, or None when it no longer does."""
    return {Status.VALID: certificate.expiring_from, Status.EXPIRING: certificate.expires_at}.get(
        Status(certificate.told)
    )


def sweep(session: Session) -> None:
    """Tell what came due, oldest first, and renew for those who have done all that a renewal asks."""
    due_now = (
        select(Certificate)
        .where(col(Certificate.next_turn_at) <= session.now)
        .order_by(col(Certificate.next_turn_at))
        .limit(CHUNK)
    )
    people = {row.person for row in session.exec(due_now)}
    if not people:
        return
    decisions.lock(session, people)
    turns: list[tuple[changes.Entry, CertificateTold]] = []
    for row in session.exec(
        due_now.where(col(Certificate.person).in_(people)).execution_options(populate_existing=True)
    ).all():
        while row.next_turn_at is not None and row.next_turn_at <= session.now:
            turns.append(turn(row, row.next_turn_at))
        session.add(row)
    tell(session, *(event for _, event in turns))
    changes.add(session, [entry for entry, _ in turns])
    record_all(
        session,
        [
            Deed(f"certificate.{entry.change}", f"certificate/{entry.certificate}", None, entry.person)
            for entry, _ in turns
        ],
    )
    decisions.decide(session, dict.fromkeys(people))


def turn(row: Certificate, at: datetime) -> tuple[changes.Entry, CertificateTold]:
    """Take one certificate one step on: from valid to expiring, or from expiring to expired."""
    begins = row.told == Status.VALID
    row.told = Status.EXPIRING if begins else Status.EXPIRED
    row.next_turn_at = next_turn(row)
    kind = CertificateExpiringV1 if begins else CertificateExpiredV1
    event = certificates.event(kind, row, Status(row.told))
    return changes.Entry(row.person, row.id, Change(row.told), Status(row.told), at), event
