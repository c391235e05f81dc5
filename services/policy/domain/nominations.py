"""Nominations for the task team: who is put forward, what colleagues say, what is decided."""

from collections.abc import Sequence

from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from services.policy.domain import people, seats
from services.policy.domain.rows import add_once
from services.policy.schemas.task_team import DecisionIn, EndorsementIn, EndorsementOut, NominationIn, NominationOut
from services.policy.tables import Endorsement, Nomination, Seat
from shared import pages
from shared.conditions import expect
from shared.db import Session
from shared.evidence import digest_of, record
from shared.pages import Page, PageQuery
from shared.problems import Conflict, FieldError, Invalid, NotFound


class AlreadyNominated(Conflict):
    """A nomination of this person is open already."""


class NominationDecided(Conflict):
    """The nomination has been decided."""


class OwnNomination(Conflict):
    """Nobody endorses or decides on their own nomination."""


class AlreadyEndorsed(Conflict):
    """This colleague has endorsed the nomination before."""


def nominate(session: Session, body: NominationIn) -> NominationOut:
    """Put a person forward for a seat, or for the team; raises UnknownPerson, NoSuchSeat or AlreadyNominated."""
    nominee = people.find(session, body.employee_number)
    if body.seat is not None and session.get(Seat, body.seat) is None:
        raise seats.NoSuchSeat(f"There is no seat {body.seat}.")
    waiting = select(Nomination.id).where(Nomination.person == nominee.id, Nomination.state == "open")
    if session.exec(waiting).first() is not None:
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
    session.flush()
    return shown(session, [nomination])[0]


def seen(session: Session) -> SelectOfScalar[Nomination]:
    """Return the query for nominations, for a key that is limited to departments those of their people."""
    return select(Nomination).where(*people.reach(session, col(Nomination.person)))


def get(session: Session, nomination_id: str) -> Nomination:
    """Return a nomination for a change, which happens one at a time; raises NotFound."""
    nomination = session.exec(seen(session).where(Nomination.id == nomination_id).with_for_update()).first()
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
    """Appoint the nominee to a seat, or decline with a reason.

    Raises NominationDecided, OwnNomination, NoSuchSeat, SeatTaken, or Invalid when no seat is named anywhere.
    """
    nomination = get(session, nomination_id)
    expect(nomination.revision, if_match)
    if nomination.state != "open":
        raise NominationDecided(f"The nomination is {nomination.state}.")
    caller = session.context.caller
    if caller and caller.person == nomination.person:
        raise OwnNomination
    if body.decision == "appoint":
        key = body.seat or nomination.seat
        if key is None:
            raise Invalid("An appointment needs a seat.", errors=[FieldError(pointer="/seat", detail="needed here")])
        nomination.seat = seats.fill(session, key, nomination.person).key
    nomination.state = "appointed" if body.decision == "appoint" else "declined"
    nomination.reason, nomination.decided_at = body.reason, session.now
    nomination.decided_by = caller.id if caller else None
    nomination.revision += 1
    record(session, f"team.nomination.{nomination.state}", f"nominations/{nomination.id}", person=nomination.person)
    session.flush()
    return shown(session, [nomination])[0]


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
            **nomination.model_dump(exclude={"person", "decided_by"}),
            employee_number=number(nomination.person),
            endorsements=[
                EndorsementOut(employee_number=number(each.person), words=each.words, created_at=each.created_at)
                for each in endorsements
                if each.nomination_id == nomination.id
            ],
        )
        for nomination in nominations
    ]
