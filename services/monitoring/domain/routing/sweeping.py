"""Nothing stays with somebody who is silent, gone or no longer certified: at once when told, else by the clock."""

from collections.abc import Sequence

from sqlalchemy import bindparam
from sqlmodel import col, select

from services.monitoring.domain.routing import assignments, notices, pauses, requirements, staff
from services.monitoring.domain.routing.hours import after
from services.monitoring.domain.routing.requirements import Requirements
from services.monitoring.settings import terms
from services.monitoring.tables import Availability, Conversation, metadata
from shared.db import Session
from shared.statements import Prebuilt

UNCERTIFIED_FOR_IT = "holds no valid certificate for it"
ROOMS = metadata.tables["availabilities"]
AVAILABLE = Prebuilt(select(ROOMS.c.person).where(ROOMS.c.person == bindparam("person")))
"""Asked for each person of whom anything is told, hundreds of thousands when a directory is loaded."""


def drain(session: Session, person: str, why: str) -> None:
    """Give all that a person has open to others, at once; the caller holds the lock."""
    statement = select(Conversation).where(
        col(Conversation.assignee) == person, col(Conversation.state).in_(assignments.WITH_SOMEONE)
    )
    assignments.give_to_others(
        session, list(session.execute(statement.order_by(col(Conversation.id))).scalars()), lambda _: why
    )


def drain_if_gone(session: Session, person: str) -> None:
    """Drain a person who has left, is away or no longer certified; else give them what waits for them."""
    if AVAILABLE.first(session, person=person) is None:
        return
    assignments.lock(session)
    drain_gone(session, [person])
    assignments.fill(session, [person])


def drain_gone(session: Session, persons: Sequence[str]) -> None:
    """Give to others what these people have open and may not have any more; the caller holds the lock."""
    required = requirements.in_force(session)
    for member in staff.members(session, persons=persons) if persons else []:
        if member.barrier in staff.GONE:
            drain(session, member.row.person, member.barrier)
        elif required.narrow:
            drain_uncertified(session, member, required)


def drain_uncertified(session: Session, member: staff.Member, required: Requirements) -> None:
    """Give to others what a person has open that asks for a certificate which they do not hold."""
    statement = select(Conversation).where(
        col(Conversation.assignee) == member.row.person, col(Conversation.state).in_(assignments.WITH_SOMEONE)
    )
    held = session.execute(statement.order_by(col(Conversation.id))).scalars()
    lost = [one for one in held if required.of(one.network, one.kind) not in member.held]
    assignments.give_to_others(session, lost, lambda _: UNCERTIFIED_FOR_IT)


def sweep(session: Session) -> None:
    """Do what the clock asks: deadlines, certificates and absences that set in, people who came back."""
    assignments.lock(session)
    assignments.give_to_others(session, silent(session), lambda _: assignments.SILENT)
    drain_gone(session, list(session.execute(select(Availability.person).where(col(Availability.open) > 0)).scalars()))
    assignments.fill(session)
    look_again(session)


def silent(session: Session) -> list[Conversation]:
    """Return what was not accepted in time; a deadline moves that a late notice or a pause kept from running."""
    due = (
        select(Conversation)
        .where(col(Conversation.state) == "assigned", col(Conversation.accept_by) <= session.now)
        .order_by(col(Conversation.id))
        .limit(assignments.AT_ONCE)
    )
    late = list(session.execute(due).scalars())
    if not late:
        return []
    standing = pauses.active(session)
    begun = notices.delivered(session, [one.assignment for one in late if one.assignment])
    found = []
    for one in late:
        if pauses.covering(standing, one.network, one.language, one.topic):
            start = session.now
        else:
            start = begun.get(one.assignment or "", session.now)
        row = session.get(Availability, one.assignee)
        accept_by = after(row.hours if row else None, start, terms().accept_within)
        if accept_by > session.now:
            one.accept_by = accept_by
            one.revision += 1
        else:
            found.append(one)
    return found


def look_again(session: Session) -> None:
    """Say anew what is missing for what a pause kept waiting, once it is over."""
    standing = pauses.active(session)
    paused = select(Conversation).where(
        col(Conversation.state).in_(assignments.QUEUED), col(Conversation.missing) == "pause"
    )
    kept = session.execute(paused.order_by(col(Conversation.id)).limit(assignments.AT_ONCE)).scalars()
    assignments.note_what_is_missing(
        session, [one for one in kept if not pauses.covering(standing, one.network, one.language, one.topic)]
    )
