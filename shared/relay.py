"""From the outbox to the stream: one relay a service, in the process that holds the service's lease."""

import asyncio
import os
import time

import structlog

from shared import outbox
from shared.bus import BATCH_LIMIT, Bus, BusError
from shared.db import Database
from shared.event_metrics import EventMetrics
from shared.streams import StreamSettings, StreamState, ensure_stream, last_position, stream_info
from shared.tasks import DATABASE_AWAY

POLL = 1.0
CHECKED_EVERY = 10.0
"""Seconds after which the relay looks again whether the stream is still the one it knows."""
FAULT = "relay-between-publish-and-mark"

log = structlog.get_logger()


class Relay:
    """Publishes what is told, in order, at least once; whatever it does not know to be published it sends again.

    `fault` names where to die, for tests: `relay-between-publish-and-mark` or, at the n-th time, `...:n`.
    """

    def __init__(
        self,
        name: str,
        db: Database,
        bus: Bus,
        metrics: EventMetrics,
        *,
        stream: StreamSettings | None,
        fault: str | None = None,
    ) -> None:
        self._name = name
        self._db = db
        self._bus = bus
        self._metrics = metrics
        self._stream = stream
        self._wake = asyncio.Event()
        self._checked: float | None = None
        self._connection = -1
        self._position = 0
        point, _, times = (fault or "").partition(":")
        self._deaths_door = int(times or 1) if point == FAULT else 0
        db.on_told(self.wake)
        bus.on_connected(self.wake)

    def wake(self) -> None:
        """Look into the outbox now."""
        self._wake.set()

    async def run(self) -> None:
        """Publish until cancelled. A broker or database that is away is waited for."""
        while True:
            self._wake.clear()
            try:
                more = await self.publish_waiting()
            except (BusError, *DATABASE_AWAY) as error:
                log.warning("events wait in the outbox", service=self._name, error=str(error))
                self._checked = None
                more = False
                await asyncio.sleep(POLL / 4)
            if not more:
                await self._pause()

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(POLL):
                await self._wake.wait()
        except TimeoutError:
            return

    async def publish_waiting(self) -> bool:
        """Publish one batch; return whether more may wait. Raises BusError when the broker does not take all of it."""
        if not self._bus.connected:
            return False
        await self._check_stream()
        messages = await self._db.read(outbox.waiting_messages, BATCH_LIMIT)
        if not messages:
            return False
        published = await self._bus.publish(messages)
        if published.positions:
            self._die_here_if_asked()
            self._note(max(published.positions.values()))
            await self._db.write(outbox.mark_published, published.positions, self._position)
            self._metrics.published.inc(len(published.positions))
        if published.error is not None:
            raise published.error
        return len(messages) == BATCH_LIMIT

    async def _check_stream(self) -> None:
        fresh = self._checked is not None and time.monotonic() - self._checked < CHECKED_EVERY
        if fresh and self._connection == self._bus.connections:
            return
        self._connection = self._bus.connections
        state = await self._state()
        last = await last_position(self._bus, self._name)
        again = await self._db.write(outbox.reconcile, state.created, last)
        if again:
            log.warning("the stream lost events; telling them again", service=self._name, events=again)
        self._position = last
        self._checked = time.monotonic()

    async def _state(self) -> StreamState:
        state = await stream_info(self._bus)
        if state is None and self._stream is not None:
            state = await ensure_stream(self._bus, self._stream)
        if state is None:
            raise BusError("there is no stream yet; the administrator's set-up makes it")
        return state

    def _note(self, position: int) -> None:
        """Look at the stream again when its positions do not go up, as on a stream made anew."""
        if position <= self._position:
            self._checked = None
        self._position = max(self._position, position)

    def _die_here_if_asked(self) -> None:
        if self._deaths_door:
            self._deaths_door -= 1
            if self._deaths_door == 0:
                os._exit(137)
