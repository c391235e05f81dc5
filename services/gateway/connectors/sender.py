"""Tells all endpoints, in the process that holds the gateway's lease; in any process, one endpoint by way of a test."""

import asyncio
import time
from collections.abc import Sequence

import structlog
from prometheus_client import CollectorRegistry, Counter
from sqlalchemy import select
from sqlmodel import col

from services.gateway.connectors.channel import Channel, Desk, Keys, post
from services.gateway.connectors.post import Line
from services.gateway.domain.event_log import Logged
from services.gateway.domain.webhooks import endpoints, messages, outcomes
from services.gateway.domain.webhooks.endpoints import Terms
from services.gateway.domain.webhooks.messages import Attempt
from services.gateway.domain.webhooks.outcomes import MOVE, Place
from services.gateway.schemas.webhooks import AttemptOut, TestOut
from services.gateway.settings import GatewaySettings
from services.gateway.stream.hub import Hub
from services.gateway.tables import Delivery, Webhook
from shared.bus import Bus
from shared.clock import Clock
from shared.db import Database, Session
from shared.problems import Problem
from shared.safe import Safe
from shared.tasks import AGAIN, DATABASE_AWAY, end

LOOK = 0.5
"""Seconds between looks: what is due, and what another process changed, is found this late."""
SAVED_EVERY = 5.0
"""Seconds between writes of how far endpoints are that want nothing of what happens."""
BEGUN_AGAIN_AFTER = 5.0
"""Seconds after which an endpoint is told again whose channel broke."""

log = structlog.get_logger()


class Sender:
    """The worker, and what routes ask of it; opened once the fan-out that it reads is there."""

    def __init__(self, settings: GatewaySettings) -> None:
        safe = Safe(settings.webhook_key or settings.data_dir / "webhook-secrets.json", "webhook secrets")
        self.terms = Terms(safe, settings.webhooks_also)
        self._desk: Desk | None = None
        self._opened = asyncio.Event()
        self._woken = asyncio.Event()
        self._channels: dict[str, tuple[Channel, asyncio.Task[None]]] = {}
        self._broken: dict[str, float] = {}

    def open(self, db: Database, clock: Clock, hub: Hub, registry: CollectorRegistry) -> None:
        """Begin, where this process holds the lease."""
        attempts = Counter("shareload_webhook_attempts", "Webhook messages sent.", ["outcome"], registry=registry)
        self._desk = Desk(db, clock, hub, self.terms.safe, self.terms.allowed, attempts)
        self._opened.set()

    def wake(self) -> None:
        """Look at endpoints and what is due now."""
        self._woken.set()

    def hear(self, _epoch: str, _stretch: Sequence[Logged]) -> None:
        """Let every endpoint look at what is new in the log."""
        for channel, _ in self._channels.values():
            channel.news.set()

    async def run(self, _db: Database, _bus: Bus) -> None:
        """Tell all endpoints until cancelled: a worker of the gateway."""
        await self._opened.wait()
        assert self._desk is not None  # noqa: S101  set before it is opened
        saved_at = time.monotonic()
        try:
            while True:
                self._woken.clear()
                try:
                    await self._look(self._desk)
                    if time.monotonic() - saved_at > SAVED_EVERY:
                        saved_at = time.monotonic()
                        await self._save(self._desk)
                except DATABASE_AWAY as error:
                    log.warning("the database is away", error=str(error))
                    await asyncio.sleep(AGAIN)
                try:
                    async with asyncio.timeout(LOOK):
                        await self._woken.wait()
                except TimeoutError:
                    pass
        finally:
            await end(*(task for _, task in self._channels.values()))
            self._channels.clear()

    async def _look(self, desk: Desk) -> None:
        revisions, due = await desk.db.read(read_work)
        for name, (channel, task) in [*self._channels.items()]:
            if task.done() or revisions.get(name) != channel.revision:
                await self._end(name, task)
        fresh = [
            name for name in revisions if name not in self._channels and self._broken.get(name, 0) < time.monotonic()
        ]
        for row in await desk.db.read(read_rows, fresh) if fresh else []:
            self._begin(row, desk)
        for name, (channel, _) in self._channels.items():
            channel.rest()
            if name in due:
                channel.due.set()
            if channel.down:
                channel.news.set()

    def _begin(self, row: Webhook, desk: Desk) -> None:
        try:
            channel = Channel(row, desk)
        except Problem as problem:
            log.error("a webhook cannot be told", webhook=row.id, problem=problem.detail)
            self._broken[row.id] = time.monotonic() + BEGUN_AGAIN_AFTER
            return
        channel.news.set()
        channel.due.set()
        self._channels[row.id] = channel, asyncio.create_task(channel.run(), name=f"webhook {row.id}")

    async def _end(self, name: str, task: asyncio.Task[None]) -> None:
        del self._channels[name]
        broke = task.exception() if task.done() and not task.cancelled() else None
        await end(task)
        if broke is not None:
            log.error("a webhook's channel broke; beginning again", webhook=name, exc_info=broke)
            self._broken[name] = time.monotonic() + BEGUN_AGAIN_AFTER

    async def _save(self, desk: Desk) -> None:
        places = {name: place for name, (each, _) in self._channels.items() if (place := each.unsaved) is not None}
        if places:
            await desk.db.write(save_places, places)
            for name, place in places.items():
                if name in self._channels:
                    self._channels[name][0].saved = place.position

    async def test(self, webhook_id: str) -> TestOut:
        """Send an endpoint an event that only says so, and return what it said; raises NotFound, KeyFileLost."""
        assert self._desk is not None  # noqa: S101  routes answer once it is open
        desk = self._desk
        row = await desk.db.read(endpoints.get_row, webhook_id)
        line = Line(row.url, desk.allowed, desk.clock)
        message = messages.tested(row.id, row.name, desk.clock.now())
        try:
            attempt = await post(line, Keys(row, desk.safe), message, desk.clock.now())
        finally:
            line.close()
        delivery = await desk.db.write(outcomes.add_alone, row.id, message, attempt)
        return TestOut(delivered=attempt.arrived, delivery=delivery, attempt=shown(attempt))


def shown(attempt: Attempt) -> AttemptOut:
    """Return an attempt as it is answered."""
    return AttemptOut.model_validate(attempt)


def read_work(session: Session) -> tuple[dict[str, int], set[str]]:
    """Return the revisions of the endpoints that are told, and those of them at which something is due."""
    active = session.execute(select(col(Webhook.id), col(Webhook.revision)).where(col(Webhook.state) == "active"))
    waiting = (col(Delivery.state) == "waiting", col(Delivery.next_at) <= session.now)
    due = session.execute(select(col(Delivery.webhook)).where(*waiting).distinct()).scalars()
    return {row.id: row.revision for row in active}, set(due)


def read_rows(session: Session, names: Sequence[str]) -> list[Webhook]:
    """Return some endpoints."""
    return list(session.execute(select(Webhook).where(col(Webhook.id).in_(names))).scalars())


def save_places(session: Session, places: dict[str, Place]) -> None:
    """Write down how far endpoints are that had nothing to be told."""
    MOVE.run(session, *({"of": name, "position": at.position, "epoch": at.epoch} for name, at in places.items()))
