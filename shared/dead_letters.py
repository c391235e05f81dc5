"""Events that could not be handled: kept with body and reason until an operator sends them in again."""

import hashlib
from datetime import datetime

from pydantic import BaseModel
from sqlalchemy import func, select, update

from shared.db import Session, insert
from shared.evidence import record
from shared.inbox import Handlers, handle_again, handled_before, read_event
from shared.problems import Conflict, NotFound
from shared.tables import dead_letters, inbox

REASON_LIMIT = 4000


class StillFails(Conflict):
    """The event still cannot be handled."""


class DeadLetter(BaseModel):
    """An event that was given up, and why. `body` is the event as it came."""

    event_id: str
    subject: str
    reason: str
    tries: int
    died_at: datetime
    replayed_at: datetime | None
    body: str


def bury(session: Session, event_id: str, subject: str, body: bytes, reason: str, tries: int) -> None:
    """Keep an event that cannot be handled, and count it as settled so that nothing waits for it."""
    row = {
        "event_id": event_id,
        "subject": subject,
        "body": body,
        "reason": reason[:REASON_LIMIT],
        "tries": tries,
        "died_at": session.now,
    }
    statement = insert(session, dead_letters).values(**row)
    session.execute(statement.on_conflict_do_update(index_elements=["event_id"], set_={**row, "replayed_at": None}))
    if not handled_before(session, [event_id]):
        event_type = subject.rpartition(".")[0]
        session.execute(inbox.insert(), {"event_id": event_id, "type": event_type, "handled_at": session.now})


def count_dead(session: Session) -> int:
    """Return how many events wait for an operator."""
    query = select(func.count()).select_from(dead_letters).where(dead_letters.c.replayed_at.is_(None))
    return int(session.execute(query).scalar_one())


def list_dead(session: Session, after: str | None, limit: int) -> list[DeadLetter]:
    """Return dead letters that were not sent in again, by event id."""
    query = (
        select(dead_letters).where(dead_letters.c.replayed_at.is_(None)).order_by(dead_letters.c.event_id).limit(limit)
    )
    if after is not None:
        query = query.where(dead_letters.c.event_id > after)
    return [DeadLetter(**{**row._mapping, "body": row.body.decode(errors="replace")}) for row in session.execute(query)]  # noqa: SLF001  SQLAlchemy's public name


def replay(session: Session, handlers: Handlers, event_id: str) -> None:
    """Handle a dead letter again, though later events of its aggregate may have been handled since.

    Raises NotFound, or StillFails when its body cannot be read. What a handler raises is the caller's to show.
    """
    row = session.execute(
        select(dead_letters).where(dead_letters.c.event_id == event_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound(f"There is no dead letter {event_id}.")
    try:
        heard = read_event(handlers, row.body)
    except ValueError as error:
        raise StillFails(f"The event cannot be read: {error}") from error
    handle_again(session, handlers, heard)
    session.execute(update(dead_letters).where(dead_letters.c.event_id == event_id).values(replayed_at=session.now))
    record(session, "dead_letter.replayed", f"event/{event_id}", hashlib.sha256(row.body).hexdigest())
