"""Nominations for the task team: who is put forward, what colleagues say, what is decided."""

from collections.abc import Sequence

from sqlalchemy import or_
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from services.policy.domain import people, seats, waiting
from services.policy.domain.rows import add_once
from services.policy.schemas.nominations import (
    DecisionIn,
    EndorsementIn,
    EndorsementOut,
    NominationIn,
    NominationOut,
    OfferAnswerIn,
)
from services.policy.tables import Endorsement, Nomination, Person, Seat
from shared import pages
from shared.conditions import expect
from shared.db import Session
from shared.evidence import digest_of, record
from shared.outbox import tell
from shared.pages import Page, PageQuery
from shared.problems import Conflict, FieldError, Invalid, NotFound

PENDING = ("open", "waiting", "offered")


class AlreadyNominated(Conflict):
    """A nomination of this person is open already."""


class NominationDecided(Conflict):
    """The nomination has been decided."""


class NotOffered(Conflict):
    """No seat is offered on this nomination now."""


class OwnNomination(Conflict):
    """Nobody endorses or decides on their own nomination."""


class AlreadyEndorsed(Conflict):
    """This colleague has endorsed the nomination before."""


def nominate(session: Session, body: NominationIn) -> NominationOut:
    """Put a person forward for a seat, or for the team; raises UnknownPerson, NoSuchSeat or AlreadyNominated."""
    nominee = people.find(session, body.employee_number)
    if body.seat is not None and session.get(Seat, body.seat) is None:
        raise seats.NoSuchSeat(f"There is no seat {body.seat}.")
    # One nomination of a person at a time: of two at once, neither would see the other.
    session.exec(select(Person.id).where(Person.id == nominee.id).with_for_update()).one()
    pending = select(Nomination.id).where(Nomination.person == nominee.id, col(Nomination.state).in_(PENDING))
    if session.exec(pending).first() is not None:
        raise AlreadyNominated
    nomination = Nomination(
        person=nominee.id,
        nominated_by=people.actor(session, body.nominated_by),
        state="open",
        created_at=session.now,
        networks=list(body.networks),
        languages=list(body.languages),
        **body.model_dump(include={"seat", "experience", "why"}),
    )
    session.add(nomination)
    record(session, "team.nominated", f"nominations/{nomination.id}", person=nominee.id)
    tell(session, waiting.told(nomination, "nominated"))
    session.flush()
    return shown(session, [nomination])[0]


def reached(session: Session) -> SelectOfScalar[Nomination]:
    """Return the query for nominations, for a key that is limited to departments those of their people."""
    return select(Nomination).where(*people.reach(session, col(Nomination.person)))


def seen(session: Session) -> SelectOfScalar[Nomination]:
    """Return the query for nominations that the caller may read: the team all, others those they have a part in."""
    caller = session.context.caller
    if caller is None or caller.has("team:read") or seats.is_member(session):
        return reached(session)
    mine = caller.person or ""
    endorsed = select(Endorsement.nomination_id).where(Endorsement.person == mine)
    return reached(session).where(
        or_(
            col(Nomination.person) == mine,
            col(Nomination.nominated_by) == f"person:{mine}",
            col(Nomination.id).in_(endorsed),
        )
    )


def get(session: Session, nomination_id: str) -> Nomination:
    """Return a nomination for a change, which happens one at a time; raises NotFound.

    Who endorses has got its id from those who may read it, so knowing the id is enough here.
    """
    statement = reached(session).where(Nomination.id == nomination_id).with_for_update()
    nomination = session.exec(statement.execution_options(populate_existing=True)).first()
    if nomination is None:
        raise NotFound("There is no such nomination.")
    return nomination


def endorse(session: Session, nomination_id: str, body: EndorsementIn) -> NominationOut:
    """Add a colleague's words; raises NominationDecided, OwnNomination or AlreadyEndorsed."""
    colleague = people.needed(session, body.employee_number)
    nomination = get(session, nomination_id)
    if nomination.state != "open":
        raise NominationDecided(f"The nomination is {nomination.state}.")
    if colleague.id == nomination.person:
        raise OwnNomination
    row = Endorsement(nomination_id=nomination.id, person=colleague.id, words=body.words, created_at=session.now)
    if not add_once(session, row):
        raise AlreadyEndorsed
    nomination.revision += 1
    record(
        session,
        "team.endorsed",
        f"nominations/{nomination.id}",
        content_hash=digest_of(body.words),
        person=colleague.id,
    )
    session.flush()
    return shown(session, [nomination])[0]


def decide(session: Session, nomination_id: str, body: DecisionIn, if_match: int | None) -> NominationOut:
    """Appoint the nominee to a seat, put them on the waiting list, or decline; each with a reason.

    Raises NominationDecided, OwnNomination, NoSuchSeat, SeatTaken, NotCertified, or Invalid when no seat is named
    anywhere. Who waits already may still be appointed or declined.
    """
    nomination = get(session, nomination_id)
    expect(nomination.revision, if_match)
    if nomination.state not in (PENDING if body.decision != "waitlist" else ("open",)):
        raise NominationDecided(f"The nomination is {nomination.state}.")
    caller = session.context.caller
    if caller and caller.person == nomination.person:
        raise OwnNomination
    if body.decision == "appoint":
        appoint(session, nomination, body)
    elif body.decision == "waitlist":
        wait(session, nomination, body)
    else:
        waiting.leave(nomination, "declined")
    nomination.reason, nomination.decided_at = body.reason, session.now
    nomination.decided_by = caller.id if caller else None
    waiting.noted(session, nomination, nomination.state)
    session.flush()
    return shown(session, [nomination])[0]


def appoint(session: Session, nomination: Nomination, body: DecisionIn) -> None:
    """Give the nominee the seat that the decision or the nomination names."""
    key = body.seat or nomination.seat
    if key is None:
        raise Invalid("An appointment needs a seat.", errors=[FieldError(pointer="/seat", detail="needed here")])
    nomination.seat = seats.fill(session, key, nomination.person, body.term_ends_at).key
    waiting.leave(nomination, "appointed")


def wait(session: Session, nomination: Nomination, body: DecisionIn) -> None:
    """Put the nominee on the waiting list, for the seat that the decision or the nomination names, or for any."""
    if body.seat is not None:
        if session.get(Seat, body.seat) is None:
            raise seats.NoSuchSeat(f"There is no seat {body.seat}.")
        nomination.seat = body.seat
    waiting.queue(session, nomination)


def answer_offer(session: Session, nomination_id: str, body: OfferAnswerIn, if_match: int | None) -> NominationOut:
    """Let the nominee take the seat that is offered, or leave it to the next; who refuses is off the list.

    Raises NotFound, NotOffered, SeatTaken or NotCertified.
    """
    nomination = theirs(session, nomination_id)
    expect(nomination.revision, if_match)
    over = nomination.offer_ends_at is None or nomination.offer_ends_at <= session.now
    if nomination.state != "offered" or nomination.offered_seat is None or over:
        raise NotOffered
    if body.answer == "accept":
        nomination.seat = seats.fill(session, nomination.offered_seat, nomination.person).key
        waiting.leave(nomination, "appointed")
    else:
        waiting.leave(nomination, "withdrawn")
    waiting.noted(session, nomination, "offer_accepted" if body.answer == "accept" else "offer_refused")
    session.flush()
    return shown(session, [nomination])[0]


def withdraw(session: Session, nomination_id: str, if_match: int | None) -> NominationOut:
    """Let the nominee say that they do not want to be considered; raises NotFound or NominationDecided."""
    nomination = theirs(session, nomination_id)
    expect(nomination.revision, if_match)
    if nomination.state not in PENDING:
        raise NominationDecided(f"The nomination is {nomination.state}.")
    waiting.leave(nomination, "withdrawn")
    waiting.noted(session, nomination, "withdrawn")
    session.flush()
    return shown(session, [nomination])[0]


def theirs(session: Session, nomination_id: str) -> Nomination:
    """Return a nomination for a change that is the nominee's affair, or a key's that writes for the team."""
    nomination, caller = get(session, nomination_id), session.context.caller
    if caller and caller.person != nomination.person and (caller.signed_in or not caller.has("team:write")):
        raise NotFound("There is no such nomination of yours.")
    return nomination


def show(session: Session, nomination_id: str) -> NominationOut:
    """Return a nomination; raises NotFound."""
    nomination = session.exec(seen(session).where(Nomination.id == nomination_id)).first()
    if nomination is None:
        raise NotFound("There is no such nomination.")
    return shown(session, [nomination])[0]


def list_all(session: Session, state: str | None, paging: PageQuery) -> Page[NominationOut]:
    """Return the nominations, the oldest first."""
    nominations = seen(session)
    if state is not None:
        nominations = nominations.where(Nomination.state == state)
    page: Page[Nomination] = pages.page(
        session, nominations, paging, key=Nomination.id, to=lambda nomination: nomination
    )
    return Page(items=shown(session, page.items), next_cursor=page.next_cursor)


def waiting_list(session: Session, paging: PageQuery) -> Page[NominationOut]:
    """Return who waits for a seat or has been offered one, in their order."""
    statement = seen(session).where(col(Nomination.waiting_place).is_not(None))
    page: Page[Nomination] = pages.page(
        session, statement, paging, key=Nomination.waiting_place, to=lambda nomination: nomination
    )
    return Page(items=shown(session, page.items), next_cursor=page.next_cursor)


def shown(session: Session, nominations: Sequence[Nomination]) -> list[NominationOut]:
    """Show nominations with their endorsements, in two queries for all of them."""
    ids = [nomination.id for nomination in nominations]
    endorsements = session.exec(
        select(Endorsement).where(col(Endorsement.nomination_id).in_(ids)).order_by(col(Endorsement.id))
    ).all()
    known = people.by_id(session, {each.person for each in nominations} | {each.person for each in endorsements})

    def number(person: str) -> str | None:
        return known[person].employee_number if person in known else None

    return [
        NominationOut(
            **nomination.model_dump(exclude={"person", "decided_by", "waiting_place"}),
            employee_number=number(nomination.person),
            endorsements=[
                EndorsementOut(employee_number=number(each.person), words=each.words, created_at=each.created_at)
                for each in endorsements
                if each.nomination_id == nomination.id
            ],
        )
        for nomination in nominations
    ]
