"""The waiting list: who was approved while no seat was free is offered the first that becomes free, in order."""

from collections.abc import Collection
from datetime import timedelta
from functools import partial

from sqlmodel import col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from services.policy.domain import certificates, charter
from services.policy.tables import Nomination, Person, Seat
from shared.db import Session
from shared.events.policy import NominationChangedV1
from shared.evidence import record
from shared.outbox import tell
from shared.set_aside import at_hand, do_each

OFFERS, SEATS = "offers of seats", "vacant seats"
OFFER = timedelta(days=7)
"""How long an offer stands before the seat goes to the next."""


def told(nomination: Nomination, change: str) -> NominationChangedV1:
    """Return the event that tells a nomination as it is after a change."""
    return NominationChangedV1(
        id=nomination.id,
        person=nomination.person,
        seat=nomination.offered_seat or nomination.seat,
        state=nomination.state,
        change=change,
        offer_ends_at=nomination.offer_ends_at,
    )


def noted(session: Session, nomination: Nomination, change: str) -> None:
    """Enter a change of a nomination into evidence and tell it."""
    nomination.revision += 1
    record(session, f"team.nomination.{change}", f"nominations/{nomination.id}", person=nomination.person)
    tell(session, told(nomination, change))


def queue(session: Session, nomination: Nomination) -> None:
    """Put a nomination that is locked at the end of the list."""
    nomination.state = "waiting"
    nomination.offered_seat, nomination.offer_ends_at = None, None
    nomination.waiting_place = f"{session.now:%Y-%m-%dT%H:%M:%S.%f} {nomination.id}"


def leave(nomination: Nomination, state: str) -> None:
    """Take a nomination that is locked off the list, into another state."""
    nomination.state = state
    nomination.offered_seat, nomination.offer_ends_at, nomination.waiting_place = None, None, None


def move_on(session: Session) -> None:
    """Take back offers that nobody answered or that are void, and offer each seat without a holder to the next."""
    offered = (Nomination.state == "offered", at_hand(session, OFFERS, col(Nomination.id)))
    void = or_(col(Nomination.offer_ends_at) <= session.now, col(Nomination.offered_seat).not_in(vacant()))
    over = select(Nomination.id).where(*offered, void).order_by(Nomination.id)
    do_each(session, OFFERS, list(session.exec(over)), partial(take_back_all, session))
    taken = select(Nomination.offered_seat).where(
        Nomination.state == "offered", col(Nomination.offered_seat).is_not(None)
    )
    free = vacant().where(col(Seat.key).not_in(taken), at_hand(session, SEATS, col(Seat.key))).order_by(col(Seat.key))
    do_each(session, SEATS, list(session.exec(free)), partial(offer_all, session))


def vacant() -> SelectOfScalar[str]:
    """Return the seats without a holder."""
    return select(Seat.key).where(col(Seat.person).is_(None))


def take_back_all(session: Session, nominations: Collection[str]) -> None:
    """End offers that nobody answered in time, or whose seat has another holder."""
    for nomination_id in nominations:
        take_back(session, nomination_id)


def offer_all(session: Session, seats: Collection[str]) -> None:
    """Offer seats to the next on the list."""
    for seat in seats:
        offer_next(session, seat)


def lock(session: Session, nomination_id: str) -> Nomination:
    """Return a nomination for a change, as it is now."""
    statement = select(Nomination).where(Nomination.id == nomination_id).with_for_update()
    return session.exec(statement.execution_options(populate_existing=True)).one()


def take_back(session: Session, nomination_id: str) -> None:
    """End an offer: who did not answer goes to the end of the list, who lost the seat to another keeps their place."""
    nomination = lock(session, nomination_id)
    if nomination.state != "offered":
        return
    if nomination.offer_ends_at is not None and nomination.offer_ends_at <= session.now:
        queue(session, nomination)
    else:
        nomination.state, nomination.offered_seat, nomination.offer_ends_at = "waiting", None, None
    noted(session, nomination, "offer_ended")


def offer_next(session: Session, seat: str) -> None:
    """Offer a vacant seat to the first on the list who wants it and may have it."""
    waiting = select(Nomination.id, Nomination.person).join(Person, col(Person.id) == col(Nomination.person))
    waiting = waiting.where(
        Nomination.state == "waiting",
        col(Person.active).is_(True),
        or_(Nomination.seat == seat, col(Nomination.seat).is_(None)),
    )
    required = charter.terms(session).required_certification
    for nomination_id, person in session.exec(waiting.order_by(col(Nomination.waiting_place))).all():
        if required is not None and required not in certificates.held_by(session, person):
            continue
        nomination = lock(session, nomination_id)
        if nomination.state == "waiting":
            nomination.state, nomination.offered_seat = "offered", seat
            nomination.offer_ends_at = session.now + OFFER
            noted(session, nomination, "offered")
            session.flush()
            return
