"""The seats of the task team and who holds them."""

from datetime import datetime, timedelta

from sqlmodel import col, func, select

from services.policy.domain import certificates, charter, people
from services.policy.domain.rows import add_once
from services.policy.schemas.task_team import (
    DepartureIn,
    MemberOut,
    SeatChange,
    SeatIn,
    SeatOut,
    SeatTerms,
    TeamOut,
    TermsOut,
)
from services.policy.tables import Nomination, Person, Seat
from shared import pages
from shared.conditions import expect
from shared.db import Session
from shared.events.policy import TaskTeamChangedV1
from shared.evidence import digest_of, record
from shared.outbox import tell
from shared.pages import Page, PageQuery
from shared.problems import Conflict, FieldError, Invalid, NotFound
from shared.snapshots import gone

KEPT = {"role", "department", "region", "network", "language", "topics", "term_days", "term_ends_at", "vacate_at"}


class SeatExists(Conflict):
    """There is a seat with this key already."""


class SeatTaken(Conflict):
    """Somebody holds this seat."""


class SeatVacant(Conflict):
    """Nobody holds this seat."""


class NotCertified(Conflict):
    """The team's seats are for those who hold its certification."""


class NoSuchSeat(NotFound):
    """The task team has no such seat, or it is not yours."""


def create(session: Session, body: SeatIn) -> SeatOut:
    """Add a seat to the team, with nobody on it; raises SeatExists."""
    seat = Seat.model_validate(body.model_dump(mode="json"))
    if not add_once(session, seat):
        raise SeatExists(f"The key {body.key} is taken.")
    record(session, "team.seat.opened", f"seats/{seat.key}")
    tell(session, told(seat, "opened"))
    return shown(seat, None)


def replace(session: Session, key: str, body: SeatTerms, if_match: int | None) -> SeatOut:
    """Say anew what a seat stands for, or open it under this key; who holds it stays. Raises Stale."""
    if if_match is None and add_once(session, Seat(key=key, **body.model_dump(mode="json"))):
        seat = get(session, key)
        record(session, "team.seat.opened", f"seats/{key}")
        tell(session, told(seat, "opened"))
        return shown(seat, None)
    return write(session, reached(session, key), body.model_dump(), if_match)


def change(session: Session, key: str, body: SeatChange, if_match: int | None) -> SeatOut:
    """Change what the body names; raises NoSuchSeat, Stale, SeatVacant, or Invalid for an end in the past."""
    seat, changes = reached(session, key), body.model_dump(exclude_unset=True)
    changes = {name: value for name, value in changes.items() if value is not None or name not in {"role", "topics"}}
    if body.term_ends_at is not None:
        if seat.person is None:
            raise SeatVacant("Only an appointment has a term that ends.")
        refuse_past(session, body.term_ends_at)
    return write(session, seat, changes, if_match)


def write(session: Session, seat: Seat, changes: dict[str, object], if_match: int | None) -> SeatOut:
    """Write changes to a seat that is locked, and tell them."""
    expect(seat.revision, if_match)
    for name, value in changes.items():
        setattr(seat, name, list(value) if isinstance(value, tuple) else value)
    if "term_ends_at" in changes:
        seat.noticed_at = None
    seat.revision += 1
    session.flush()
    record(session, "team.seat.changed", f"seats/{seat.key}", content_hash=digest_of(told(seat, "changed")))
    tell(session, told(seat, "changed"))
    return show(session, seat.key)


def close(session: Session, key: str, if_match: int | None) -> None:
    """Remove a vacant seat from the team; raises NoSuchSeat, Stale or SeatTaken."""
    seat = reached(session, key)
    expect(seat.revision, if_match)
    if seat.person is not None:
        raise SeatTaken(f"The seat {key} is taken; its holder has to leave it first.")
    record(session, "team.seat.closed", f"seats/{key}")
    tell(session, told(seat, "closed"))
    session.delete(seat)


def get(session: Session, key: str) -> Seat:
    """Return a seat for a change, which happens one at a time; raises NoSuchSeat."""
    statement = select(Seat).where(Seat.key == key).with_for_update()
    seat = session.exec(statement.execution_options(populate_existing=True)).first()
    if seat is None:
        raise NoSuchSeat(f"There is no seat {key}.")
    return seat


def reached(session: Session, key: str) -> Seat:
    """Return a seat for a change; a key limited to departments changes seats of their people, and their vacant ones.

    Raises NoSuchSeat.
    """
    seat, caller = get(session, key), session.context.caller
    if caller is not None and caller.departments is not None:
        holder = session.get(Person, seat.person) if seat.person else None
        if (holder.department if holder else seat.department) not in caller.departments:
            raise NoSuchSeat(f"There is no seat {key}.")
    return seat


def fill(session: Session, key: str, person: str, ends_at: datetime | None = None) -> Seat:
    """Give a vacant seat to a person, for its usual term unless `ends_at` is named.

    Raises NoSuchSeat, SeatTaken, NotCertified, or Invalid for an end in the past.
    """
    seat = get(session, key)
    if seat.person is not None:
        raise SeatTaken(f"The seat {key} is taken.")
    return seat_person(session, seat, person, ends_at, "appointed")


def seat_person(session: Session, seat: Seat, person: str, ends_at: datetime | None, how: str) -> Seat:
    """Put a person on a seat that is locked, and tell how; raises NotCertified or Invalid."""
    required = charter.terms(session).required_certification
    if required is not None and required not in certificates.held_by(session, person):
        raise NotCertified(f"A seat needs the certification {required}.")
    refuse_past(session, ends_at)
    seat.person, seat.since = person, session.now
    seat.term_ends_at = ends_at or (session.now + timedelta(days=seat.term_days) if seat.term_days else None)
    seat.noticed_at, seat.lapsing_since, seat.vacate_at = None, None, None
    seat.revision += 1
    record(session, f"team.member.{how}", f"seats/{seat.key}", person=person)
    tell(session, told(seat, how))
    return seat


def refuse_past(session: Session, ends_at: datetime | None) -> None:
    """Raise Invalid for a term that would have ended already."""
    if ends_at is not None and ends_at <= session.now:
        raise Invalid(
            "A term cannot end in the past.", errors=[FieldError(pointer="/term_ends_at", detail="lies in the past")]
        )


def clear(session: Session, seat: Seat, why: str) -> None:
    """Leave a seat that is locked without a holder, and tell why."""
    person = seat.person
    seat.person, seat.since, seat.term_ends_at, seat.last_holder = None, None, None, person
    seat.noticed_at, seat.lapsing_since, seat.vacate_at = None, None, None
    seat.revision += 1
    record(session, f"team.member.{why}", f"seats/{seat.key}", person=person)
    tell(session, told(seat, why))


def depart(session: Session, key: str, body: DepartureIn, if_match: int | None) -> SeatOut:
    """Let a member leave a seat, of their own will or a lead's; raises NoSuchSeat, Stale or SeatVacant."""
    seat = held(session, key)
    expect(seat.revision, if_match)
    record(session, "team.departure", f"seats/{key}", content_hash=digest_of(body.reason), person=seat.person)
    clear(session, seat, "departed")
    return shown(seat, None)


def held(session: Session, key: str) -> Seat:
    """Return a seat for a change that is its holder's or a lead's affair; raises NoSuchSeat or SeatVacant."""
    seat, caller = reached(session, key), session.context.caller
    if caller and not caller.has("team:write") and caller.person != seat.person:
        raise NoSuchSeat(f"You hold no seat {key}.")
    if seat.person is None:
        raise SeatVacant(f"The seat {key} is vacant.")
    return seat


def vacate_all(session: Session, person: str) -> None:
    """Free the seats of a person who has left."""
    for seat in session.exec(select(Seat).where(Seat.person == person).order_by(col(Seat.key)).with_for_update()).all():
        clear(session, seat, "left")


def hand_over(session: Session, person: str, to: str) -> None:
    """Let the entry that goes on for a person sit where their other entry sat."""
    for seat in session.exec(select(Seat).where(Seat.person == person).order_by(col(Seat.key)).with_for_update()).all():
        seat.person = to
        seat.revision += 1
        record(session, "team.member.merged", f"seats/{seat.key}", person=to)
        tell(session, told(seat, "merged"))


def told(seat: Seat, change: str) -> TaskTeamChangedV1:
    """Return the event that tells a seat as it is after a change."""
    return TaskTeamChangedV1(seat=seat.key, person=seat.person, change=change, **seat.model_dump(include=KEPT))


def told_closed(session: Session, after: str | None, limit: int) -> list[TaskTeamChangedV1]:
    """Return what is told of seats that there once were, with a key after `after`."""
    return [
        TaskTeamChangedV1(seat=key, role="", change="closed")
        for key in gone(session, "task_team", select(Seat.key), after, limit)
    ]


def shown(seat: Seat, person: Person | None) -> SeatOut:
    """Show a seat with its holder's employee number."""
    state = "vacant" if seat.person is None else "lapsing" if seat.lapsing_since is not None else "filled"
    return SeatOut(state=state, employee_number=person.employee_number if person else None, **seat.model_dump())


def show(session: Session, key: str) -> SeatOut:
    """Return a seat; raises NoSuchSeat."""
    seat = session.get(Seat, key)
    if seat is None:
        raise NoSuchSeat(f"There is no seat {key}.")
    return shown(seat, session.get(Person, seat.person) if seat.person else None)


def list_all(session: Session, paging: PageQuery) -> Page[SeatOut]:
    """Return the seats, by key."""
    page: Page[Seat] = pages.page(session, select(Seat), paging, key=Seat.key, to=lambda seat: seat)
    holders = people.by_id(session, {seat.person for seat in page.items if seat.person})
    return Page(
        items=[shown(seat, holders.get(seat.person or "")) for seat in page.items], next_cursor=page.next_cursor
    )


def members(session: Session, paging: PageQuery) -> Page[MemberOut]:
    """Return who holds which seat, by seat."""
    held_seats = select(Seat).where(col(Seat.person).is_not(None), *people.reach(session, col(Seat.person)))
    page: Page[Seat] = pages.page(session, held_seats, paging, key=Seat.key, to=lambda seat: seat)
    holders = people.by_id(session, {seat.person for seat in page.items if seat.person})
    items = [
        MemberOut(
            **holder.model_dump(include={"employee_number", "name", "department", "region"}),
            seat=seat.key,
            **seat.model_dump(include={"role", "since", "term_ends_at"}),
        )
        for seat in page.items
        if (holder := holders.get(seat.person or ""))
    ]
    return Page(items=items, next_cursor=page.next_cursor)


def is_member(session: Session, *roles: str) -> bool:
    """Tell whether the caller holds a seat, of one of these roles if any are named."""
    caller = session.context.caller
    if caller is None or caller.person is None:
        return False
    mine = select(Seat.key).where(Seat.person == caller.person)
    return session.exec(mine.where(col(Seat.role).in_(roles)) if roles else mine).first() is not None


def team(session: Session) -> TeamOut:
    """Return the team in numbers, with its terms and its charter."""
    counts = select(
        func.count(),
        func.count(col(Seat.person)),
        func.count(func.distinct(Seat.person)),
        func.count(col(Seat.lapsing_since)),
    )
    seats, filled, holders, lapsing = session.exec(counts.select_from(Seat)).one()
    by_state = select(Nomination.state, func.count()).group_by(col(Nomination.state))
    nominations: dict[str, int] = dict(session.exec(by_state).all())
    return TeamOut(
        seats=seats,
        filled=filled,
        members=holders,
        lapsing=lapsing,
        open_nominations=nominations.get("open", 0),
        waiting=nominations.get("waiting", 0) + nominations.get("offered", 0),
        terms=TermsOut.model_validate(charter.terms(session)),
        charter=charter.in_force(session),
    )
