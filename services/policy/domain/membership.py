"""Who may stay on the team: a member's certificate may lapse, and a term ends; both are told before a seat is lost."""

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import ColumnElement, bindparam
from sqlmodel import col, or_, select

from services.policy.domain import certificates, charter, seats
from services.policy.tables import Certificate, Seat, TeamTerms, metadata
from shared.db import Session
from shared.evidence import record
from shared.outbox import tell
from shared.set_aside import at_hand, do_each
from shared.statements import Prebuilt

LAPSING, ENDED, ENDING = "lapsing seats", "seats that end", "terms that end"
SEATS = metadata.tables["seats"]
SEATED = Prebuilt(select(SEATS.c.key).where(SEATS.c.person == bindparam("person")).limit(1))


def follow_certificates(session: Session, person: str) -> None:
    """Mark the seats of a member who lacks the team's certification as lapsing, and restore them if it is held again."""
    if SEATED.first(session, person=person) is not None:
        follow_seats(session, changing(session, col(Seat.person) == person))


def follow_clock(session: Session) -> None:
    """Do so for every member: a certificate stops to count at its end, whether or not that is told."""
    found = changing(session, col(Seat.person).is_not(None), at_hand(session, LAPSING, col(Seat.key)))
    do_each(session, LAPSING, found, partial(follow_seats, session))


def changing(session: Session, *which: ColumnElement[bool]) -> list[str]:
    """Return the seats that begin to lapse or do so no more."""
    members = session.exec(select(Seat.key, Seat.person, Seat.lapsing_since).where(*which)).all()
    if not members:
        return []
    certified = holders(session, charter.terms(session), {str(member) for _, member, _ in members})
    return sorted(key for key, member, since in members if (member in certified) != (since is None))


def follow_seats(session: Session, keys: Collection[str]) -> None:
    """Let seats lapse whose members lack the team's certification, and restore those of all others."""
    team = charter.terms(session)
    for key in keys:
        seat = seats.get(session, key)
        if seat.person is None:
            continue
        fine = bool(holders(session, team, {seat.person}))
        if fine != (seat.lapsing_since is None):
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
    ended = select(Seat.key).where(over, at_hand(session, ENDED, col(Seat.key))).order_by(col(Seat.key))
    do_each(session, ENDED, list(session.exec(ended)), partial(end_seats, session))
    ending = select(Seat.key).where(*ends_soon(session), at_hand(session, ENDING, col(Seat.key)))
    do_each(session, ENDING, list(session.exec(ending.order_by(col(Seat.key)))), partial(tell_ending, session))


def end_seats(session: Session, keys: Collection[str]) -> None:
    """Free seats whose grace time or term is over."""
    now = session.now
    for key in keys:
        seat = seats.get(session, key)
        if seat.term_ends_at is not None and seat.term_ends_at <= now:
            seats.clear(session, seat, "term_ended")
        elif seat.vacate_at is not None and seat.vacate_at <= now:
            seats.clear(session, seat, "lapsed")


def ends_soon(session: Session) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on seats whose term ends soon, of which nobody has been told."""
    soon = session.now + timedelta(days=charter.terms(session).notice_days)
    return (col(Seat.term_ends_at) <= soon, col(Seat.noticed_at).is_(None))


def tell_ending(session: Session, keys: Collection[str]) -> None:
    """Tell in advance which terms will end."""
    soon = session.now + timedelta(days=charter.terms(session).notice_days)
    for key in keys:
        seat = seats.get(session, key)
        if seat.term_ends_at is not None and seat.term_ends_at <= soon and seat.noticed_at is None:
            seat.noticed_at = session.now
            seat.revision += 1
            record(session, "team.member.term_ending", f"seats/{seat.key}", person=seat.person)
            tell(session, seats.told(seat, "term_ending"))
