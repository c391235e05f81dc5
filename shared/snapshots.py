"""The state that a service tells, page by page, for consumers that are new or that the stream no longer serves.

A page carries the state as events, each with the version of its aggregate, so that a consumer which follows the
stream meanwhile keeps whatever is later.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import orjson
import structlog
from nats.aio.msg import Msg
from pydantic import BaseModel
from sqlalchemy import SelectBase, func, inspect, select

from shared.bus import Bus, BusError
from shared.context import Context
from shared.db import Database, Session, Unit
from shared.dead_letters import bury
from shared.events.base import Event
from shared.following import note_snapshot, snapshots_missing
from shared.ids import new_id
from shared.inbox import Handlers, Heard, handle_snapshot, read_event
from shared.outbox import aggregate_of, envelope_of
from shared.pace import Portion, timed
from shared.patience import run_patiently
from shared.tables import aggregate_versions

PAGE_EVENTS = 500
PAGE_BYTES = 512 * 1024
ASK_AGAIN = 0.25
TAKEN_IN = 0.025
"""Seconds of processor time that a transaction should take which takes over events, and how few it has at least."""
LEAST = 10

Pages = Callable[[Session, str | None, int], Sequence[Event]]
P = TypeVar("P", bound=Pages)
T = TypeVar("T")

log = structlog.get_logger()


def by_id(event: Event) -> str:
    """Return the id of what an event is about: the key by which most states are read."""
    return event.aggregate_id


@dataclass(frozen=True)
class Source:
    """One kind of state: the event types that re-tell it, those whose outcome they carry, and how a page is read."""

    name: str
    types: frozenset[str]
    stands_for: frozenset[str]
    read: Pages
    key: Callable[[Any], str] = by_id


@dataclass
class Snapshots:
    """What one service can re-tell, in the order of registration: parents before what refers to them.

    A state has an end, too: what has left, closed or been removed is told as such. A consumer that had it open and
    missed the end would keep it open for ever.
    """

    sources: list[Source] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)

    def of(
        self, *types: type[Event], stands_for: Sequence[type[Event]] = (), key: Callable[[Any], str] = by_id
    ) -> Callable[[P], P]:
        """Register `(session, after, limit) -> events`: those of at most `limit` keys > `after`, in the order of keys.

        `stands_for` names types that need not be told again, since these carry the whole state after them as well.
        """

        def register(read: P) -> P:
            self.sources.append(Source(read.__name__, names(types), names(stands_for), read, key))
            return read

        return register

    def leave_out(self, *types: type[Event], because: str) -> None:
        """Say why these are not told again, although another service handles them."""
        self.left_out |= dict.fromkeys(names(types), because)

    def lacking(self, handled: Iterable[str]) -> list[str]:
        """Return which of the types that a consumer handles it would not hear of from a snapshot, nor from one like it."""
        wanted = frozenset(handled)
        told = {name for source in self.sources if source.types & wanted for name in source.types | source.stands_for}
        return sorted(wanted - told - self.left_out.keys())


def names(types: Iterable[type[Event]]) -> frozenset[str]:
    """Return the names of event types."""
    return frozenset(cls.type for cls in types)


def rows_after(session: Session, table: type[T], after: str | None, limit: int) -> Sequence[T]:
    """Return rows of a table in the order of their ids, after one of them."""
    ids = inspect(table).columns["id"]
    query = select(table).order_by(ids).limit(limit)
    return session.execute(query if after is None else query.where(ids > after)).scalars().all()


def gone(session: Session, resource: str, there: SelectBase, after: str | None, limit: int) -> list[str]:
    """Return the ids of what was told of once and is no longer `there`, in their order after one of them.

    What is deleted leaves no row that a snapshot could re-tell; that it was told of is still known.
    """
    told = aggregate_versions.c.aggregate
    known = func.substr(told, len(resource) + 2)
    query = select(known).where(told.startswith(f"{resource}/", autoescape=True), known.not_in(there))
    if after is not None:
        query = query.where(known > after)
    return list(session.execute(query.order_by(known).limit(limit)).scalars())


class PageRequest(BaseModel):
    """Which page: the source by its place among those that tell one of `types`, and the last key had."""

    types: list[str]
    source: int = 0
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Events as CloudEvents JSON, and where the next page begins; without a next one, `source` is None."""

    events: list[bytes]
    source: int | None
    after: str | None

    def encode(self) -> bytes:
        """Return the page as JSON, its events as they are."""
        head = orjson.dumps({"source": self.source, "after": self.after})
        return head[:-1] + b',"events":[' + b",".join(self.events) + b"]}"


def subject_for(service: str) -> str:
    """Return the subject on which a service answers for its state."""
    return f"shareload.snapshot.{service}"


def read_page(session: Session, snapshots: Snapshots, request: PageRequest) -> Page:
    """Return one page of at most PAGE_EVENTS aggregates and about PAGE_BYTES; what has nothing to tell takes none."""
    wanted = set(request.types)
    sources = [source for source in snapshots.sources if source.types & wanted]
    after = request.after
    for place in range(request.source, len(sources)):
        source = sources[place]
        state = source.read(session, after, PAGE_EVENTS)
        bodies, last = encode_within_limit(session, source.key, [event for event in state if event.type in wanted])
        if last is None and len({source.key(event) for event in state}) == PAGE_EVENTS:
            last = source.key(state[-1])
        if last is not None:
            return Page(bodies, place, last)
        if bodies:
            return Page(bodies, place + 1 if place + 1 < len(sources) else None, None)
        after = None
    return Page([], None, None)


def encode_within_limit(
    session: Session, key: Callable[[Event], str], state: Sequence[Event]
) -> tuple[list[bytes], str | None]:
    """Encode events until the page is full; return them, and the last one's key when some are left over."""
    versions = told_versions(session, state)
    bodies: list[bytes] = []
    size, last = 0, None
    for event in state:
        body = envelope_of(session, event, new_id(), versions.get(aggregate_of(event), 0), snapshot=True)
        if bodies and size + len(body) > PAGE_BYTES and key(event) != last:
            return bodies, last
        bodies.append(body)
        size += len(body)
        last = key(event)
    return bodies, None


def told_versions(session: Session, state: Sequence[Event]) -> dict[str, int]:
    """Return how many events were told of each aggregate; the state includes all of them."""
    if not state:
        return {}
    aggregates = {aggregate_of(event) for event in state}
    query = select(aggregate_versions.c.aggregate, aggregate_versions.c.version)
    told = session.execute(query.where(aggregate_versions.c.aggregate.in_(aggregates)))
    return {row.aggregate: row.version for row in told}


class SnapshotServer:
    """Answers other services' requests for this one's state; every replica may."""

    def __init__(self, name: str, db: Database, bus: Bus, snapshots: Snapshots) -> None:
        self._name = name
        self._db = db
        self._bus = bus
        self._snapshots = snapshots

    async def run(self) -> None:
        """Begin to answer once the broker is there; the subscription outlives its restarts."""
        await self._bus.wait_connected()
        await self._bus.subscribe(subject_for(self._name), self._answer, queue=self._name)

    async def _answer(self, msg: Msg) -> None:
        page = await self._db.read(read_page, self._snapshots, PageRequest.model_validate_json(msg.data))
        await msg.respond(page.encode())


class SnapshotLoader:
    """Takes over the state of the services whose events are handled here."""

    def __init__(self, name: str, db: Database, bus: Bus, handlers: Handlers, one_at_a_time: asyncio.Lock) -> None:
        self._name = name
        self._db = db
        self._bus = bus
        self._handlers = handlers
        self._one_at_a_time = one_at_a_time
        self._portion = Portion(TAKEN_IN, LEAST, PAGE_EVENTS)

    async def load_missing(self, stream: str) -> None:
        """Load what is missing; a service that does not answer yet is asked again until it does."""
        tellers = self._handlers.tellers(but=self._name)
        while missing := await self._db.read(snapshots_missing, list(tellers)):
            for teller in missing:
                try:
                    await self._load(teller, tellers[teller])
                except BusError as error:
                    log.debug("snapshot not had yet", service=self._name, teller=teller, error=str(error))
                else:
                    await self._db.write(note_snapshot, teller, stream)
                    log.info("snapshot loaded", service=self._name, teller=teller)
            await asyncio.sleep(ASK_AGAIN)

    async def _load(self, teller: str, types: list[str]) -> None:
        request: PageRequest | None = PageRequest(types=types)
        while request is not None:
            answer = orjson.loads(await self._bus.request(subject_for(teller), request.model_dump_json().encode()))
            rest = answer["events"]
            while rest:
                some, rest = rest[: self._portion.size], rest[self._portion.size :]
                await self._take([heard for event in some if (heard := await self._read(event)) is not None])
            more = answer["source"] is not None
            request = PageRequest(types=types, source=answer["source"], after=answer["after"]) if more else None

    async def _read(self, event: dict[str, Any]) -> Heard | None:
        """Read an event; one that cannot be read is kept as a dead letter, as one of the stream is."""
        body = orjson.dumps(event)
        try:
            return read_event(self._handlers, body)
        except ValueError as error:
            subject, reason = f"{event['type']}.snapshot", f"snapshot: cannot be read: {error}"
            await self._db.write(bury, str(event["id"]), subject, body, reason, 1)
            return None

    async def _take(self, heard: list[Heard]) -> None:
        """Handle events in one transaction; if that fails, each event in its own, and those that fail are kept."""
        try:
            await self._handle(heard)
        except Exception:  # noqa: BLE001  whichever event it was, it is found below
            for event in heard:
                await self._take_alone(event)

    async def _handle(self, heard: list[Heard]) -> None:
        async with self._one_at_a_time:
            unit = Unit(timed, (handle_snapshot, self._handlers, heard), context=Context(), what=handle_snapshot)
            _, seconds = (await run_patiently(self._db, unit, self._name)).result
        self._portion.took(len(heard), seconds)

    async def _take_alone(self, event: Heard) -> None:
        try:
            await self._handle([event])
        except Exception as error:  # noqa: BLE001  an operator sees it as a dead letter, the others go on
            envelope = event.envelope
            body = envelope.model_dump_json().encode()
            reason = f"snapshot: {type(error).__name__}: {error}"
            await self._db.write(bury, envelope.id, f"{envelope.type}.snapshot", body, reason, 1)
