"""The event path: from a unit of work that tells, over the outbox and the stream, to an effect that is had once.

Teller and hearer are two processes with a database each, as services are; the baseline is the broker alone between
the same two processes, atomic batches in and our pull loop out. `python -m tests.benchmarks.bench_events`.
"""

import asyncio
import logging
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry
from sqlalchemy import Column, Float, MetaData, String, Table, create_engine, func, select

from shared import migrate, outbox
from shared.backbone import Backbone
from shared.bus import Bus, Message
from shared.clock import SystemClock
from shared.db import Database, Session
from shared.events.monitoring import PostDeletedV1, PostReceivedV1
from shared.ids import new_id
from shared.inbox import Handlers
from shared.pull import Pull
from shared.settings import ServiceSettings
from shared.snapshots import Snapshots
from shared.statements import insert_into
from shared.streams import StreamSettings, ensure_consumer, ensure_stream, subject_of
from shared.timers import Timers
from tests.benchmarks.table import Row, print_table
from tests.servers import NatsServer

COUNT = 20_000
TOGETHER = 100
"""Events that one unit of work tells, as an ingest of posts does."""
LIGHT = 300
metadata = MetaData()
effects = Table("effects", metadata, Column("id", String(36), primary_key=True), Column("at", Float))


KEEP = insert_into(effects, "id")


def post() -> PostReceivedV1:
    """Return an event of about 600 bytes."""
    return PostReceivedV1(
        id=new_id(), network="bench", network_id=new_id(), kind="mention", author="@someone", text="x" * 200, lang="en", posted_at=SystemClock().now()
    )  # fmt: skip


@asynccontextmanager
async def service(
    name: str, nats_url: str, folder: Path, handlers: Handlers
) -> AsyncIterator[tuple[Backbone, Database]]:
    """Run one service's backbone on SQLite."""
    url = f"sqlite:///{folder / name}.db"
    engine = create_engine(url)
    migrate.upgrade(engine, None)
    metadata.create_all(engine)
    engine.dispose()
    settings = ServiceSettings(environment="test", data_dir=folder, nats_url=nats_url, database_url=url)
    db = Database(url, SystemClock())
    parts = (handlers, Timers(), Snapshots(), settings, CollectorRegistry())
    backbone = Backbone(name, db, Bus(settings, name), *parts)
    await backbone.start()
    yield backbone, db
    await backbone.stop()
    db.stop()


async def tell_all(nats_url: str, folder: Path) -> None:
    """Be the teller: say when ready, tell when told to, one event after the other or in bulk."""
    async with service("monitoring", nats_url, folder, Handlers()) as (backbone, db):
        await settled(backbone)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        for line in iter(sys.stdin.readline, ""):
            if line == "bulk\n":
                for _ in range(COUNT // TOGETHER):
                    await db.write(outbox.tell, *(post() for _ in range(TOGETHER)))
            else:
                for _ in range(LIGHT):
                    event = PostDeletedV1(id=f"{time.time()}", deleted_at=SystemClock().now())
                    await db.write(outbox.tell, event)
                    await asyncio.sleep(0.01)
            await settled(backbone)


async def settled(backbone: Backbone) -> None:
    while not await backbone.settled():  # noqa: ASYNC110  what it waits for happens in other processes
        await asyncio.sleep(0.02)


async def publish_all(nats_url: str, folder: Path) -> None:
    """Be the baseline's teller: the same messages straight into the broker."""
    bus = Bus(ServiceSettings(data_dir=folder, nats_url=nats_url), "monitoring")
    await bus.start()
    await bus.wait_connected()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    for _ in range(COUNT // TOGETHER):
        ids = [new_id() for _ in range(TOGETHER)]
        await bus.publish([Message(each, subject_of(PostReceivedV1.type, each), each, b"x" * 600) for each in ids])
    await bus.stop()


@asynccontextmanager
async def process(role: str, nats_url: str, folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start the other process and wait until it is ready."""
    arguments = ["-m", "tests.benchmarks.bench_events", role, nats_url, str(folder)]
    pipe = asyncio.subprocess.PIPE
    running = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdin=pipe, stdout=pipe)
    assert running.stdout is not None
    assert running.stdin is not None
    while (await running.stdout.readline()).strip() != b"ready":
        pass
    yield running
    running.stdin.close()
    await running.wait()


async def begin(running: asyncio.subprocess.Process, what: str) -> float:
    """Let the other process begin; return when."""
    assert running.stdin is not None
    running.stdin.write(f"{what}\n".encode())
    await running.stdin.drain()
    return time.time()


async def raw(nats_url: str, folder: Path) -> float:
    """Return messages per second between two processes, with nothing but the broker between them."""
    bus = Bus(ServiceSettings(data_dir=folder, nats_url=nats_url), "policy")
    await bus.start()
    await bus.wait_connected()
    await ensure_stream(bus, StreamSettings())
    await ensure_consumer(bus, "policy", [f"{PostReceivedV1.type}.*"], 1)
    async with process("raw", nats_url, folder) as other, Pull(bus, "policy") as pull:
        began, had = await begin(other, "go"), 0
        while had < COUNT:
            batch = await pull.next_batch(10)
            await pull.settle(batch)
            had += len(batch)
        seconds = time.time() - began
    await bus.stop()
    return COUNT / seconds


def hearing() -> Handlers:
    """Return handlers whose effect is a row."""
    handlers = Handlers()

    @handlers.on(PostReceivedV1)
    def keep(event: PostReceivedV1, session: Session) -> None:
        KEEP.run(session, {"id": event.id})

    @handlers.on(PostDeletedV1)
    def note(event: PostDeletedV1, session: Session) -> None:
        session.execute(effects.insert(), {"id": new_id(), "at": time.time() - float(event.id)})

    return handlers


async def ours(nats_url: str, folder: Path) -> tuple[float, list[float]]:
    """Return events per second in bulk, and the seconds from telling to effect of single ones."""
    async with (
        service("policy", nats_url, folder, hearing()) as (_backbone, db),
        process("ours", nats_url, folder) as other,
    ):
        began = await begin(other, "bulk")
        await effects_had(db, COUNT)
        seconds = time.time() - began
        await begin(other, "light")
        await effects_had(db, COUNT + LIGHT)
        late = await db.read(
            lambda session: session.execute(select(effects.c.at).where(effects.c.at.is_not(None))).scalars().all()
        )
    return COUNT / seconds, sorted(late)


async def effects_had(db: Database, wanted: int) -> None:
    """Wait for so many effects."""
    while await db.read(count_effects) < wanted:  # noqa: ASYNC110  what it waits for happens in other threads
        await asyncio.sleep(0.05)


def count_effects(session: Session) -> int:
    """Return the number of effects."""
    return int(session.execute(select(func.count()).select_from(effects)).scalar_one())


@contextmanager
def broker() -> Iterator[tuple[str, Path]]:
    """Run a broker with a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        server = NatsServer(Path(folder) / "nats")
        server.start()
        try:
            yield server.url, Path(folder)
        finally:
            server.stop()


async def measure() -> list[Row]:
    """Run baseline and path one after the other, each on a broker of its own."""
    with broker() as (url, folder):
        baseline = await raw(url, folder)
    with broker() as (url, folder):
        speed, late = await ours(url, folder)
    p50, p99 = statistics.median(late) * 1000, late[int(len(late) * 0.99)] * 1000
    return [
        Row(
            "event path, batches",
            speed / baseline,
            f"broker alone {baseline:,.0f}/s",
            ">= 0.5",
            f"{speed:,.0f} events/s",
        ),
        Row("event latency, light load", 6 / p50, "p50 of 6 ms", ">= 1", f"p50 {p50:.1f} ms"),
        Row("event latency, light load", 20 / p99, "p99 of 20 ms", ">= 1", f"p99 {p99:.1f} ms"),
    ]


def run() -> list[Row]:
    """Return the table's rows."""
    return asyncio.run(measure())


if __name__ == "__main__":
    if len(sys.argv) > 1:
        asyncio.run({"ours": tell_all, "raw": publish_all}[sys.argv[1]](sys.argv[2], Path(sys.argv[3])))
    else:
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
        print_table(run())
