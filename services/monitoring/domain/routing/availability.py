"""Availability: what somebody takes on, and when."""

from datetime import datetime

from services.monitoring.domain import people
from services.monitoring.domain.accounts import handle_key
from services.monitoring.domain.routing import assignments, staff, sweeping
from services.monitoring.schemas.availability import (
    AvailabilityIn,
    AvailabilityOut,
    Away,
    Hours,
    PresenceIn,
    PresenceOut,
)
from services.monitoring.settings import terms
from services.monitoring.tables import Availability
from shared.conditions import expect
from shared.context import Principal
from shared.db import Session
from shared.evidence import record
from shared.problems import NotFound


def put(
    session: Session, employee_number: str, body: AvailabilityIn, caller: Principal, stated: int | None
) -> AvailabilityOut:
    """State what somebody takes on; whoever comes online gets what waits, whoever goes away gives back what is open."""
    person = owned(session, employee_number, caller, "conversations:write")
    assignments.lock(session)
    row = session.get(Availability, person)
    if row is None:
        row = Availability(
            person=person,
            languages=[],
            topics=[],
            capacity=0,
            weekly_minutes=0,
            online=False,
            faded_at=session.now,
            idle_since=session.now,
            revision=0,
        )
        session.add(row)
    else:
        expect(row.revision, stated)
    staff.fade(row, session.now)
    row.languages = sorted({language.split("-", 1)[0].lower() for language in body.languages})
    row.topics = sorted(set(body.topics))
    row.not_with = sorted({handle_key(handle) for handle in body.not_with})
    row.capacity, row.weekly_minutes, row.online = body.capacity, body.weekly_minutes, body.online
    row.present_until = None
    row.hours = body.hours.model_dump(mode="json") if body.hours else None
    row.away_from = (body.away.since or session.now) if body.away else None
    row.away_until = body.away.until if body.away else None
    row.revision += 1
    session.flush()
    record(session, "availability.state", f"availability/{person}", person=person)
    sweeping.drain_if_gone(session, person)
    return shown(session, row, employee_number)


def confirm(session: Session, employee_number: str, body: PresenceIn, caller: Principal) -> PresenceOut:
    """Note that somebody is there for a while, or is not; whoever comes back gets what waits for them.

    Confirming again before the time is up prolongs it. It changes nothing of what they stated, so the revision stays.
    """
    person = owned(session, employee_number, caller, "conversations:write")
    assignments.lock(session)
    row = session.get(Availability, person, with_for_update=True)
    if row is None:
        raise NotFound(f"{employee_number} has stated no availability.")
    absent, present = staff.absence(row, session.now), is_online(row, session.now)
    staff.fade(row, session.now)
    row.online = body.present
    row.present_until = session.now + terms().present_within if body.present else None
    session.flush()
    if present != body.present:
        record(session, "availability.confirm", f"availability/{person}", person=person)
    if absent is not None:
        assignments.fill(session, [person])
    barriers = [member.barrier for member in staff.members(session, persons=[person])]
    return PresenceOut(
        employee_number=employee_number,
        present=body.present,
        present_until=row.present_until,
        barrier=barriers[0] if barriers else None,
    )


def read(session: Session, employee_number: str, caller: Principal) -> AvailabilityOut:
    """Return what somebody takes on."""
    person = owned(session, employee_number, caller, "conversations:read")
    people.refuse_hidden(session, person)
    row = session.get(Availability, person)
    if row is None:
        raise NotFound(f"{employee_number} has stated no availability.")
    return shown(session, row, employee_number)


def is_online(row: Availability, now: datetime) -> bool:
    """Tell whether somebody says that they are there, and has not let it lapse."""
    return row.online and (row.present_until is None or row.present_until > now)


def owned(session: Session, employee_number: str, caller: Principal, scope: str) -> str:
    """Return the person's id if the caller may act on their availability: with the scope, or as themselves."""
    person = people.by_number(session, employee_number)
    if not caller.has(scope) and caller.person != person.id:
        raise NotFound(f"There is no availability of {employee_number}.")
    return person.id


def shown(session: Session, row: Availability, employee_number: str) -> AvailabilityOut:
    """Show an availability with what is open."""
    return AvailabilityOut(
        employee_number=employee_number,
        languages=row.languages,
        topics=row.topics,
        capacity=row.capacity,
        weekly_minutes=row.weekly_minutes,
        online=is_online(row, session.now),
        hours=Hours.model_validate(row.hours) if row.hours else None,
        away=Away(since=row.away_from, until=row.away_until) if row.away_from else None,
        not_with=row.not_with,
        present_until=row.present_until,
        open=row.open,
        minutes_this_week=staff.minutes_spent(row, session.now),
        revision=row.revision,
    )
