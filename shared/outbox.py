"""What a service tells: rows written in the same transaction as the change they tell of."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import orjson
from sqlalchemy import CursorResult, Row, Table, and_, bindparam, delete, func, select, update

from shared.bus import Message
from shared.db import Session, Told
from shared.events.base import Event
from shared.evidence import record
from shared.ids import new_id
from shared.marks import read_mark, write_mark
from shared.statements import AT_ONCE, DialectInsert, Prebuilt, insert_into
from shared.streams import subject_of
from shared.tables import aggregate_versions, outbox

LARGEST = 512 * 1024
"""Bytes of an event; the broker takes 1 MB a message, and a snapshot page must hold at least one."""
KEPT = timedelta(days=30)
SWEPT_AT_ONCE = 5000
ONE_BY_ONE = 4
"""Aggregates up to which the prebuilt statement, which takes one, is quicker than one that takes all."""


def counted_up(insert_of: Callable[[Table], DialectInsert]) -> DialectInsert:
    """Return what counts up an aggregate's version, or starts it."""
    statement = insert_of(aggregate_versions).values(aggregate=bindparam("aggregate"), version=bindparam("version"))
    return statement.on_conflict_do_update(
        index_elements=["aggregate"],
        set_={"version": aggregate_versions.c.version + statement.excluded.version},
    )


VERSION = (aggregate_versions.c.aggregate, aggregate_versions.c.version)
BEGIN = insert_into(aggregate_versions, "aggregate", "version")
COUNT_UP = Prebuilt(lambda insert_of: counted_up(insert_of).returning(*VERSION))
COUNT_UP_MANY = Prebuilt(counted_up)
TELL = insert_into(outbox, "id", "type", "subject", "aggregate", "body", "traceparent", "cause", "told_at")
MARK_PUBLISHED = Prebuilt(
    update(outbox)
    .where(outbox.c.id == bindparam("event"))
    .values(published_at=bindparam("at"), stream_seq=bindparam("position"))
)


class EventTooLargeError(ValueError):
    """An event that the broker would never take must not enter the outbox: it would hold up all others."""


def tell(session: Session, *events: Event) -> None:
    """Tell the other services, and whoever listens outside, what just happened; sent once this unit commits.

    The aggregate's row lock is taken before the ids are made, so ids, versions and positions of one aggregate agree.
    """
    if not events:
        return
    about = [aggregate_of(event) for event in events]
    begun = {aggregate for event, aggregate in zip(events, about, strict=True) if event.begins}
    next_version = take_versions(session, Counter(about), begun)
    rows = []
    for event, aggregate in zip(events, about, strict=True):
        event_id = new_id()
        rows.append(
            {
                "id": event_id,
                "type": event.type,
                "subject": subject_of(event.type, event.aggregate_id),
                "aggregate": aggregate,
                "body": envelope_of(session, event, event_id, next_version[aggregate]),
                "traceparent": session.context.traceparent,
                "cause": session.context.cause,
                "told_at": session.now,
            }
        )
        next_version[aggregate] += 1
        session.told.append(Told(event_id, event.type))
    TELL.run(session, *rows)


def aggregate_of(event: Event) -> str:
    """Return what an event is about, as the CloudEvents `subject`: `certificate/<id>`."""
    return f"{event.resource()}/{event.aggregate_id}"


def take_versions(session: Session, events: Mapping[str, int], begun: Collection[str] = ()) -> dict[str, int]:
    """Count up the versions of aggregates by their number of events, locking them; return the first new version of each.

    Those that have `begun` here are new, so that they are only noted: nothing of them has to be read. Of the others,
    rows are taken in one order, so that two units that tell of the same aggregates do not lock each other out.
    """
    if begun:
        BEGIN.run(session, *({"aggregate": aggregate, "version": events[aggregate]} for aggregate in begun))
    each = [{"aggregate": aggregate, "version": events[aggregate]} for aggregate in sorted(events.keys() - begun)]
    if len(each) <= ONE_BY_ONE:
        taken = [row for given in each for row in COUNT_UP.rows(session, **given)]
    else:
        COUNT_UP_MANY.run(session, *each)
        names = [given["aggregate"] for given in each]
        # Most are told of for the first time: of those nothing has to be read.
        taken = [(name, 1) for name in names]
        for start in range(0, len(names), AT_ONCE):
            of_these = select(*VERSION).where(VERSION[0].in_(names[start : start + AT_ONCE]), VERSION[1] > 1)
            taken += [tuple(row) for row in session.execute(of_these)]
    return dict.fromkeys(begun, 1) | {aggregate: version - events[aggregate] + 1 for aggregate, version in taken}


def envelope_of(session: Session, event: Event, event_id: str, version: int, **extensions: Any) -> bytes:
    """Return an event as CloudEvents JSON; raises EventTooLargeError."""
    head = {
        "specversion": "1.0",
        "id": event_id,
        "source": f"/{event.teller()}",
        "type": event.type,
        "subject": aggregate_of(event),
        "time": session.now.isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "aggregateversion": version,
        "traceparent": session.context.traceparent,
        "causationid": session.context.cause,
        **extensions,
    }
    stated = orjson.dumps({name: value for name, value in head.items() if value is not None})
    body = stated[:-1] + b',"data":' + event.model_dump_json().encode() + b"}"
    if len(body) > LARGEST:
        raise EventTooLargeError(f"{event.type} has {len(body)} bytes; at most {LARGEST} can be sent")
    return body


@dataclass(frozen=True, slots=True)
class Waiting:
    """Events that are told and not known to be published."""

    count: int
    age: float
    """Seconds since the oldest was told."""


def waiting_messages(session: Session, limit: int) -> list[Message]:
    """Return the next messages to publish, oldest first.

    By what is unpublished and never by `seq > last`: on PostgreSQL a lower number may commit later.
    """
    columns = (outbox.c.id, outbox.c.subject, outbox.c.aggregate, outbox.c.body, outbox.c.traceparent)
    query = select(*columns).where(outbox.c.published_at.is_(None)).order_by(outbox.c.seq).limit(limit)
    return [Message(*row) for row in session.execute(query)]


def waiting_state(session: Session) -> Waiting:
    """Return how much waits, and for how long."""
    query = select(func.count(), func.min(outbox.c.told_at)).where(outbox.c.published_at.is_(None))
    count, oldest = session.execute(query).one()
    return Waiting(count, max(0.0, (session.now - oldest).total_seconds()) if oldest else 0.0)


def mark_published(session: Session, positions: Mapping[str, int], last: int) -> None:
    """Note which events the stream has, and where; `last` is the highest position known."""
    marked = ({"event": event, "position": position, "at": session.now} for event, position in positions.items())
    MARK_PUBLISHED.run(session, *marked)
    write_mark(session, "relay.position", str(last))


def reconcile(session: Session, created: str, last: int) -> int:
    """Publish kept events again that a new or damaged stream does not have; return how many.

    `created` identifies the stream and `last` is the position of this service's last event on it. A stream that was
    made anew gets all that is kept; one that lost its end gets what was published after that.
    """
    known = read_mark(session, "relay.stream")
    position = int(read_mark(session, "relay.position") or 0)
    write_mark(session, "relay.stream", created)
    if known is None or (known == created and position <= last):
        return 0
    lost = outbox.c.stream_seq > last if known == created else outbox.c.stream_seq.is_not(None)
    write_mark(session, "relay.position", str(last if known == created else 0))
    again = session.execute(update(outbox).where(lost).values(published_at=None, stream_seq=None))
    return cast("CursorResult[Any]", again).rowcount


def publish_again(session: Session, since: datetime | None) -> int:
    """Publish kept events once more, those told at `since` or later; consumers know them by their ids."""
    kept = outbox.c.published_at.is_not(None)
    told = kept if since is None else and_(kept, outbox.c.told_at >= since)
    again = session.execute(update(outbox).where(told).values(published_at=None, stream_seq=None))
    record(session, "events.replay", f"events/{since.isoformat() if since else 'all'}")
    return cast("CursorResult[Any]", again).rowcount


def told_because_of(session: Session, causes: Sequence[str]) -> list[Row[tuple[str, str]]]:
    """Return id and type of the events that were told while handling one of `causes`."""
    return list(session.execute(select(outbox.c.id, outbox.c.type).where(outbox.c.cause.in_(causes))))


def sweep(session: Session) -> None:
    """Remove events that were published longer ago than the stream itself keeps them."""
    old = select(outbox.c.seq).where(outbox.c.published_at < session.now - KEPT).limit(SWEPT_AT_ONCE)
    session.execute(delete(outbox).where(outbox.c.seq.in_(old)))
