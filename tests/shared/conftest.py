"""Small services of the tests' own, which tell and handle real events over a real broker."""

import asyncio
import logging
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import structlog
from prometheus_client import CollectorRegistry
from sqlalchemy import Column, Integer, MetaData, String, Table, create_engine, select

from shared import outbox, tables
from shared.backbone import Backbone, Worker
from shared.bus import Bus
from shared.clock import ShiftedClock
from shared.db import Database, Session, insert
from shared.events.base import Envelope
from shared.events.training import PersonChangedV1
from shared.inbox import Handlers
from shared.settings import ServiceSettings
from shared.snapshots import Snapshots
from shared.streams import StreamSettings
from shared.timers import Timers
from tests.conftest import Templates
from tests.servers import NatsServer

CONVERGED_WITHIN = 40.0

metadata = MetaData()
effects = Table("effects", metadata, Column("event_id", String(36), primary_key=True), Column("times", Integer))
copies = Table("copies", metadata, Column("id", String(100), primary_key=True), Column("value", String(100)))


def count(envelope: Envelope, session: Session) -> None:
    """Have an effect that shows when it was had twice."""
    statement = insert(session, effects).values(event_id=envelope.id, times=1)
    session.execute(statement.on_conflict_do_update(index_elements=["event_id"], set_={"times": effects.c.times + 1}))


def copy(session: Session, aggregate: str, value: str) -> None:
    """Keep the state of something that another service told of."""
    statement = insert(session, copies).values(id=aggregate, value=value)
    session.execute(statement.on_conflict_do_update(index_elements=["id"], set_={"value": value}))


def person(number: int, name: str = "Ana") -> PersonChangedV1:
    """Return the event of a person whose id holds what subjects refuse."""
    return PersonChangedV1(
        id=f"person {number}.*>é",
        employee_number=f"E-{number}",
        user_name=f"u{number}",
        name=name,
        email=f"u{number}@x.example",
        department="Support",
        region="EMEA",
        languages=["en"],
    )


def listening() -> Handlers:
    """Return handlers that count each event and keep the people's names."""
    handlers = Handlers()

    @handlers.on(PersonChangedV1)
    def keep(event: PersonChangedV1, session: Session) -> None:
        assert session.context.event is not None
        count(session.context.event, session)
        copy(session, event.id, event.name)

    return handlers


@dataclass
class Node:
    """One process of a service: its database and its part in the backbone."""

    name: str
    db: Database
    backbone: Backbone
    bus: Bus

    async def effects(self) -> dict[str, int]:
        """Return how often each event had its effect here."""
        return await self.db.read(lambda session: dict(session.execute(select(effects)).all()))

    async def copies(self) -> dict[str, str]:
        """Return the copy of other services' state."""
        return await self.db.read(lambda session: dict(session.execute(select(copies)).all()))

    async def told(self) -> set[str]:
        """Return the ids of all events told here."""
        return await self.db.read(lambda session: set(session.execute(select(tables.outbox.c.id)).scalars()))

    async def tell(self, *events: Any) -> None:
        """Tell events in one unit of work."""
        await self.db.write(lambda session: outbox.tell(session, *events))


@dataclass
class Services:
    """Makes services on one broker, and stops them after the test."""

    folder: Path
    nats: NatsServer
    database_for: Callable[[str], str]
    clock: ShiftedClock = field(default_factory=ShiftedClock)
    running: list[Node] = field(default_factory=list)
    urls: dict[str, str] = field(default_factory=dict)

    async def start(
        self,
        name: str,
        handlers: Handlers | None = None,
        *,
        snapshots: Snapshots | None = None,
        timers: Timers | None = None,
        workers: Sequence[Worker] = (),
        stream: StreamSettings | None = None,
        retry_after: tuple[float, ...] = (0.05, 0.1),
        **settings: Any,
    ) -> Node:
        """Start a service; one of a name that was started before goes on with its database."""
        if name not in self.urls:
            self.urls[name] = self.database_for(name)
        given = ServiceSettings(
            environment="test", data_dir=self.folder, nats_url=self.nats.url, database_url=self.urls[name], **settings
        )
        db = Database(self.urls[name], self.clock)
        bus = Bus(given, name)
        backbone = Backbone(
            name,
            db,
            bus,
            handlers or Handlers(),
            timers or Timers(),
            snapshots or Snapshots(),
            given,
            CollectorRegistry(),
            workers=workers,
            stream=stream,
            retry_after=retry_after,
        )
        await backbone.start()
        node = Node(name, db, backbone, bus)
        self.running.append(node)
        return node

    async def stop(self, node: Node) -> None:
        """Stop one process of a service in order."""
        self.running.remove(node)
        await node.backbone.stop()
        node.db.stop()

    async def converge(self, teller: Node, hearer: Node) -> None:
        """Wait until all is settled; then what one told must have had its effect at the other, once each."""
        await self.settle()
        heard = await hearer.effects()
        assert set(heard) == await teller.told()
        assert set(heard.values()) <= {1}

    async def settle(self) -> None:
        """Wait until all that was told is published, and handled by all that run."""
        async with asyncio.timeout(CONVERGED_WITHIN):
            calm = 0
            while calm < 2:
                settled = [await node.backbone.settled() for node in self.running]
                calm = calm + 1 if all(settled) else 0
                await asyncio.sleep(0.01)


@pytest.fixture(autouse=True)
def plain_logs() -> Iterator[None]:
    """Keep logs short: structlog's own set-up draws each traceback with all its locals, which takes seconds."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()


@pytest.fixture
async def services(
    tmp_path: Path, nats: NatsServer, database_kind: str, templates: Templates
) -> AsyncIterator[Services]:
    """Services of the test's own, on each kind of database."""

    def make(name: str) -> str:
        folder = Path(tempfile.mkdtemp(prefix=name, dir=tmp_path))
        url = templates.copy(database_kind, "backbone", folder)
        engine = create_engine(url)
        metadata.create_all(engine)
        engine.dispose()
        return url

    made = Services(tmp_path, nats, make)
    yield made
    for node in [*made.running]:
        await made.stop(node)
