"""The seats of the task team and who holds them."""

from sqlmodel import col, func, select

from services.policy.domain import people
from services.policy.domain.rows import add_once
from services.policy.schemas.task_team import MemberOut, SeatIn, SeatOut, TeamOut
from services.policy.tables import Nomination, Person, Seat
from shared import pages
from shared.db import Session
from shared.events.policy import TaskTeamChangedV1
from shared.evidence import record
from shared.outbox import tell
from shared.pages import Page, PageQuery
from shared.problems import Conflict, NotFound


class SeatExists(Conflict):
    """There is a seat with this key already."""


class SeatTaken(Conflict):
    """Somebody holds this seat."""


class NoSuchSeat(NotFound):
    """The task team has no such seat."""


def create(session: Session, body: SeatIn) -> SeatOut:
    """Add a seat to the team, with nobody on it; raises SeatExists."""
    seat = Seat.model_validate(body.model_dump())
    if not add_once(session, seat):
        raise SeatExists(f"The key {body.key} is taken.")
    record(session, "team.seat.opened", f"seats/{seat.key}")
    tell(session, told(seat, "opened"))
    return shown(seat, None)


def get(session: Session, key: str) -> Seat:
    """Return a seat for a change, which happens one at a time; raises NoSuchSeat."""
    seat = session.exec(select(Seat).where(Seat.key == key).with_for_update()).first()
    if seat is None:
        raise NoSuchSeat(f"There is no seat {key}.")
    return seat


def fill(session: Session, key: str, person: str) -> Seat:
    """Give a vacant seat to a person; raises NoSuchSeat or SeatTaken."""
    seat = get(session, key)
    if seat.person is not None:
        raise SeatTaken(f"The seat {key} is taken.")
    seat.person, seat.since = person, session.now
    seat.revision += 1
    record(session, "team.member.appointed", f"seats/{seat.key}", person=person)
    tell(session, told(seat, "appointed"))
    return seat


def vacate_all(session: Session, person: str) -> None:
    """Free the seats of a person who has left."""
    for seat in session.exec(select(Seat).where(Seat.person == person).order_by(col(Seat.key)).with_for_update()).all():
        seat.person, seat.since = None, None
        seat.revision += 1
        record(session, "team.member.left", f"seats/{seat.key}", person=person)
        tell(session, told(seat, "left"))


def told(seat: Seat, change: str) -> TaskTeamChangedV1:
    """Return the event that tells a seat as it is after a change."""
    return TaskTeamChangedV1(
        seat=seat.key,
        role=seat.role,
        department=seat.department,
        region=seat.region,
        network=seat.network,
        language=seat.language,
        person=seat.person,
        change=change,
    )


def shown(seat: Seat, person: Person | None) -> SeatOut:
    """Show a seat with its holder's employee number."""
    return SeatOut(employee_number=person.employee_number if person else None, **seat.model_dump())


def list_all(session: Session, paging: PageQuery) -> Page[SeatOut]:
    """Return the seats, by key."""
    page: Page[Seat] = pages.page(session, select(Seat), paging, key=Seat.key, to=lambda seat: seat)
    holders = people.by_id(session, {seat.person for seat in page.items if seat.person})
    return Page(
        items=[shown(seat, holders.get(seat.person or "")) for seat in page.items], next_cursor=page.next_cursor
    )


def members(session: Session, paging: PageQuery) -> Page[MemberOut]:
    """Return who holds which seat, by seat."""
    page: Page[Seat] = pages.page(
        session, select(Seat).where(col(Seat.person).is_not(None)), paging, key=Seat.key, to=lambda seat: seat
    )
    holders = people.by_id(session, {seat.person for seat in page.items if seat.person})
    items = [
        MemberOut(
            **holder.model_dump(include={"employee_number", "name", "department", "region"}),
            seat=seat.key,
            role=seat.role,
            since=seat.since,
        )
        for seat in page.items
        if (holder := holders.get(seat.person or ""))
    ]
    return Page(items=items, next_cursor=page.next_cursor)


def team(session: Session) -> TeamOut:
    """Return the team in numbers."""
    counts = select(func.count(), func.count(col(Seat.person)), func.count(func.distinct(Seat.person))).select_from(
        Seat
    )
    seats, filled, holders = session.exec(counts).one()
    waiting = session.exec(select(func.count()).select_from(Nomination).where(Nomination.state == "open")).one()
    return TeamOut(seats=seats, filled=filled, members=holders, open_nominations=waiting)
