"""Live sessions: a date with a capacity, people who register, and the attendance that makes their module done."""

from dataclasses import dataclass

from sqlmodel import col, select

from services.training.domain import access
from services.training.domain.teaching import courses
from services.training.schemas.live_sessions import (
    CancellationIn,
    LiveSessionIn,
    LiveSessionOut,
    LiveSessionPatch,
)
from services.training.schemas.modules import LiveModule
from services.training.tables import LiveSession, Person
from shared.conditions import expect
from shared.db import Session
from shared.events.training import LiveSessionCancelledV1, LiveSessionScheduledV1, LiveSessionTold
from shared.evidence import digest_of, record
from shared.outbox import tell
from shared.pages import Page, PageQuery, page
from shared.problems import Conflict, FieldError, Invalid, NotFound


class SessionCancelled(Conflict):
    """The live session was cancelled."""


class InvalidDate(Invalid):
    """The live session cannot be held like that."""


def create(session: Session, body: LiveSessionIn) -> LiveSessionOut:
    """Give a live module a date; raises NotFound or InvalidDate."""
    access.refuse_limited(session, "A live session")
    course = courses.load(session, body.course)
    modules = courses.modules_of(session, course.key, course.version) if course.version else []
    if not any(isinstance(module, LiveModule) and module.key == body.module for module in modules):
        raise NotFound(f"The version in force of {course.key} has no live session {body.module}.")
    host = access.get_person(session, body.host, "training:write")
    row = LiveSession(**body.model_dump(exclude={"host"}), host=host.id)
    session.add(row)
    session.flush()
    tell(session, told(LiveSessionScheduledV1, row))
    record(session, "live_session.scheduled", f"live-session/{row.id}", content_hash=digest_of(body))
    return out(session, row)


def change(session: Session, live: str, body: LiveSessionPatch, revision: int | None) -> LiveSessionOut:
    """Change a date, its place or its host; raises NotFound, SessionCancelled, Stale or InvalidDate."""
    access.refuse_limited(session, "A live session")
    row = take(session, live)
    expect(row.revision, revision)
    changes = body.model_dump(exclude_unset=True)
    if body.host is not None:
        changes["host"] = access.get_person(session, body.host, "training:write").id
    row.sqlmodel_update(changes)
    if row.ends_at <= row.starts_at:
        raise InvalidDate(errors=[FieldError(pointer="/ends_at", detail="ends before it starts")])
    if row.capacity < row.taken:
        taken = FieldError(pointer="/capacity", detail=f"{row.taken} people are registered")
        raise InvalidDate(errors=[taken])
    row.revision += 1
    session.add(row)
    tell(session, told(LiveSessionScheduledV1, row))
    record(session, "live_session.changed", f"live-session/{row.id}", content_hash=digest_of(body))
    return out(session, row)


def cancel(session: Session, live: str, body: CancellationIn, revision: int | None) -> LiveSessionOut:
    """Cancel a date; raises NotFound, Stale or SessionCancelled."""
    access.refuse_limited(session, "A live session")
    row = take(session, live)
    expect(row.revision, revision)
    row.cancelled_at = session.now
    row.reason = body.reason
    row.revision += 1
    session.add(row)
    tell(session, told(LiveSessionCancelledV1, row))
    record(session, "live_session.cancelled", f"live-session/{row.id}", content_hash=digest_of(body))
    return out(session, row)


def told(kind: type[LiveSessionTold], row: LiveSession) -> LiveSessionTold:
    """Return what is told of a date."""
    return kind(**row.model_dump(include=set(kind.model_fields)))


@dataclass(frozen=True, slots=True)
class Filter:
    """Which dates are asked for; `upcoming` leaves out what is over or cancelled."""

    course: str | None = None
    module: str | None = None
    host: str | None = None
    upcoming: bool = False


def find(session: Session, paging: PageQuery, which: Filter) -> Page[LiveSessionOut]:
    """List dates in the order in which they were made."""
    query = select(LiveSession)
    if which.course is not None:
        query = query.where(LiveSession.course == which.course)
    if which.module is not None:
        query = query.where(LiveSession.module == which.module)
    if which.host is not None:
        query = query.join(Person, col(Person.id) == col(LiveSession.host)).where(Person.employee_number == which.host)
    if which.upcoming:
        query = query.where(LiveSession.ends_at > session.now, col(LiveSession.cancelled_at).is_(None))
    return page(session, query, paging, key=LiveSession.id, to=lambda row: out(session, row))


def get(session: Session, live: str) -> LiveSessionOut:
    """Return a date; raises NotFound."""
    return out(session, load(session, live))


def load(session: Session, live: str) -> LiveSession:
    """Return the row of a date; raises NotFound."""
    row = session.get(LiveSession, live)
    if row is None:
        raise NotFound("There is no such live session.")
    return row


def take(session: Session, live: str) -> LiveSession:
    """Return the row of a date that is not cancelled, locked; raises NotFound or SessionCancelled."""
    row = load(session, live)
    session.refresh(row, with_for_update=True)
    refuse_cancelled(row)
    return row


def refuse_cancelled(row: LiveSession) -> None:
    """Raise SessionCancelled when a date is not held."""
    if row.cancelled_at is not None:
        raise SessionCancelled


def out(session: Session, row: LiveSession) -> LiveSessionOut:
    """Return a date as everybody sees it."""
    host = session.get(Person, row.host)
    number = host.employee_number if host else ""
    return LiveSessionOut.model_validate({**row.model_dump(), "left": max(0, row.capacity - row.taken), "host": number})
