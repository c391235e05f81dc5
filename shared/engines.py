"""Connections to both databases, and psycopg's made to wait in the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, cast

import psycopg
from greenlet import getcurrent, greenlet
from psycopg.abc import PQGen
from psycopg.adapt import Transformer
from psycopg.errors import InFailedSqlTransaction
from psycopg.pq import TransactionStatus
from psycopg.pq.abc import PGresult
from psycopg.waiting import Ready, Wait
from sqlalchemy import Connection, Engine, create_engine, event

from shared.exchange import COMMIT, Sent, begin, exchange
from shared.pace import Paces
from shared.units import Unit

T = TypeVar("T")

READERS = 4
WRITERS = 8
KEPT_READERS = 2 * READERS
POOL = READERS + KEPT_READERS + 2 * WRITERS
"""Connections to PostgreSQL at most: the threads' and those that the event loop keeps; the lease has its own."""


def create_sqlite(url: str, begin: str) -> Engine:
    """Return an engine whose transactions start with `begin`, in WAL mode with a sync at each commit."""
    engine = create_engine(url, connect_args={"check_same_thread": False, "timeout": 10}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        # pysqlite would send its own BEGIN, late, and none before a SAVEPOINT.
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "temp_store=MEMORY",
            "cache_size=-1000",
            # What is deleted is overwritten: an erasure leaves nothing in the file.
            "secure_delete=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        driver = cast("Any", connection.connection.dbapi_connection)
        if not driver.in_transaction:
            connection.exec_driver_sql(begin)

    return engine


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds after which PostgreSQL gives up a statement, and a wait for a lock; 0 is never. SQLite knows neither."""

    statement: float = 0
    lock: float = 0

    @property
    def options(self) -> str:
        """What the server is told at the start of a connection."""
        return f" -c statement_timeout={round(self.statement * 1000)} -c lock_timeout={round(self.lock * 1000)}"


def create_postgresql(url: str, timeouts: Timeouts) -> Engine:
    """Return an engine with room for the threads and the loop."""
    engine = create_engine(url, pool_size=POOL, max_overflow=0, pool_pre_ping=True, hide_parameters=True)

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: object, _record: object, arguments: Any, named: Any) -> psycopg.Connection:
        patience = given_up_after(named, idle=5)
        # What psycopg prepares by itself it gives up with all that is prepared, ours too, at the first rollback.
        settings = patience | {"options": f"{timeouts.options} {patience['options']}", "prepare_threshold": None}
        return PatientConnection.connect(*arguments, **settings)

    return engine


def given_up_after(named: dict[str, Any], *, idle: int) -> dict[str, Any]:
    """Add to the parameters of a connection how soon each end gives up the other, `idle` + 3 seconds after its last word.

    By default a peer that died without a word, or is cut off, is waited for over many minutes, or hours: by us with an
    answer due, by the server with the locks that we held.
    """
    ours = {"keepalives_idle": idle, "keepalives_interval": 1, "keepalives_count": 3}
    theirs = "".join(f" -c tcp_{name}={value}" for name, value in ours.items())
    timeout = {"tcp_user_timeout": (idle + 3) * 1000}
    return {"connect_timeout": 10} | ours | timeout | named | {"options": named.get("options", "") + theirs}


class Waiter(greenlet):
    """Runs synchronous code in the event loop's thread; where its database connection would block, the loop goes on."""

    longest = 0.0
    """Seconds for which it kept the loop to itself at a stretch, at most, by its clock."""
    clock: Callable[[], float]

    def go_on(self, *ready: Ready) -> Any:
        """Run it until it waits, or to its end."""
        began = self.clock()
        try:
            return self.switch(*ready)
        finally:
            self.longest = max(self.longest, self.clock() - began)


class SecondStatementError(Exception):
    """What was to be read by one statement asks for another, which would see another state of the database."""


class PatientConnection(psycopg.Connection[Any]):
    """psycopg's synchronous connection; in a `Waiter` it leaves the waiting to the loop, elsewhere it blocks.

    A statement whose answer says nothing may wait to be sent together with the next one, or with the COMMIT.
    """

    left: int | None = None
    """How many more exchanges there may be, where they are counted."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.waiting: list[Sent] = []
        self._ready: set[bytes] = set()

    def ask(self, *sent: Sent) -> list[PGresult]:
        """Send what waits and then some statements; return what the server said to these."""
        statements = [*self.waiting, *sent]
        self.waiting.clear()
        if not self.autocommit and self.pgconn.transaction_status == TransactionStatus.IDLE:
            level = self.isolation_level
            statements.insert(0, (begin(level.name.replace("_", " ") if level is not None else None), ()))
        answers = self.wait(exchange(self.pgconn, Transformer(self), self._ready, statements))
        return answers[len(answers) - len(sent) :]

    def rows(self, answer: PGresult) -> list[tuple[Any, ...]]:
        """Return the rows of an answer."""
        reading = Transformer(self)
        reading.set_pgresult(answer)
        return reading.load_rows(0, answer.ntuples, tuple)

    def cursor(self, name: str = "", **options: Any) -> Any:
        """Return a cursor; one of the server's own takes a transaction, and so several exchanges."""
        if name and self.left is not None:
            raise SecondStatementError
        return super().cursor(name, **options)

    def commit(self) -> None:
        """Commit; raises where a statement failed and nobody rolled back: the server would roll back and say nothing."""
        status = self.pgconn.transaction_status
        if status == TransactionStatus.INERROR:
            self.rollback()
            raise InFailedSqlTransaction("a statement of this transaction failed; nothing of it can be kept")
        if self.waiting or status != TransactionStatus.IDLE:
            try:
                self.ask((COMMIT, ()))
            except psycopg.Error:
                # SQLAlchemy sends no ROLLBACK after a COMMIT that failed.
                if not self.closed:
                    self.rollback()
                raise

    def rollback(self) -> None:
        """Roll back, and forget what was not sent yet."""
        self.waiting.clear()
        super().rollback()

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        """Drive one exchange with the server to its end; what waits to be sent goes first."""
        if self.waiting:
            self.ask()
        if self.left is not None:
            if not self.left:
                raise SecondStatementError
            self.left -= 1
        waiter = getcurrent()
        try:
            if not isinstance(waiter, Waiter):
                return super().wait(gen, interval, timeout)
            loop = cast("greenlet", waiter.parent)
            wanted = next(gen)
            while True:
                wanted = gen.send(loop.switch(self.pgconn.socket, wanted))
        except StopIteration as end:
            return cast("T", end.value)
        finally:
            # One that a lost connection left half-way would raise again wherever it is collected, out of reach.
            with suppress(psycopg.Error, RuntimeError):
                gen.close()


async def run_waiting(fn: Callable[[], T], unit: Unit, paces: Paces) -> T:
    """Run `fn`, which runs a unit, in this thread, and other tasks while its database connection waits.

    `paces` hears of the longest stretch for which the unit kept the loop to itself. Who is cancelled leaves when
    `fn` is done: half a conversation with the server can only be ended by giving up the connection.
    """
    loop = asyncio.get_running_loop()
    cancelled: asyncio.CancelledError | None = None
    waiter = Waiter(fn)
    clock = waiter.clock = paces.clock(unit)
    waiter.gr_context = copy_context()
    try:
        asked = waiter.go_on()
        while not waiter.dead:
            try:
                ready = await readiness(loop, *asked)
            except asyncio.CancelledError as error:
                cancelled = error
            else:
                asked = waiter.go_on(ready)
    finally:
        paces.held(unit, waiter.longest, clock)
        if cancelled is not None:
            raise cancelled
    return cast("T", asked)


class Closable(Protocol):
    """What holds a connection."""

    def close(self) -> None:
        """Close the connection."""


C = TypeVar("C", bound=Closable)


async def opened(threads: ThreadPoolExecutor, make: Callable[[], C]) -> C:
    """Open a connection in a thread; one that nobody waits for any more when it is there is closed again."""
    making = threads.submit(make)
    try:
        return await asyncio.wrap_future(making)
    except asyncio.CancelledError:
        making.add_done_callback(close_unwanted)
        raise


def close_unwanted(making: Future[C]) -> None:
    """Close what was made, if it was."""
    if not making.cancelled() and making.exception() is None:
        making.result().close()


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
