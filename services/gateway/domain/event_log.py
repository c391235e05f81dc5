"""The public event log: every event of every service once, in one order, with a position that readers resume from.

A cursor names an epoch and a position. The log gets a new epoch when it may have missed events: then its positions
no longer say what a reader has seen, and readers are told to load a snapshot.
"""

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import delete, func, select, update

from services.gateway.tables import event_log
from shared import works_council
from shared.db import Session, insert
from shared.events.base import Envelope
from shared.tables import counters, marks

KEPT = timedelta(days=30)
AT_ONCE = 5000
COUNTER = "event_log"
EPOCH = "event_log_epoch"
WAITING = "event_log"
SNAPSHOTS = ["/v1/people", "/v1/certificates", "/v1/policies", "/v1/findings", "/v1/conversations", "/v1/posts"]
"""Where a reader that missed events reads the present state, before it goes on from the cursor it is given."""


@dataclass(frozen=True, slots=True)
class Logged:
    """One event of the log: its place and its CloudEvents JSON."""

    position: int
    id: str
    type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Extent:
    """What the log holds: its epoch, the position before its oldest event, and that of its newest."""

    epoch: str
    before_oldest: int
    newest: int


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a reader is: it has seen everything up to `position` of `epoch`."""

    epoch: str
    position: int

    def __str__(self) -> str:
        """Return the opaque text that a reader keeps."""
        return base64.urlsafe_b64encode(f"{self.epoch}:{self.position}".encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> "Cursor | None":
        """Return the cursor that a reader sent back, or None when it is not one of ours."""
        try:
            decoded = base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4)).decode()
        except ValueError:
            return None
        epoch, _, position = decoded.partition(":")
        return cls(epoch, int(position)) if position.isascii() and position.isdigit() and len(position) < 19 else None


def append(session: Session, envelope: Envelope) -> None:
    """Add an event at the end of this unit, with all others that it handles; one that is there stays where it is."""
    waiting: list[dict[str, Any]] | None = session.info.get(WAITING)
    if waiting is None:
        waiting = session.info[WAITING] = []
        session.last(lambda: write(session, waiting))
    waiting.append(
        {
            "event_id": envelope.id,
            "type": envelope.type,
            "subject": envelope.subject,
            "body": envelope.model_dump_json(exclude_none=True).encode(),
            "at": session.now,
        }
    )


def write(session: Session, rows: list[dict[str, Any]]) -> None:
    """Give events their positions and keep them; the counter's lock makes positions follow the order of commits."""
    del session.info[WAITING]
    last = take_positions(session, len(rows))
    numbered = [{"position": last - len(rows) + place, **row} for place, row in enumerate(rows, start=1)]
    session.execute(insert(session, event_log).on_conflict_do_nothing(index_elements=["event_id"]), numbered)


def take_positions(session: Session, count: int) -> int:
    """Take the next positions and return the last of them; whoever comes next waits until this transaction has ended."""
    statement = insert(session, counters).values(name=COUNTER, value=count)
    upsert = statement.on_conflict_do_update(index_elements=["name"], set_={"value": counters.c.value + count})
    return int(session.execute(upsert.returning(counters.c.value)).scalar_one())


def after(session: Session, position: int, limit: int) -> list[Logged]:
    """Return up to `limit` events after a position, in order, without whom they would measure where that is hidden.

    Whatever readers get of the log, they get from here.
    """
    columns = event_log.c.position, event_log.c.event_id, event_log.c.type, event_log.c.body
    rows = session.execute(
        select(*columns).where(event_log.c.position > position).order_by(event_log.c.position).limit(limit)
    )
    hiding = works_council.hidden(session)
    return [veiled(Logged(*row), hiding) if hiding else Logged(*row) for row in rows]


def find(session: Session, event_ids: Sequence[str]) -> dict[str, Logged]:
    """Return those of some events that the log still has, as `after` would."""
    columns = event_log.c.position, event_log.c.event_id, event_log.c.type, event_log.c.body
    rows = session.execute(select(*columns).where(event_log.c.event_id.in_(event_ids)))
    hiding = works_council.hidden(session)
    return {row.event_id: veiled(Logged(*row), hiding) if hiding else Logged(*row) for row in rows}


def position_before(session: Session, since: datetime) -> int:
    """Return the position after which everything was logged at `since` or later."""
    first = session.execute(select(func.min(event_log.c.position)).where(event_log.c.at >= since)).scalar_one()
    return extent(session).newest if first is None else int(first) - 1


def veiled(logged: Logged, hiding: works_council.Hidden) -> Logged:
    """Return an event as it is read while figures of single people are hidden."""
    if not works_council.measures(logged.type):
        return logged
    event = orjson.loads(logged.body)
    event["data"] = works_council.without_persons(logged.type, event["data"], hiding)
    return replace(logged, body=orjson.dumps(event))


def position_of_all(session: Session, event_ids: list[str]) -> int | None:
    """Return the last position among these events, or None while one of them is not in the log."""
    found = session.execute(
        select(func.count(), func.max(event_log.c.position)).where(event_log.c.event_id.in_(event_ids))
    ).one()
    return int(found[1] or 0) if found[0] == len(event_ids) else None


def extent(session: Session) -> Extent:
    """Return what the log holds now."""
    epoch = session.execute(select(marks.c.value).where(marks.c.name == EPOCH)).scalar_one()
    newest = session.execute(select(counters.c.value).where(counters.c.name == COUNTER)).scalar_one_or_none() or 0
    oldest = session.execute(select(func.min(event_log.c.position))).scalar_one_or_none()
    return Extent(epoch, newest if oldest is None else oldest - 1, newest)


def open_log(session: Session) -> None:
    """Give a new log its epoch."""
    session.execute(insert(session, marks).values(name=EPOCH, value=secrets.token_hex(4)).on_conflict_do_nothing())


def start_epoch(session: Session) -> None:
    """Say that events may be missing: every cursor given so far is answered with `resync`."""
    session.execute(update(marks).where(marks.c.name == EPOCH).values(value=secrets.token_hex(4)))


def forget_old(session: Session) -> None:
    """Drop events that the log keeps no longer, some at a time; a cursor before them is answered with `resync`."""
    old = select(event_log.c.position).where(event_log.c.at < session.now - KEPT)
    session.execute(delete(event_log).where(event_log.c.position.in_(old.order_by(event_log.c.at).limit(AT_ONCE))))
