"""A service's part in the event backbone: relay, consumer, timers and snapshots, started and stopped together."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from nats.aio.msg import Msg
from prometheus_client import CollectorRegistry

from shared import dead_letters, inbox, outbox, set_aside
from shared.bus import Bus, BusError
from shared.consumer import Consumer
from shared.db import Database, Session
from shared.event_metrics import EventMetrics
from shared.following import snapshots_missing
from shared.inbox import Handlers
from shared.lanes import RETRY_AFTER
from shared.leases import Lease, lock_for
from shared.problems import Problem
from shared.relay import Relay
from shared.settings import ServiceSettings
from shared.snapshots import Snapshots, SnapshotServer
from shared.streams import StreamSettings, consumer_info
from shared.tasks import end
from shared.timers import Timers, run_once, run_timer

Worker = Callable[[Database, Bus], Coroutine[Any, Any, None]]
"""Long work of a service's own, until cancelled; where the lease is held, and nowhere else."""

SWEPT_EVERY = 10.0
BEGUN_AGAIN_AFTER = (0.5, 2.0, 10.0, 60.0)
"""Seconds; from the first again once a worker has lived longer than the last of them."""
UNKNOWN = -1

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class BackboneState:
    """How a service stands with its events. `consumer_lag` is -1 while the broker cannot be asked."""

    broker_connected: bool
    bootstrapped: bool
    leader: bool
    outbox_waiting: int
    outbox_age: float
    consumer_lag: int
    dead_letters: int
    set_aside: int


class Backbone:
    """Joins one service process to the stream. HTTP may be served by many; the work is done where the lease is held."""

    def __init__(  # noqa: PLR0917  the parts that every service has, in the order they are made
        self,
        name: str,
        db: Database,
        bus: Bus,
        handlers: Handlers,
        timers: Timers,
        snapshots: Snapshots,
        settings: ServiceSettings,
        registry: CollectorRegistry,
        *,
        workers: Sequence[Worker] = (),
        stream: StreamSettings | None = None,
        retry_after: Sequence[float] = RETRY_AFTER,
    ) -> None:
        self.name = name
        self.db = db
        self.handlers = handlers
        self._bus = bus
        self._metrics = EventMetrics(registry)
        made_here = (
            (stream or StreamSettings(replicas=settings.nats_replicas)) if settings.nats_manage_streams else None
        )
        self._relay = Relay(name, db, bus, self._metrics, stream=made_here, fault=settings.fault)
        self._consumer = Consumer(name, db, bus, handlers, self._metrics, stream=made_here, retry_after=retry_after)
        self._server = SnapshotServer(name, db, bus, snapshots)
        self._lease = Lease(name, lock_for(db, name))
        self._timers = Timers([*timers.all])
        self._timers.every(seconds=SWEPT_EVERY)(outbox.sweep)
        self._timers.every(seconds=SWEPT_EVERY)(inbox.sweep)
        self._timers.every(seconds=SWEPT_EVERY)(set_aside.forget_settled)
        self._workers = workers
        self._tasks: list[asyncio.Task[None]] = []
        self._wake = f"shareload.wake.{name}"
        db.on_told(self._let_leader_publish)

    async def start(self) -> None:
        """Begin; returns at once, also when the broker is away."""
        await self._bus.start()
        self._tasks = [
            asyncio.create_task(self._lease.run(self._work), name=f"{self.name} lease"),
            asyncio.create_task(self._server.run(), name=f"{self.name} snapshots"),
            asyncio.create_task(self._listen(), name=f"{self.name} wake"),
        ]

    async def stop(self) -> None:
        """Stop the work, give the lease back and leave the broker."""
        await end(*self._tasks)
        await self._bus.stop()

    def _let_leader_publish(self) -> None:
        """Tell the process that has the lease, where this one has not, that the outbox has something."""
        if not self._lease.held:
            self._bus.notify(self._wake)

    async def _listen(self) -> None:
        await self._bus.wait_connected()
        await self._bus.subscribe(self._wake, self._woken)

    async def _woken(self, _msg: Msg) -> None:
        self._relay.wake()

    async def _work(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._relay.run(), name=f"{self.name} relay")
            tasks.create_task(self._consumer.run(), name=f"{self.name} consumer")
            for timer in self._timers.all:
                tasks.create_task(run_timer(timer, self.db, self._metrics, self.name), name=f"{self.name} {timer.name}")
            for worker in self._workers:
                tasks.create_task(self._keep_at(worker), name=f"{self.name} worker")

    async def _keep_at(self, worker: Worker) -> None:
        """Begin a worker again that ended by a fault of its own, which is nothing to the others."""
        pauses = iter(BEGUN_AGAIN_AFTER)
        while True:
            began = asyncio.get_running_loop().time()
            try:
                await worker(self.db, self._bus)
            except Exception as error:
                self._metrics.workers.inc()
                log.error("worker broke off; beginning again", service=self.name, exc_info=error)
            if asyncio.get_running_loop().time() - began > BEGUN_AGAIN_AFTER[-1]:
                pauses = iter(BEGUN_AGAIN_AFTER)
            await asyncio.sleep(next(pauses, BEGUN_AGAIN_AFTER[-1]))

    async def tick(self) -> None:
        """Run each timer once now."""
        for timer in self._timers.all:
            await run_once(timer, self.db)

    async def state(self) -> BackboneState:
        """Ask database and broker how things stand."""
        waiting = await self.db.read(outbox.waiting_state)
        missing = await self.db.read(snapshots_missing, list(self.handlers.tellers(but=self.name)))
        state = BackboneState(
            broker_connected=self._bus.connected,
            bootstrapped=not missing,
            leader=self._lease.held,
            outbox_waiting=waiting.count,
            outbox_age=waiting.age,
            consumer_lag=await self._lag(),
            dead_letters=await self.db.read(dead_letters.count_dead),
            set_aside=await self.db.read(set_aside.count),
        )
        self._metrics.outbox_waiting.set(state.outbox_waiting)
        self._metrics.outbox_age.set(state.outbox_age)
        self._metrics.consumer_lag.set(state.consumer_lag)
        self._metrics.leader.set(state.leader)
        self._metrics.set_aside.set(state.set_aside)
        return state

    async def _lag(self) -> int:
        if not self.handlers.subjects():
            return 0
        try:
            consumer = await consumer_info(self._bus, self.name)
        except BusError:
            return UNKNOWN
        return consumer.lag if consumer is not None else UNKNOWN

    async def settled(self) -> bool:
        """Say whether all that was told is published, and all that is on the stream is handled here."""
        if not self._lease.tried or (self._lease.held and not self._consumer.following):
            return False
        waits, missing = await self.db.read(self._what_waits)
        return not waits and not missing and await self._lag() == 0

    def _what_waits(self, session: Session) -> tuple[bool, list[str]]:
        waiting = outbox.waiting_state(session)
        return waiting.count > 0, snapshots_missing(session, list(self.handlers.tellers(but=self.name)))

    async def replay(self, event_id: str) -> None:
        """Handle a dead letter again; raises NotFound or StillFails."""
        try:
            await self.db.write(dead_letters.replay, self.handlers, event_id)
        except Problem:
            raise
        except Exception as error:
            raise dead_letters.StillFails(f"{type(error).__name__}: {error}") from error

    async def publish_again(self, since: datetime | None) -> int:
        """Publish kept events once more; return how many."""
        again = await self.db.write(outbox.publish_again, since)
        self._relay.wake()
        return again
