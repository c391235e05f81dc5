"""From the stream to the handlers: each event has its effect once, in the order of its aggregate.

Where to go on is kept in the service's own database, in the same transaction as the effects; at every start and
reconnect the server-side consumer is set back to it. So nothing waits for an acknowledgement to time out, nothing
overtakes, and a restored backup reads on from where it was.
"""

import asyncio
import contextlib
from collections.abc import Sequence

import structlog

from shared.bus import Bus, BusError
from shared.context import Context
from shared.db import Database, Session, Unit
from shared.dead_letters import bury
from shared.event_metrics import EventMetrics
from shared.following import Following, begin_following, distrust, note_position
from shared.inbox import Handlers, Heard, Outcome, handle, prepare, read_event
from shared.lanes import RETRY_AFTER, Lanes, Received
from shared.pace import Portion, timed
from shared.patience import run_patiently
from shared.progress import Progress
from shared.pull import ACK, BATCH, TERM, Delivery, Pull, PullLostError
from shared.snapshots import SnapshotLoader
from shared.streams import (
    StreamSettings,
    StreamState,
    consumer_info,
    ensure_consumer,
    ensure_stream,
    reset_consumer,
    stream_info,
)
from shared.tasks import AGAIN, DATABASE_AWAY

IDLE = 30.0
HANDLED_IN = 0.025
"""Seconds of processor time that a transaction of events should take, and how few events it has at least."""
LEAST = 10

log = structlog.get_logger()


class Consumer:
    """One service's durable consumer, run in the process that holds the service's lease."""

    def __init__(
        self,
        name: str,
        db: Database,
        bus: Bus,
        handlers: Handlers,
        metrics: EventMetrics,
        *,
        stream: StreamSettings | None,
        retry_after: Sequence[float] = RETRY_AFTER,
    ) -> None:
        self._name = name
        self._db = db
        self._bus = bus
        self._handlers = handlers
        self._metrics = metrics
        self._stream = stream
        self._lanes = Lanes(retry_after)
        self._pull: Pull | None = None
        self._progress = Progress()
        self._portion = Portion(HANDLED_IN, LEAST, BATCH)
        self._expected: Following | None = None
        # A page of a snapshot and a batch of the stream may tell of the same aggregate: one after the other.
        self._one_at_a_time = asyncio.Lock()
        self._loader = SnapshotLoader(name, db, bus, handlers, self._one_at_a_time)
        self.following = False
        """Whether the stream is being read; not so before the first look at it, and while the broker is away."""
        bus.on_connected(self._begin_again)

    def _begin_again(self) -> None:
        if self._pull is not None:
            self._pull.lose()

    async def run(self) -> None:
        """Follow the stream until cancelled. A broker or database that is away is waited for."""
        if not self._handlers.subjects():
            self.following = True
            return
        while True:
            await self._bus.wait_connected()
            try:
                following = await self._prepare()
                async with asyncio.TaskGroup() as tasks:
                    loading = tasks.create_task(self._loader.load_missing(following.stream))
                    tasks.create_task(self._follow(loading))
            except* (BusError, *DATABASE_AWAY) as errors:
                log.warning(
                    "following the stream again", service=self._name, errors=[str(error) for error in errors.exceptions]
                )
                await asyncio.sleep(AGAIN / 4)

    async def _prepare(self) -> Following:
        """Find out where to go on, and set the server-side consumer to it."""
        stream = await self._find_stream()
        following = await self._db.write(begin_following, self._handlers, stream)
        if following.lost:
            log.warning(
                "the stream does not reach back to what was handled last; loading snapshots", service=self._name
            )
        subjects = self._handlers.subjects()
        consumer = await consumer_info(self._bus, self._name)
        if self._stream is not None and (consumer is None or consumer.subjects != frozenset(subjects)):
            await ensure_consumer(self._bus, self._name, subjects, self._stream.replicas)
        # The event at our position comes once more: by it the stream is known to be the one we read.
        await reset_consumer(self._bus, self._name, following.position + (following.event is None))
        self._expected = following if following.event is not None else None
        self._progress.begin(following)
        self._lanes.clear()
        return following

    async def _find_stream(self) -> StreamState:
        state = await stream_info(self._bus)
        if state is None and self._stream is not None:
            state = await ensure_stream(self._bus, self._stream)
        if state is None:
            raise BusError("there is no stream yet; the administrator's set-up makes it")
        return state

    async def _follow(self, loading: asyncio.Task[None]) -> None:
        try:
            async with Pull(self._bus, self._name) as self._pull:
                self.following = True
                while True:
                    batch = await self._pull.next_batch(self._lanes.wait(IDLE))
                    for received in self._lanes.due():
                        await self._handle([received])
                    await self._handle(await self._admit(await self._recognise(batch)))
                    if not batch and not self._lanes:
                        await self._note_idle()
        finally:
            self.following = False
            self._pull = None
            loading.cancel()

    async def _recognise(self, batch: list[Delivery]) -> list[Delivery]:
        """Check the first delivery against what was handled last; a broker restored from a copy has another there."""
        if self._expected is None or not batch:
            return batch
        first, expected = batch[0], self._expected
        self._expected = None
        if first.position != expected.position or first.headers.get("Nats-Msg-Id") != expected.event:
            await self._db.write(distrust)
            raise PullLostError("the stream has another event where the last one was handled")
        await self._settle(first, expected.event or "", ACK)
        return batch[1:]

    async def _admit(self, batch: Sequence[Delivery]) -> list[Received]:
        """Read what came, and keep back what must wait for an earlier event of its aggregate."""
        admitted = []
        self._progress.receive(batch)
        for delivery in batch:
            try:
                received = Received(delivery, read_event(self._handlers, delivery.body, delivery.position))
            except ValueError as error:
                await self._bury(delivery, f"cannot be read: {error}", 1)
                continue
            if not self._lanes.hold(received):
                admitted.append(received)
        return admitted

    async def _handle(self, batch: Sequence[Received]) -> None:
        """Handle events in as few transactions as others who write can wait for."""
        rest = list(batch)
        while rest:
            size = self._portion.size
            await self._handle_some(rest[:size])
            rest = [received for received in rest[size:] if not self._lanes.hold(received)]

    async def _handle_some(self, batch: Sequence[Received]) -> None:
        """Handle events in one transaction; when one fails, halve until it stands alone."""
        if not batch:
            return
        try:
            await self._handle_together(batch)
        except Exception as error:  # noqa: BLE001  a handler's fault must not stop the other events; it ends as a dead letter
            if len(batch) == 1:
                await self._fail(batch[0], error)
                return
            middle = len(batch) // 2
            await self._handle_some(batch[:middle])
            await self._handle_some([received for received in batch[middle:] if not self._lanes.hold(received)])

    async def _handle_together(self, batch: Sequence[Received]) -> None:
        heard = [received.heard for received in batch]
        with contextlib.suppress(*DATABASE_AWAY):
            await prepare(self._handlers, heard, self._db)
        args = (handle_and_note, self._handlers, heard, *self._progress.after(batch))
        unit = Unit(timed, args, context=Context(), what=handle_and_note)
        async with self._one_at_a_time:
            outcomes, seconds = (await run_patiently(self._db, unit, self._name)).result
        self._portion.took(len(batch), seconds)
        for outcome in outcomes:
            self._metrics.handled.labels(outcome.value).inc()
        for received in batch:
            self._progress.settle(received.delivery, received.heard.envelope.id)
        if self._pull is not None:
            await self._pull.settle([received.delivery for received in batch], ACK)
        for received in batch:
            await self._handle(self._lanes.release(received))

    async def _settle(self, delivery: Delivery, event: str, how: bytes) -> None:
        self._progress.settle(delivery, event)
        if self._pull is not None:
            await self._pull.settle([delivery], how)

    async def _fail(self, received: Received, error: Exception) -> None:
        envelope = received.heard.envelope
        self._metrics.failed.labels(envelope.type).inc()
        tries = self._lanes.fail(received)
        log.error(
            "event failed",
            service=self._name,
            event_id=envelope.id,
            type=envelope.type,
            dead=tries is not None,
            exc_info=error,
        )
        if tries is not None:
            await self._bury(received.delivery, f"{type(error).__name__}: {error}", tries)
            await self._handle(self._lanes.release(received))

    async def _bury(self, delivery: Delivery, reason: str, tries: int) -> None:
        given = delivery.headers.get("Nats-Msg-Id", "")
        name = given if 0 < len(given) <= 36 else f"stream-{delivery.position}"
        await self._db.write(bury, name, delivery.subject, delivery.body, reason, tries)
        self._metrics.dead.labels(delivery.subject.rpartition(".")[0]).inc()
        await self._settle(delivery, given, TERM)

    async def _note_idle(self) -> None:
        """Move the position on over what does not concern this service, so that its ageing is not taken for a loss."""
        stream = await self._find_stream()
        consumer = await consumer_info(self._bus, self._name)
        if consumer is None:
            raise PullLostError("the consumer is gone")
        if consumer.lag == 0 and stream.first > self._progress.position + 1:
            self._progress.begin(Following(stream.created, stream.last))
            await self._db.write(note_position, stream.last, None)


def handle_and_note(
    session: Session, handlers: Handlers, heard: Sequence[Heard], position: int, event: str | None
) -> list[Outcome]:
    """Handle events, and note in the same transaction how far all is handled."""
    outcomes = handle(session, handlers, heard)
    note_position(session, position, event)
    return outcomes
