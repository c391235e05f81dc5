"""Nothing stays with somebody who is silent, gone or no longer certified: at once when told, else by the clock."""

from collections.abc import Collection, Sequence
from functools import partial

from sqlalchemy import ColumnElement, bindparam
from sqlmodel import col, select

from services.monitoring.domain.routing import assignments, lapsing, notices, pauses, requirements, staff
from services.monitoring.domain.routing.hours import after
from services.monitoring.domain.routing.requirements import Requirements
from services.monitoring.settings import terms
from services.monitoring.tables import Availability, Conversation, metadata
from shared.db import Session
from shared.set_aside import at_hand, do_each
from shared.statements import Prebuilt

UNCERTIFIED_FOR_IT = "holds no valid certificate for it"
SILENT_SWEEP, GONE_SWEEP = "silent people", "people who are gone"
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
    members = staff.members(session, persons=persons) if persons else []
    for member in members:
        if member.barrier in staff.GONE:
            drain(session, member.row.person, member.barrier)
    lost = list(uncertified(session, members, requirements.in_force(session)))
    if lost:
        rows = select(Conversation).where(col(Conversation.id).in_(lost)).order_by(col(Conversation.id))
        conversations = list(session.execute(rows).scalars())
        assignments.give_to_others(session, conversations, lambda _: UNCERTIFIED_FOR_IT)


def uncertified(session: Session, members: Sequence[staff.Member], required: Requirements) -> dict[str, str]:
    """Return what people have open that asks for a certificate which they do not hold, and who has it."""
    held = {member.row.person: member.held for member in members if member.barrier not in staff.GONE}
    if not held or not required.narrow:
        return {}
    statement = select(Conversation.id, Conversation.assignee, Conversation.network, Conversation.kind).where(
        col(Conversation.assignee).in_(held), col(Conversation.state).in_(assignments.WITH_SOMEONE)
    )
    return {
        conversation: person
        for conversation, person, network, kind in session.execute(statement).all()
        if person is not None and required.of(network, kind) not in held[person]
    }


def sweep(session: Session) -> None:
    """Do what the clock asks: deadlines, certificates and absences that set in, people who came back."""
    assignments.lock(session)
    do_each(session, SILENT_SWEEP, late(session), partial(return_silent, session))
    do_each(session, lapsing.STOPPED_SWEEP, lapsing.stopped(session), partial(lapsing.put_off, session))
    do_each(session, lapsing.SWEEP, lapsing.due(session), partial(lapsing.return_lapsed, session))
    do_each(session, GONE_SWEEP, losing(session), partial(drain_gone, session))
    assignments.fill_each(session)
    look_again(session)


def losing(session: Session) -> list[str]:
    """Return who has something open that goes to others."""
    has_some = select(Availability.person).where(
        col(Availability.open) > 0, at_hand(session, GONE_SWEEP, col(Availability.person))
    )
    persons = list(session.execute(has_some).scalars())
    members = staff.members(session, persons=persons) if persons else []
    gone = {member.row.person for member in members if member.barrier in staff.GONE}
    return sorted(gone | set(uncertified(session, members, requirements.in_force(session)).values()))


def late(session: Session) -> list[str]:
    """Return what was not accepted by its deadline."""
    due = select(Conversation.id).where(*unaccepted(session), at_hand(session, SILENT_SWEEP, col(Conversation.id)))
    return list(session.execute(due.order_by(col(Conversation.id)).limit(assignments.AT_ONCE)).scalars())


def unaccepted(session: Session) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on conversations whose deadline to accept is over."""
    return (col(Conversation.state) == "assigned", col(Conversation.accept_by) <= session.now)


def return_silent(session: Session, ids: Collection[str]) -> None:
    """Give to others what nobody accepted in time."""
    assignments.give_to_others(session, silent(session, ids), lambda _: assignments.SILENT)


def silent(session: Session, ids: Collection[str]) -> list[Conversation]:
    """Return what was not accepted in time; a deadline moves that a late notice or a pause kept from running."""
    due = select(Conversation).where(col(Conversation.id).in_(ids), *unaccepted(session))
    late = list(session.execute(due.order_by(col(Conversation.id))).scalars())
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
            assignments.reschedule(session, one, accept_by=accept_by)
        else:
            found.append(one)
    return found


def look_again(session: Session) -> None:
    """Say anew what is missing for what a pause kept waiting, once it is over."""
    standing = pauses.active(session)
    paused = (col(Conversation.state).in_(assignments.QUEUED), col(Conversation.missing) == "pause")
    over = [
        (network, kind, language or "", topic or "")
        for network, kind, language, topic in session.execute(select(*assignments.POOL).where(*paused).distinct()).all()
        if not pauses.covering(standing, network, language, topic)
    ]
    if over:
        kept = select(Conversation).where(*paused, assignments.POOL_KEY.in_(over)).order_by(col(Conversation.id))
        rows = session.execute(kept.limit(assignments.AT_ONCE)).scalars()
        assignments.note_what_is_missing(session, list(rows))
