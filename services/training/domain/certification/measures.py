"""What people do to certificates: suspend, reinstate, revoke; and what their holder's leaving does."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import col, select

from services.training.domain import access
from services.training.domain.certification import absences, agenda, certificates, changes, decisions
from services.training.domain.certification.standing import status_at
from services.training.domain.relearning import delta_queue
from services.training.schemas.certificates import CertificateOut, Change, Status
from services.training.tables import Certificate, State
from shared.conditions import expect
from shared.db import Session
from shared.events.training import (
    CertificateReinstatedV1,
    CertificateRevokedV1,
    CertificateSuspendedV1,
    CertificateTold,
)
from shared.evidence import digest_of, record
from shared.outbox import tell
from shared.problems import Conflict

TOLD: dict[Change, type[CertificateTold]] = {
    Change.SUSPENDED: CertificateSuspendedV1,
    Change.REINSTATED: CertificateReinstatedV1,
    Change.REVOKED: CertificateRevokedV1,
}
BACK = {State.HELD: Change.REINSTATED, State.SUSPENDED: Change.SUSPENDED, State.REVOKED: Change.REVOKED}
"""What the feed says of a certificate whose holder is back."""


class CertificateNotInForce(Conflict):
    """The certificate is suspended, revoked or archived already."""


class NotSuspended(Conflict):
    """The certificate is not suspended."""


def suspend(session: Session, certificate: str, reason: str, if_match: int | None) -> CertificateOut:
    """Make a certificate not count until it is reinstated; raises NotFound, Stale or CertificateNotInForce."""
    row = take(session, certificate, if_match)
    hold(session, row)
    return done(session, row, Change.SUSPENDED, reason, changes.actor_of(session))


def hold(session: Session, row: Certificate) -> None:
    """Begin a suspension now; raises CertificateNotInForce."""
    if row.state != State.HELD or row.archived_at is not None:
        raise CertificateNotInForce
    row.state = State.SUSPENDED
    row.suspensions = [*row.suspensions, [moment(session, row).isoformat(), None]]
    row.next_turn_at = None


def moment(session: Session, row: Certificate, left_at: datetime | None = None) -> datetime:
    """Return when a change holds from: now, or what was done last if this began before it and waited for its lock."""
    done_at = [datetime.fromisoformat(time) for span in row.suspensions for time in span if time is not None]
    return max([session.now, *done_at, *([left_at] if left_at else [])])


def reinstate(session: Session, certificate: str, reason: str, if_match: int | None) -> CertificateOut:
    """End a suspension; the clock has gone on meanwhile. Raises NotFound, Stale or NotSuspended."""
    row = take(session, certificate, if_match)
    if row.state != State.SUSPENDED:
        raise NotSuspended
    row.state = State.HELD
    *before, (start, _) = row.suspensions
    row.suspensions = [*before, [start, moment(session, row).isoformat()]]
    _, person = certificates.load(session, row.id, "certificates:write")
    if person.active:
        agenda.wind(session, [row])
    answer = done(session, row, Change.REINSTATED, reason, changes.actor_of(session))
    decisions.decide(session, {row.person: session.now})
    return answer


def revoke(session: Session, certificate: str, reason: str, if_match: int | None) -> CertificateOut:
    """Take a certificate back for good; what it rests on must be done again. Raises NotFound, Stale or CertificateNotInForce."""
    row = take(session, certificate, if_match)
    if row.state == State.REVOKED or row.archived_at is not None:
        raise CertificateNotInForce
    row.state = State.REVOKED
    row.revoked_at = moment(session, row)
    row.next_turn_at = None
    return done(session, row, Change.REVOKED, reason, changes.actor_of(session))


def take(session: Session, certificate: str, if_match: int | None) -> Certificate:
    """Return a certificate for a change, under its holder's lock, up to date; raises NotFound, OwnMatter or Stale."""
    row, person = certificates.load(session, certificate, "certificates:write")
    access.refuse_own(session, row.person)
    decisions.lock(session, [row.person])
    session.refresh(row)
    session.refresh(person)  # who left while this waited for the lock has left
    expect(row.revision, if_match)
    agenda.catch_up(session, [row], session.now)
    return row


def done(session: Session, row: Certificate, change: Change, reason: str, actor: str | None) -> CertificateOut:
    """Tell, enter in the feed and prove what was done; return the certificate as it is now."""
    row.reason = reason
    row.revision += 1
    session.add(row)
    session.flush()
    _, person = certificates.load(session, row.id, "certificates:write")
    at = moment(session, row, person.left_at)
    status = status_at(row, at, person.left_at)
    tell(session, certificates.event(TOLD[change], row, status))
    changes.add(session, [changes.Entry(row.person, row.id, change, status, at, actor, reason)])
    record(session, f"certificate.{change}", f"certificate/{row.id}", digest_of(reason), row.person)
    delta_queue.look_at(session, [row.person])
    return certificates.out(row, person, status)


def person_left(session: Session, person: str) -> None:
    """Stop the clock on a leaver's certificates and enter the leaving in the feed, for each of them or once without."""
    absences.begin(session, person)
    rows = current(session, person)
    agenda.catch_up(session, rows, session.now)
    for row in rows:
        row.next_turn_at = None
    delta_queue.look_at(session, [person] if rows else [])
    ids: list[str | None] = [row.id for row in rows]
    actor = changes.actor_of(session)
    changes.add(
        session,
        [changes.Entry(person, one, Change.PERSON_LEFT, Status.NONE, session.now, actor) for one in ids or [None]],
    )


def person_is_back(session: Session, person: str) -> None:
    """Let the certificates of a person who is back stand as they do: those held count again, as far as they have not run out."""
    absences.end(session, person)
    rows = current(session, person)
    agenda.wind(session, [row for row in rows if row.state == State.HELD])
    delta_queue.look_at(session, [person] if rows else [])
    actor = changes.actor_of(session)
    changes.add(
        session,
        [
            changes.Entry(person, row.id, BACK[State(row.state)], status_at(row, at, None), at, actor)
            for row, at in ((row, moment(session, row)) for row in rows)
        ],
    )


def current(session: Session, person: str) -> Sequence[Certificate]:
    """Return the certificates of a person that are not archived, for a change."""
    decisions.lock(session, [person])
    query = select(Certificate).where(Certificate.person == person, col(Certificate.archived_at).is_(None))
    return session.exec(query.order_by(Certificate.certification).execution_options(populate_existing=True)).all()
