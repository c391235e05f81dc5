"""Three brokers, a stream on all of them, and our own outbox: what happens when the leader dies.

Proves that a relay and a consumer in the middle of their work live through the death (SIGKILL) of the stream's
leader, three times in the long round: nothing told is lost, nothing is handled twice, the order of an aggregate stays.
Does not prove what a power cut does: the page cache of a killed process survives.
"""

import asyncio
import contextlib
import json
import subprocess
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import orjson
import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import func, select

from shared.backbone import Backbone
from shared.bus import STREAM, Bus, BusError
from shared.clock import ShiftedClock
from shared.db import Database, Session, insert
from shared.events.training import PersonChangedV1
from shared.inbox import Handlers
from shared.outbox import tell
from shared.settings import ServiceSettings
from shared.snapshots import Snapshots
from shared.tables import counters, inbox, outbox
from shared.timers import Timers
from tests.conftest import Templates
from tests.faults.processes import LOOK, bus_to, read_stream, steady_port, until
from tests.servers import NATS, wait_until_listening

PEOPLE = 20
EVENTS_BETWEEN = 600
"""Events that must get through before each death, and after it before the dead one comes back."""
AHEAD = 3_000
"""Events that may wait in the outbox: without a bound, what is told while the brokers elect takes minutes to handle."""


@dataclass
class Node:
    """One broker of the cluster."""

    name: str
    folder: Path
    port: int = field(default_factory=steady_port)
    route: int = field(default_factory=steady_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"nats://127.0.0.1:{self.port}"

    def start(self, routes: list[str]) -> None:
        """Start on the same ports and store."""
        self.folder.mkdir(parents=True, exist_ok=True)
        store = json.dumps(str(self.folder / "store"))
        (self.folder / "nats.conf").write_text(
            f"server_name: {self.name}\nlisten: 127.0.0.1:{self.port}\n"
            f"jetstream {{\n  sync_interval: always\n  store_dir: {store}\n}}\n"
            f"cluster {{\n  name: harbour\n  listen: 127.0.0.1:{self.route}\n  routes: {json.dumps(routes)}\n}}\n"
        )
        with (self.folder / "nats.log").open("ab") as log:
            self.process = subprocess.Popen([str(NATS), "-c", str(self.folder / "nats.conf")], stdout=log, stderr=log)
        wait_until_listening(self.port, self.process)

    def kill(self) -> None:
        """End it at once."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@dataclass
class Cluster:
    """Three brokers that know each other."""

    nodes: dict[str, Node]

    @property
    def url(self) -> str:
        """All addresses, as the settings take them."""
        return ",".join(node.url for node in self.nodes.values())

    def start(self, name: str) -> None:
        """Start one of the brokers, on the store that it had."""
        self.nodes[name].start([f"nats://127.0.0.1:{node.route}" for node in self.nodes.values()])

    async def leader(self, bus: Bus) -> str:
        """Return the name of the broker that leads the stream, once there is one."""
        end = time.monotonic() + 30
        while time.monotonic() < end:
            with contextlib.suppress(BusError):
                info = (await bus.api(f"STREAM.INFO.{STREAM}"))["cluster"]
                replicas = info.get("replicas", [])
                if info.get("leader") and len(replicas) == 2 and all(replica["current"] for replica in replicas):
                    return str(info["leader"])
            await asyncio.sleep(LOOK)
        raise TimeoutError("the stream has no leader with two replicas that are up to date")


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[Cluster]:
    """Three brokers on loopback, ready to make streams with three replicas."""
    made = Cluster({name: Node(name, tmp_path / name) for name in ("n1", "n2", "n3")})
    try:
        for name in made.nodes:
            made.start(name)
        yield made
    finally:
        for node in made.nodes.values():
            node.kill()


def count_changes(event: PersonChangedV1, session: Session) -> None:
    """Count each event of a person: one that was handled twice would count twice."""
    statement = insert(session, counters).values(name=event.id, value=1)
    session.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"value": counters.c.value + 1}))


def change_some(session: Session, number: int) -> None:
    """Tell of three people, as a change of theirs would."""
    people = [(number + step) % PEOPLE for step in range(3)]
    tell(session, *(person_changed(person, number) for person in people))


def person_changed(person: int, number: int) -> PersonChangedV1:
    """Return an event of a person."""
    return PersonChangedV1(
        id=f"person-{person}", employee_number=f"E-{person}", user_name=f"e{person}", name=f"Name {number}",
        email=f"e{person}@harbour.example", department="Care", region="EMEA", languages=["en"],
    )  # fmt: skip


@dataclass
class Side:
    """One service's end of the backbone, in this process."""

    db: Database
    backbone: Backbone

    async def stop(self) -> None:
        """Leave the stream and close the database."""
        await self.backbone.stop()
        self.db.stop()


@pytest.fixture
async def join(
    cluster: Cluster, templates: Templates, tmp_path: Path, clock: ShiftedClock
) -> AsyncIterator[Callable[[str, Handlers], Side]]:
    """Let a service join the cluster's stream: `join(name, handlers)`."""
    settings = ServiceSettings(nats_url=cluster.url, nats_replicas=3)
    joined: list[Side] = []

    def make(name: str, handlers: Handlers) -> Side:
        folder = tmp_path / name
        folder.mkdir()
        db = Database(templates.copy("sqlite", "backbone", folder), clock)
        bus = Bus(settings, name)
        parts = handlers, Timers(), Snapshots(), settings, CollectorRegistry()
        joined.append(Side(db, Backbone(name, db, bus, *parts)))
        return joined[-1]

    yield make
    for side in joined:
        await side.stop()


@dataclass
class Writer:
    """Changes people without a pause, as far as it may be ahead of the relay, until it is told to stop."""

    db: Database
    told: int = 0
    going_on: bool = True

    async def run(self) -> None:
        """Write unit after unit."""
        behind = 0
        while self.going_on:
            if self.told - behind >= AHEAD:
                behind = await self.db.read(published)
                await asyncio.sleep(LOOK)
                continue
            await self.db.write(change_some, self.told)
            self.told += 3


def published(session: Session) -> int:
    """Return how many events the relay knows to be on the stream."""
    waits_not = select(func.count()).select_from(outbox).where(outbox.c.published_at.is_not(None))
    return int(session.execute(waits_not).scalar_one())


def handled(session: Session) -> tuple[int, int]:
    """Return how many events are noted as handled, and how many effects they had."""
    noted = session.execute(select(func.count()).select_from(inbox)).scalar_one()
    return noted, int(session.execute(select(func.sum(counters.c.value))).scalar_one() or 0)


def told_ids(session: Session) -> list[str]:
    """Return the ids of all events told, in order."""
    return list(session.execute(select(outbox.c.id).order_by(outbox.c.seq)).scalars())


async def progress(db: Database, events: int) -> None:
    """Wait until so many further events are published."""
    aim = await db.read(published) + events

    async def reached() -> bool:
        return await db.read(published) >= aim

    await until(reached, f"{events} further events on the stream")


@pytest.mark.timeout(240)
@pytest.mark.parametrize("deaths", [pytest.param(1, id="once"), pytest.param(3, id="thrice", marks=pytest.mark.long)])
async def test_the_death_of_the_leader_loses_nothing_and_doubles_nothing(
    cluster: Cluster, join: Callable[[str, Handlers], Side], deaths: int
) -> None:
    handlers = Handlers()
    handlers.on(PersonChangedV1)(count_changes)
    teller, listener = join("training", Handlers()), join("policy", handlers)
    await teller.backbone.start()
    await listener.backbone.start()
    writer = Writer(teller.db)
    async with bus_to(cluster.url) as bus, asyncio.TaskGroup() as tasks:
        tasks.create_task(writer.run())
        for _ in range(deaths):
            await progress(teller.db, EVENTS_BETWEEN)
            leader = await cluster.leader(bus)
            cluster.nodes[leader].kill()
            await progress(teller.db, EVENTS_BETWEEN)
            cluster.start(leader)
        writer.going_on = False

    async def all_handled() -> bool:
        return await listener.db.read(handled) == (writer.told, writer.told)

    await until(all_handled, "the effect of every event", within=30)
    messages = await read_stream(cluster.url)
    ids = await teller.db.read(told_ids)
    assert len(ids) == writer.told
    assert {message_id for message_id, _ in messages} == set(ids)
    assert first_versions_go_up(messages)


def first_versions_go_up(messages: list[tuple[str, bytes]]) -> bool:
    """Say whether the events of each aggregate came to the stream in order, repeats aside."""
    latest: dict[str, int] = defaultdict(int)
    seen = set()
    for message_id, body in messages:
        if message_id in seen:
            continue
        seen.add(message_id)
        event = orjson.loads(body)
        if event["aggregateversion"] != latest[event["subject"]] + 1:
            return False
        latest[event["subject"]] += 1
    return True
