"""What open deltas do to a certificate's dates: it ends early unless they are learnt, and has its dates back then.

The dates are moved when a delta is asked, not when its deadline has passed: so every moment, past or to come, has its
answer without anything having to run at the deadline.
"""

from collections.abc import Sequence
from datetime import timedelta

from sqlmodel import select

from services.training.domain.certification import agenda, certificates, changes, terms
from services.training.domain.certification.standing import Term, status_at
from services.training.schemas.certificates import Change, Status
from services.training.tables import Certificate, Delta, DeltaState, FullTerm, Person, State
from shared.db import Session
from shared.events.training import CertificateChangedV1, CertificateReinstatedV1, CertificateTold
from shared.evidence import record
from shared.outbox import tell


def retime(session: Session, row: Certificate, person: Person, open_deltas: Sequence[Delta]) -> bool:
    """Let a certificate have the dates that its open deltas leave it; say whether that, and so it, was told anew.

    The holder's progress must be locked.
    """
    kept = session.get(FullTerm, row.id)
    full = term_of(kept or row)
    wanted = shortened(full, open_deltas)
    if wanted == term_of(row):
        return False
    renewable_from = kept.renewable_from if kept else row.renewable_from
    if kept is None:
        session.add(FullTerm(certificate=row.id, person=row.person, **full._asdict(), renewable_from=renewable_from))
    elif not open_deltas:
        session.delete(kept)
    move(session, row, person, wanted, None, None)
    if renewable_from is not None:
        row.renewable_from = renewable_from if wanted == full else min(renewable_from, wanted.expiring_from)
    return True


def extend(session: Session, row: Certificate, person: Person, by: timedelta, reason: str, actor: str | None) -> None:
    """Let a certificate end later; where open deltas end it early, what they leave it is reckoned anew."""
    kept = session.get(FullTerm, row.id)
    dates = kept or row
    later = Term(*(at + by for at in term_of(dates)))
    if dates.renewable_from is not None:
        dates.renewable_from += by
    if kept is None:
        move(session, row, person, later, reason, actor)
        return
    kept.sqlmodel_update(later._asdict())
    session.add(kept)
    session.flush()
    retime(session, row, person, opened(session, row.id))


def opened(session: Session, certificate: str) -> Sequence[Delta]:
    """Return the open deltas of a certificate."""
    return session.exec(select(Delta).where(Delta.certificate == certificate, Delta.state == DeltaState.OPEN)).all()


def move(session: Session, row: Certificate, person: Person, to: Term, reason: str | None, actor: str | None) -> None:
    """Let other dates hold from now on, and tell of them; a certificate that is valid again is in the feed."""
    agenda.catch_up(session, [row], session.now)
    before = status_at(row, session.now, person.left_at)
    terms.change(row, session.now, to)
    if row.told == Status.EXPIRING and session.now < row.expiring_from:
        row.told = Status.VALID
    if person.active and row.state == State.HELD:
        row.seen_to = session.now
        days = agenda.reminder_days(session, [row])
        turn = agenda.next_turn(row, days.get(row.certification, ()))
        row.next_turn_at = turn.at if turn else None
    row.reason = reason or row.reason
    row.revision += 1
    session.add(row)
    after = status_at(row, session.now, person.left_at)
    back = before is Status.EXPIRING and after is Status.VALID
    kind: type[CertificateTold] = CertificateReinstatedV1 if back else CertificateChangedV1
    tell(session, certificates.event(kind, row, after))
    record(session, "certificate.dates_changed", f"certificate/{row.id}", person=row.person)
    if back:
        entry = changes.Entry(row.person, row.id, Change.REINSTATED, after, session.now, actor, reason)
        changes.add(session, [entry])


def term_of(dates: Certificate | FullTerm) -> Term:
    """Return the dates that somebody's certificate has, or would have."""
    return Term(dates.expiring_from, dates.expires_at, dates.grace_until)


def shortened(full: Term, open_deltas: Sequence[Delta]) -> Term:
    """Return what is left of a term: it begins to expire with the first deadline, and ends as the first delta says."""
    begins = min([full.expiring_from, *(delta.due_at for delta in open_deltas)])
    ends = min([full.expires_at, *(delta.ends_at for delta in open_deltas)])
    return Term(begins, ends, ends + (full.grace_until - full.expires_at))
