"""Handing a seat on: the next holder gets the notes and the questions that are open."""

from sqlmodel import col, or_, select

from services.policy.domain import people, question_routing, seats
from services.policy.schemas.task_team import HandoverIn, HandoverOut, SeatOut
from services.policy.tables import Handover, Seat
from shared import pages
from shared.conditions import expect
from shared.db import Session
from shared.evidence import digest_of, record
from shared.pages import Page, PageQuery
from shared.problems import Conflict, NotFound


class OwnSeat(Conflict):
    """The seat is theirs already."""


def hand_over(session: Session, key: str, body: HandoverIn, if_match: int | None) -> SeatOut:
    """Give a seat to its next holder, with notes; a vacant one is a lead's to give.

    The questions that are open on it go along. Raises NoSuchSeat, Stale, OwnSeat, NotCertified or UnknownPerson.
    """
    seat, caller = seats.reached(session, key), session.context.caller
    if caller and not caller.has("team:write") and caller.person != seat.person:
        raise seats.NoSuchSeat(f"You hold no seat {key}.")
    expect(seat.revision, if_match)
    taker, holder = people.find(session, body.employee_number), seat.person
    if taker.id == holder:
        raise OwnSeat
    giver = holder or seat.last_holder
    seats.seat_person(session, seat, taker.id, body.term_ends_at, "handed_over")
    notes = Handover(seat=key, giver=giver, taker=taker.id, notes=body.notes, created_at=session.now)
    session.add(notes)
    record(session, "team.handover", f"handovers/{notes.id}", content_hash=digest_of(body.notes), person=giver)
    session.flush()
    question_routing.move(session, key, holder, taker.id)
    return seats.shown(seat, taker)


def list_of(session: Session, key: str, paging: PageQuery) -> Page[HandoverOut]:
    """Return the handovers of a seat, the latest first: to the team all, to others those they gave or took.

    Raises NotFound for a seat that never was.
    """
    handovers, caller = select(Handover).where(Handover.seat == key), session.context.caller
    if caller and not caller.has("team:read") and not seats.is_member(session):
        handovers = handovers.where(or_(col(Handover.giver) == caller.person, col(Handover.taker) == caller.person))
    if session.get(Seat, key) is None and session.exec(handovers).first() is None:
        raise NotFound(f"There is no seat {key}.")
    page: Page[Handover] = pages.page(
        session, handovers, paging, key=Handover.id, to=lambda row: row, newest_first=True
    )
    known = people.by_id(session, {each for row in page.items for each in (row.giver, row.taker) if each})
    numbers = {person: row.employee_number for person, row in known.items()}
    items = [
        HandoverOut(
            **row.model_dump(include={"id", "seat", "notes", "created_at"}),
            giver=numbers.get(row.giver or ""),
            taker=numbers.get(row.taker),
        )
        for row in page.items
    ]
    return Page(items=items, next_cursor=page.next_cursor)
