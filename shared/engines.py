"""Connections to both databases, and psycopg's made to wait in the event loop."""

import asyncio
from collections.abc import Callable
from contextvars import copy_context
from time import perf_counter
from typing import Any, TypeVar, cast

import psycopg
from greenlet import getcurrent, greenlet
from psycopg.abc import PQGen
from psycopg.waiting import Ready, Wait
from sqlalchemy import Connection, Engine, create_engine, event

T = TypeVar("T")

READERS = 4
WRITERS = 8
POOL = 2 * (READERS + WRITERS)
"""Connections to PostgreSQL: the loop has as many as the threads."""


def create_sqlite(url: str, begin: str) -> Engine:
    """Return an engine whose transactions start with `begin`, in WAL mode with a sync at each commit."""
    engine = create_engine(url, connect_args={"check_same_thread": False, "timeout": 10})

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        # pysqlite would send its own BEGIN, late, and none before a SAVEPOINT.
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "temp_store=MEMORY",
            "cache_size=-4000",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        driver = cast("Any", connection.connection.dbapi_connection)
        if not driver.in_transaction:
            connection.exec_driver_sql(begin)

    return engine


def create_postgresql(url: str) -> Engine:
    """Return an engine with room for the threads and the loop."""
    engine = create_engine(url, pool_size=POOL, max_overflow=2, pool_pre_ping=True)

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: object, _record: object, arguments: Any, named: Any) -> psycopg.Connection:
        return PatientConnection.connect(*arguments, **named)

    return engine


class Waiter(greenlet):
    """Runs synchronous code in the event loop's thread; where its database connection would block, the loop goes on."""


class PatientConnection(psycopg.Connection[Any]):
    """psycopg's synchronous connection; in a `Waiter` it leaves the waiting to the loop, elsewhere it blocks."""

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        """Drive one exchange with the server to its end."""
        waiter = getcurrent()
        if not isinstance(waiter, Waiter):
            return super().wait(gen, interval, timeout)
        loop = cast("greenlet", waiter.parent)
        try:
            wanted = next(gen)
            while True:
                wanted = gen.send(loop.switch(self.pgconn.socket, wanted))
        except StopIteration as end:
            return cast("T", end.value)


async def run_waiting(fn: Callable[[], T], held: Callable[[float], None]) -> T:
    """Run `fn` in this thread, and other tasks while its database connection waits; `held` hears of each stretch.

    A stretch is the seconds for which `fn` kept the loop to itself. Who is cancelled leaves when `fn` is done: half a
    conversation with the server can only be ended by giving up the connection.
    """
    loop = asyncio.get_running_loop()
    cancelled: asyncio.CancelledError | None = None
    waiter = Waiter(fn)
    waiter.gr_context = copy_context()

    def go_on(*ready: Ready) -> Any:
        began = perf_counter()
        asked = waiter.switch(*ready)
        held(perf_counter() - began)
        return asked

    try:
        asked = go_on()
        while not waiter.dead:
            try:
                ready = await readiness(loop, *asked)
            except asyncio.CancelledError as error:
                cancelled = error
            else:
                asked = go_on(ready)
    finally:
        if cancelled is not None:
            raise cancelled
    return cast("T", asked)


async def readiness(loop: asyncio.AbstractEventLoop, socket: int, wanted: Wait) -> Ready:
    """Wait until a socket can be read or written, as wanted."""
    ready: asyncio.Future[Ready] = loop.create_future()
    if wanted & Wait.R:
        loop.add_reader(socket, settle, ready, Ready.R)
    if wanted & Wait.W:
        loop.add_writer(socket, settle, ready, Ready.W)
    try:
        return await ready
    finally:
        if wanted & Wait.R:
            loop.remove_reader(socket)
        if wanted & Wait.W:
            loop.remove_writer(socket)


def settle(ready: asyncio.Future[Ready], how: Ready) -> None:
    """Say that a socket is ready; the other way may have come first."""
    if not ready.done():
        ready.set_result(how)
