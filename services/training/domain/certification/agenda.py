"""What the clock has in store for a certificate: reminders, the opening of its renewal, that it expires.

Whoever changes a certificate first catches up with what came due before, so that what is told, and in which order,
does not depend on when it was swept.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import NamedTuple

from sqlmodel import col, select

from services.training.domain.certification import certificates, changes
from services.training.schemas.certificates import Change, Status
from services.training.tables import Certificate, Certification
from shared.db import Session
from shared.events.base import Event
from shared.events.training import CertificateExpiredV1, CertificateExpiringV1, CertificateReminderV1
from shared.evidence import Deed, record_all
from shared.outbox import tell

TOLD = {Change.EXPIRING: CertificateExpiringV1, Change.EXPIRED: CertificateExpiredV1}


class Turn(NamedTuple):
    """What comes next: a change of the status, a reminder some days before the end, or the opening of the renewal."""

    at: datetime
    change: Change | None = None
    days_before: int | None = None


def next_turn(row: Certificate, reminder_days: Iterable[int]) -> Turn | None:
    """Return what the clock does next, or None once the certificate was told to have expired."""
    if row.told == Status.EXPIRED:
        return None
    begins = row.told == Status.VALID and row.expiring_from < row.expires_at
    ends = Turn(row.expiring_from, Change.EXPIRING) if begins else Turn(row.expires_at, Change.EXPIRED)
    seen_to = row.seen_to or row.issued_at
    others = [Turn(row.expires_at - timedelta(days=days), None, days) for days in reminder_days]
    if row.renewable_from is not None:
        others.append(Turn(row.renewable_from))
    ahead = [turn for turn in others if seen_to < turn.at < row.expires_at]
    return min([*ahead, ends], key=lambda turn: (turn.at, turn.change is not None, turn.days_before is None))


def wind(session: Session, rows: Sequence[Certificate]) -> None:
    """Set the clock on certificates anew from now on.

    What was missed of reminders while it stood still is past, and that one expires meanwhile is told with its return.
    """
    days = reminder_days(session, rows)
    for row in rows:
        row.seen_to = session.now
        if row.told == Status.VALID and row.expiring_from <= session.now:
            row.told = Status.EXPIRING
        turn = next_turn(row, days.get(row.certification, ()))
        row.next_turn_at = turn.at if turn else None
        session.add(row)


def reminder_days(session: Session, rows: Iterable[Certificate]) -> Mapping[str, list[int]]:
    """Return when the tiers of certificates remind their holders."""
    keys = {row.certification for row in rows}
    found = select(Certification.key, Certification.reminder_days).where(col(Certification.key).in_(keys))
    return {key: list(days) for key, days in session.exec(found)} if keys else {}


class Said(NamedTuple):
    """What is told, entered in the feed and proved of one turn."""

    at: datetime
    event: Event | None
    entry: changes.Entry | None
    deed: Deed | None


def catch_up(session: Session, rows: Iterable[Certificate], until: datetime, reason: str | None = None) -> None:
    """Tell all that came due to certificates until a moment, oldest first; their holders' progress must be locked."""
    late = [row for row in rows if row.next_turn_at is not None and row.next_turn_at <= until]
    days = reminder_days(session, late)
    all_said: list[Said] = []
    for row in late:
        turn = next_turn(row, days.get(row.certification, ()))
        while turn is not None and turn.at <= until:
            all_said.append(take_turn(session, row, turn, reason))
            turn = next_turn(row, days.get(row.certification, ()))
        row.next_turn_at = turn.at if turn else None
        session.add(row)
    all_said.sort(key=lambda said: said.at)
    tell(session, *(said.event for said in all_said if said.event))
    changes.add(session, [said.entry for said in all_said if said.entry])
    record_all(session, [said.deed for said in all_said if said.deed])


def take_turn(session: Session, row: Certificate, turn: Turn, reason: str | None) -> Said:
    """Take one certificate one turn on and return what is said of it; of an opening, nothing is."""
    if turn.change is None:
        row.seen_to = turn.at
        if turn.days_before is None:
            return Said(turn.at, None, None, None)
        told = reminder(session, row, turn.days_before)
        return Said(turn.at, told, None, Deed("certificate.reminded", f"certificate/{row.id}", None, row.person))
    row.told = Status(turn.change)
    return Said(
        turn.at,
        certificates.event(TOLD[turn.change], row, Status(row.told)),
        changes.Entry(row.person, row.id, turn.change, Status(row.told), turn.at, reason=reason),
        Deed(f"certificate.{turn.change}", f"certificate/{row.id}", None, row.person),
    )


def reminder(session: Session, row: Certificate, days_before: int) -> CertificateReminderV1:
    """Return what is told to remind a holder; `days_left` is less than was meant where it is told late."""
    left = (row.expires_at - session.now) / timedelta(days=1)
    return CertificateReminderV1(
        id=row.id,
        person=row.person,
        certification=row.certification,
        expires_at=row.expires_at,
        renewable_from=row.renewable_from or row.expiring_from,
        days_before=days_before,
        days_left=max(0, ceil(left)),
    )
