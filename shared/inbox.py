"""What a service does when it is told something: the registry of its handlers, and each event handled once."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any, TypeVar

from opentelemetry.trace import SpanKind
from sqlalchemy import bindparam, delete, select

from shared.db import Database, Session
from shared.events.base import Envelope, Event
from shared.statements import Prebuilt, insert_into, upsert_into
from shared.tables import aggregates_seen, inbox
from shared.telemetry import step

Handler = Callable[[Any, Session], None]
EveryHandler = Callable[[Envelope, Session], None]
LossHandler = Callable[[Session], None]
Preparation = Callable[[Sequence[Any], Database], Awaitable[None]]
H = TypeVar("H", bound=Callable[[Any, Session], None])
W = TypeVar("W", bound=Callable[[Envelope, Session], None])
L = TypeVar("L", bound=Callable[[Session], None])
P = TypeVar("P", bound=Callable[[Sequence[Any], Database], Awaitable[None]])

KEPT = timedelta(days=45)
"""Longer than the stream and the outboxes keep an event, so that one told again is still known."""
SWEPT_AT_ONCE = 5000
ONE_BY_ONE = 4
"""Rows up to which a prebuilt statement for each is quicker than one statement for all."""
HANDLED = Prebuilt(select(inbox.c.event_id).where(inbox.c.event_id == bindparam("event_id")))
NOTE_HANDLED = insert_into(inbox, "event_id", "type", "handled_at", "stream_seq")
SEEN = Prebuilt(
    select(aggregates_seen.c.aggregate, aggregates_seen.c.version).where(
        aggregates_seen.c.aggregate == bindparam("aggregate")
    )
)
NOTE_VERSION = upsert_into(aggregates_seen, key="aggregate", value="version")


class Handlers:
    """Which functions of a service run for which event, each in the transaction that notes the event as handled.

    A handler may see an event before what it refers to (keep the fact, complete it later) and a state that it
    knows already (write upserts). `session.context.event` is the envelope it handles.
    """

    def __init__(self) -> None:
        self.by_type: dict[str, list[Handler]] = {}
        self.classes: dict[str, type[Event]] = {}
        self.of_every: list[EveryHandler] = []
        self.of_loss: list[LossHandler] = []
        self.preparations: list[tuple[tuple[type[Event], ...], Preparation]] = []

    def on(self, *types: type[Event]) -> Callable[[H], H]:
        """Register a handler `(event, session)` of one or several event types."""

        def register(handler: H) -> H:
            for cls in types:
                self.classes[cls.type] = cls
                self.by_type.setdefault(cls.type, []).append(handler)
            return handler

        return register

    def every(self, handler: W) -> W:
        """Register a handler `(envelope, session)` of all events of all services, in the order of the stream."""
        self.of_every.append(handler)
        return handler

    def on_loss(self, handler: L) -> L:
        """Register what to do when the stream no longer has all that was told since the last event handled here."""
        self.of_loss.append(handler)
        return handler

    def before(self, *types: type[Event]) -> Callable[[P], P]:
        """Register what is done with events of these types, `(events, db)`, before the transaction that handles them.

        For what takes long and can be made in advance. It may be done in vain, or left out where a snapshot is loaded.
        """

        def register(preparation: P) -> P:
            self.preparations.append((types, preparation))
            return preparation

        return register

    def handles(self, event_type: str) -> bool:
        """Say whether an event of this type does anything here."""
        return bool(self.of_every) or event_type in self.by_type

    def subjects(self) -> list[str]:
        """Return the subjects to consume."""
        return [">"] if self.of_every else [f"{event_type}.*" for event_type in sorted(self.by_type)]

    def tellers(self, but: str) -> dict[str, list[str]]:
        """Return the types handled by the service that tells them, but for one service's own."""
        types: dict[str, list[str]] = {}
        for event_type, cls in sorted(self.classes.items()):
            if cls.teller() != but:
                types.setdefault(cls.teller(), []).append(event_type)
        return types


class Outcome(StrEnum):
    """What came of an event: its handlers ran; it was known by its id; a later event of its aggregate was known."""

    HANDLED = "handled"
    DUPLICATE = "duplicate"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Heard:
    """An event as it came: its envelope and, where this service handles its type, the event itself."""

    envelope: Envelope
    event: Event | None
    position: int | None = None

    @property
    def aggregate(self) -> str:
        """What the event is about, unique over all services."""
        return f"{self.envelope.source}/{self.envelope.subject}"


def read_event(handlers: Handlers, body: bytes, position: int | None = None) -> Heard:
    """Read a CloudEvent; raises ValueError when it cannot be read."""
    envelope = Envelope.model_validate_json(body)
    cls = handlers.classes.get(envelope.type)
    return Heard(envelope, cls.model_validate(envelope.data) if cls else None, position)


async def prepare(handlers: Handlers, heard: Sequence[Heard], db: Database) -> None:
    """Do in advance what these events will need."""
    for types, preparation in handlers.preparations:
        events = [one.event for one in heard if isinstance(one.event, types)]
        if events:
            await preparation(events, db)


def handle(session: Session, handlers: Handlers, heard: Sequence[Heard]) -> list[Outcome]:
    """Handle events of the stream in order, all in this unit; one that was handled before changes nothing."""
    known = handled_before(session, [event.envelope.id for event in heard])
    seen = versions_seen(session, heard)
    given = session.context
    new, outcomes = [], []
    for event in heard:
        if event.envelope.id in known:
            outcomes.append(Outcome.DUPLICATE)
            continue
        known.add(event.envelope.id)
        new.append(event)
        superseded = 0 < event.envelope.aggregateversion <= seen.get(event.aggregate, 0)
        outcomes.append(Outcome.SUPERSEDED if superseded else Outcome.HANDLED)
        run_handlers(session, handlers, event, superseded=superseded)
        if not superseded and event.event is not None:
            seen[event.aggregate] = event.envelope.aggregateversion
    session.context = given
    note_handled(session, new)
    note_versions(session, {event.aggregate: seen[event.aggregate] for event in new if event.event is not None})
    return outcomes


def handle_snapshot(session: Session, handlers: Handlers, heard: Sequence[Heard]) -> None:
    """Take over a page of another service's state; where a later state is known, that stays."""
    seen = versions_seen(session, heard)
    given = session.context
    taken = [event for event in heard if event.envelope.aggregateversion >= seen.get(event.aggregate, 0)]
    for event in taken:
        session.context = replace(given, event=event.envelope, traceparent=event.envelope.traceparent)
        for handler in handlers.by_type[event.envelope.type]:
            handler(event.event, session)
    session.context = given
    note_versions(session, {event.aggregate: event.envelope.aggregateversion for event in taken})


def handle_again(session: Session, handlers: Handlers, heard: Heard) -> None:
    """Handle one event whatever is known of it: a dead letter that an operator sends in again."""
    run_handlers(session, handlers, heard, superseded=False)
    if heard.envelope.id not in handled_before(session, [heard.envelope.id]):
        note_handled(session, [heard])
    newest = max(heard.envelope.aggregateversion, versions_seen(session, [heard]).get(heard.aggregate, 0))
    note_versions(session, {heard.aggregate: newest} if heard.event is not None else {})


def run_handlers(session: Session, handlers: Handlers, heard: Heard, *, superseded: bool) -> None:
    """Run the handlers of one event; those of its own type only if it is news."""
    with step(f"handle {heard.envelope.type}", heard.envelope.traceparent, SpanKind.CONSUMER) as traced:
        session.context = replace(session.context, event=heard.envelope, traceparent=traced.traceparent)
        for every in handlers.of_every:
            every(heard.envelope, session)
        if heard.event is not None and not superseded:
            for handler in handlers.by_type[heard.envelope.type]:
                handler(heard.event, session)


def handled_before(session: Session, ids: Sequence[str]) -> set[str]:
    """Return which events were handled."""
    if len(ids) <= ONE_BY_ONE:
        return {row[0] for each in ids for row in HANDLED.rows(session, event_id=each)}
    return set(session.execute(select(inbox.c.event_id).where(inbox.c.event_id.in_(ids))).scalars())


def versions_seen(session: Session, heard: Sequence[Heard]) -> dict[str, int]:
    """Return the latest version handled of each aggregate that these events are about."""
    aggregates = {event.aggregate for event in heard if event.event is not None}
    if len(aggregates) <= ONE_BY_ONE:
        return dict(row for each in aggregates for row in SEEN.rows(session, aggregate=each))
    query = select(aggregates_seen.c.aggregate, aggregates_seen.c.version).where(
        aggregates_seen.c.aggregate.in_(aggregates)
    )
    return {row.aggregate: row.version for row in session.execute(query)}


def note_handled(session: Session, heard: Sequence[Heard]) -> None:
    """Enter events as handled; a second process at the same work fails here and is rolled back."""
    if heard:
        rows = [
            {
                "event_id": event.envelope.id,
                "type": event.envelope.type,
                "handled_at": session.now,
                "stream_seq": event.position,
            }
            for event in heard
        ]
        NOTE_HANDLED.run(session, *rows)


def note_versions(session: Session, versions: dict[str, int]) -> None:
    """Keep the latest version handled of each aggregate."""
    if versions:
        NOTE_VERSION.run(session, *({"aggregate": each, "version": versions[each]} for each in sorted(versions)))


def sweep(session: Session) -> None:
    """Forget events that can no longer come again."""
    old = select(inbox.c.event_id).where(inbox.c.handled_at < session.now - KEPT).limit(SWEPT_AT_ONCE)
    session.execute(delete(inbox).where(inbox.c.event_id.in_(old)))
