"""Who may stay on the team: a member's certificate may lapse, and a term ends; both are told before a seat is lost."""

from datetime import datetime, timedelta

from sqlalchemy import bindparam
from sqlmodel import col, or_, select

from services.policy.domain import certificates, charter, seats
from services.policy.tables import Certificate, Seat, TeamTerms, metadata
from shared.db import Session
from shared.evidence import record
from shared.outbox import tell
from shared.statements import Prebuilt

SEATS = metadata.tables["seats"]
SEATED = Prebuilt(select(SEATS.c.key).where(SEATS.c.person == bindparam("person")).limit(1))


def follow_certificates(session: Session, person: str | None = None) -> None:
    """Mark the seats of members who lack the team's certification as lapsing, and restore those who hold it again.

    By the clock as well as by events: a certificate stops to count at its end, whether or not that is told.
    """
    if person is not None and SEATED.first(session, person=person) is None:
        return
    team = charter.terms(session)
    filled = select(Seat.key, Seat.person, Seat.lapsing_since).where(col(Seat.person).is_not(None))
    if person is not None:
        filled = filled.where(Seat.person == person)
    members = session.exec(filled.order_by(col(Seat.key))).all()
    if not members:
        return
    certified = holders(session, team, {str(member) for _, member, _ in members})
    for key, member, lapsing_since in members:
        fine = team.required_certification is None or member in certified
        if fine == (lapsing_since is None):
            continue
        seat = seats.get(session, key)
        if seat.person != member or fine == (seat.lapsing_since is None):
            continue
        mark(session, seat, None if fine else session.now + timedelta(days=team.grace_days))


def holders(session: Session, team: TeamTerms, members: set[str]) -> set[str]:
    """Return who of these holds the certification that the team requires."""
    if team.required_certification is None:
        return members
    rows = select(Certificate.person).where(
        Certificate.certification == team.required_certification,
        col(Certificate.person).in_(members),
        *certificates.counting(session),
    )
    return set(session.exec(rows))


def mark(session: Session, seat: Seat, vacate_at: datetime | None) -> None:
    """Let a seat lapse until a moment, or restore it (None)."""
    how = "restored" if vacate_at is None else "lapsing"
    seat.lapsing_since = None if vacate_at is None else session.now
    seat.vacate_at = vacate_at
    seat.revision += 1
    record(session, f"team.member.{how}", f"seats/{seat.key}", person=seat.person)
    tell(session, seats.told(seat, how))


def end_what_is_due(session: Session) -> None:
    """Free the seats whose grace time or term is over, and tell in advance which terms will end."""
    now = session.now
    over = or_(col(Seat.vacate_at) <= now, col(Seat.term_ends_at) <= now)
    for key in session.exec(select(Seat.key).where(over).order_by(col(Seat.key))).all():
        seat = seats.get(session, key)
        if seat.term_ends_at is not None and seat.term_ends_at <= now:
            seats.clear(session, seat, "term_ended")
        elif seat.vacate_at is not None and seat.vacate_at <= now:
            seats.clear(session, seat, "lapsed")
    soon = now + timedelta(days=charter.terms(session).notice_days)
    ending = select(Seat.key).where(col(Seat.term_ends_at) <= soon, col(Seat.noticed_at).is_(None))
    for key in session.exec(ending.order_by(col(Seat.key))).all():
        seat = seats.get(session, key)
        if seat.term_ends_at is not None and seat.term_ends_at <= soon and seat.noticed_at is None:
            seat.noticed_at = now
            seat.revision += 1
            record(session, "team.member.term_ending", f"seats/{seat.key}", person=seat.person)
            tell(session, seats.told(seat, "term_ending"))
