"""Units of work: plain synchronous functions over a session, each run as one transaction.

`Database.read` and `Database.write` run them off the event loop, one thread hop a unit. On SQLite one writer
thread commits waiting units together (group commit); on PostgreSQL each unit has its own transaction, and is run
again when it lost a race. Only this module commits.
"""

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

import sqlmodel
from sqlalchemy import Connection, Engine, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError

from shared.clock import Clock
from shared.context import Context, current
from shared.problems import Unavailable
from shared.tables import UtcDateTime

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R")

READERS = 4
WRITERS = 8
GROUP = 128
TRIES = 8
LOST_RACES = {"40001", "40P01", "23505"}  # serialization, deadlock, and a unique key that another took meanwhile


@dataclass(frozen=True, slots=True)
class Told:
    """An event that a unit of work wrote to the outbox."""

    id: str
    type: str


class Session(sqlmodel.Session):
    """One unit of work: `now` is fixed for all of it, `context` says what it is done for."""

    def __init__(self, bind: Engine | Connection, now: datetime, context: Context) -> None:
        super().__init__(bind, expire_on_commit=False, join_transaction_mode="create_savepoint")
        self.now = now
        self.context = context
        self.told: list[Told] = []
        self._last: list[Callable[[], None]] = []

    def last(self, fn: Callable[[], None]) -> None:
        """Run `fn` after all else and just before the commit: for what holds a lock that everyone wants."""
        self._last.append(fn)

    def finish(self) -> None:
        """Run what was asked to come last."""
        while self._last:
            self._last.pop(0)()
        self.flush()


@dataclass(slots=True)
class Unit:
    """A function with its arguments, to be run in one transaction."""

    fn: Callable[..., Any]
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    context: Context = field(default_factory=current.get)


@dataclass(slots=True)
class Done:
    """What came of a unit: its result or what it raised, and the events it told."""

    result: Any = None
    error: BaseException | None = None
    told: list[Told] = field(default_factory=list)


def insert(session: Session, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Return the dialect's insert, which knows `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return postgresql.insert(table) if session.get_bind().dialect.name == "postgresql" else sqlite.insert(table)


class Database:
    """A service's database. Open it with `start`, close it with `stop`."""

    def __init__(self, url: str, clock: Clock) -> None:
        self.url = url
        self.clock = clock
        self.dialect = make_url(url).get_backend_name()
        self._engine = create_sqlite(url, "BEGIN") if self.dialect == "sqlite" else create_postgresql(url)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="reader")
        self._writer: SqliteWriter | PostgresqlWriter = (
            SqliteWriter(url, clock) if self.dialect == "sqlite" else PostgresqlWriter(self._engine, clock)
        )
        self._on_told: list[Callable[[], None]] = []
        self._on_commit: list[Callable[[], None]] = []

    @property
    def engine(self) -> Engine:
        """The engine for reading; migrations, leases and tests use it."""
        return self._engine

    def on_told(self, callback: Callable[[], None]) -> None:
        """Call `callback` in the event loop after each commit that wrote to the outbox."""
        self._on_told.append(callback)

    def on_commit(self, callback: Callable[[], None]) -> None:
        """Call `callback` in the event loop after each commit, for those who follow a table."""
        self._on_commit.append(callback)

    async def read(self, fn: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `fn` over one consistent snapshot."""
        unit = Unit(fn, args, kwargs)
        return cast(T, await asyncio.get_running_loop().run_in_executor(self._readers, self._read, unit))

    def _read(self, unit: Unit) -> Any:
        try:
            with Session(self._engine, self.clock.now(), unit.context) as session:
                return unit.fn(session, *unit.args, **unit.kwargs)
        except OperationalError as error:
            raise StorageUnavailable("The database does not answer.") from error

    async def write(self, fn: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `fn` as one transaction; it may be run again whole, so it has no effect outside the database."""
        return cast(T, (await self.run(Unit(fn, args, kwargs))).result)

    async def run(self, unit: Unit) -> Done:
        """Run one unit and return its result with the events it told; raises what the unit raised."""
        (done,) = await self._submit([unit])
        if done.error is not None:
            raise done.error
        return done

    async def write_all(self, units: Sequence[Unit]) -> list[Done]:
        """Run units in order under one commit; one that fails is rolled back alone, its error is in its `Done`."""
        return await self._submit(units) if units else []

    async def _submit(self, units: Sequence[Unit]) -> list[Done]:
        outcome = await self._writer.submit(units)
        if any(done.told for done in outcome):
            for callback in self._on_told:
                callback()
        for callback in self._on_commit:
            callback()
        return outcome

    def stop(self) -> None:
        """Finish what is being written, then close all connections."""
        self._writer.stop()
        self._readers.shutdown()
        self._engine.dispose()


class SqliteWriter:
    """One thread, one connection: waiting units share a commit, each in a savepoint of its own.

    Callers are answered after the COMMIT. Where SQLite gave up the whole transaction (disk full), the units of the
    group are run again one by one, so that each gets its own answer.
    """

    def __init__(self, url: str, clock: Clock) -> None:
        self._url = url
        self._clock = clock
        self._queue: queue.SimpleQueue[tuple[Sequence[Unit], asyncio.Future[list[Done]]] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self.commits = 0

    @property
    def waiting(self) -> int:
        """How many callers wait for the thread to take them."""
        return self._queue.qsize()

    async def submit(self, units: Sequence[Unit]) -> list[Done]:
        """Queue units that belong together and wait for their commit."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
            self._thread.start()
        future: asyncio.Future[list[Done]] = asyncio.get_running_loop().create_future()
        self._queue.put((units, future))
        return await future

    def stop(self) -> None:
        """Let the thread finish what is queued."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        engine = create_sqlite(self._url, "BEGIN IMMEDIATE")
        going = True
        while going:
            group, going = self._next_group()
            if group:
                self._answer(group, self._commit(engine, [unit for units, _ in group for unit in units]))
        engine.dispose()

    def _next_group(self) -> tuple[list[tuple[Sequence[Unit], asyncio.Future[list[Done]]]], bool]:
        group: list[tuple[Sequence[Unit], asyncio.Future[list[Done]]]] = []
        waiting = self._queue.get()
        size = 0
        while waiting is not None:
            group.append(waiting)
            size += len(waiting[0])
            if size >= GROUP:
                return group, True
            try:
                waiting = self._queue.get_nowait()
            except queue.Empty:
                return group, True
        return group, False

    @staticmethod
    def _answer(group: list[tuple[Sequence[Unit], asyncio.Future[list[Done]]]], outcome: list[Done]) -> None:
        answers = iter(outcome)
        by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[list[Done]], list[Done]]]] = {}
        for units, future in group:
            by_loop.setdefault(future.get_loop(), []).append((future, [next(answers) for _ in units]))
        for loop, ready in by_loop.items():
            if not loop.is_closed():
                loop.call_soon_threadsafe(set_results, ready)

    def _commit(self, engine: Engine, units: list[Unit]) -> list[Done]:
        try:
            with engine.connect() as connection, connection.begin():
                outcome = []
                for unit in units:
                    outcome.append(run_unit(connection, unit, self._clock))
                    if not connection.connection.dbapi_connection.in_transaction:  # type: ignore[union-attr]
                        raise TransactionGoneError  # noqa: TRY301  it ends the group, as an error of the database does
            self.commits += 1
        except (DBAPIError, TransactionGoneError) as error:
            if len(units) > 1:
                return [self._commit(engine, [unit])[0] for unit in units]
            if isinstance(error, TransactionGoneError):
                return [told_plainly(outcome[0]) if outcome[0].error else Done(error=error)]
            return [told_plainly(Done(error=error))]
        return [told_plainly(done) for done in outcome]


class PostgresqlWriter:
    """A pool of threads: each unit its own transaction, run again when it lost a race."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._threads = ThreadPoolExecutor(WRITERS, thread_name_prefix="writer")
        self._losers = threading.Lock()

    async def submit(self, units: Sequence[Unit]) -> list[Done]:
        """Run units that belong together: in one transaction if that goes well, else each in its own."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._commit, units)

    def stop(self) -> None:
        """Wait for the running transactions."""
        self._threads.shutdown()

    def _commit(self, units: Sequence[Unit]) -> list[Done]:
        if len(units) > 1:
            try:
                return self._together(units)
            except Exception:  # noqa: BLE001  one failed, so each is run alone and gets its own answer
                return [self._alone(unit) for unit in units]
        return [self._alone(unit) for unit in units]

    def _together(self, units: Sequence[Unit]) -> list[Done]:
        outcome = []
        sessions = []
        with self._engine.connect() as connection, connection.begin():
            for unit in units:
                session = Session(connection, self._clock.now(), unit.context)
                session.join_transaction_mode = "rollback_only"
                sessions.append(session)
                result = unit.fn(session, *unit.args, **unit.kwargs)
                session.flush()
                outcome.append(Done(result, told=session.told))
            for session in sessions:
                session.finish()
                session.expunge_all()
        return outcome

    def _alone(self, unit: Unit) -> Done:
        done = self._try(unit)
        for _ in range(TRIES):
            if not lost_race(done.error):
                break
            # Losers go one at a time, so that they meet only newcomers and not each other again.
            with self._losers:
                done = self._try(unit)
        return told_plainly(done)

    def _try(self, unit: Unit) -> Done:
        try:
            with Session(self._engine, self._clock.now(), unit.context) as session:
                result = unit.fn(session, *unit.args, **unit.kwargs)
                session.finish()
                session.commit()
                return Done(result, told=session.told)
        except Exception as error:  # noqa: BLE001  the caller gets what its unit raised
            return Done(error=error)


def lost_race(error: BaseException | None) -> bool:
    """Tell whether a unit failed only because of another one, so that it may be run again."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in LOST_RACES


def told_plainly(done: Done) -> Done:
    """Replace a database that does not answer, or is full, by a problem that a client can read."""
    if isinstance(done.error, OperationalError):
        return Done(error=StorageUnavailable("The database did not take the change; nothing of it was kept."))
    return done


class TransactionGoneError(Exception):
    """SQLite rolled the whole transaction back on its own."""


class StorageUnavailable(Unavailable):
    """The database cannot answer, or take changes, at this moment."""


def run_unit(connection: Connection, unit: Unit, clock: Clock) -> Done:
    """Run one unit in a savepoint of `connection`; a failure rolls back to it and is returned."""
    session = Session(connection, clock.now(), unit.context)
    try:
        result = unit.fn(session, *unit.args, **unit.kwargs)
        session.finish()
        session.commit()
        return Done(result, told=session.told)
    except Exception as error:  # noqa: BLE001  the caller gets what its unit raised
        if connection.connection.dbapi_connection.in_transaction:  # type: ignore[union-attr]
            session.rollback()
        return Done(error=error)
    finally:
        session.expunge_all()
        session.close()


def set_results(ready: list[tuple[asyncio.Future[list[Done]], list[Done]]]) -> None:
    """Answer the callers of one group, in their own loop."""
    for future, outcome in ready:
        if not future.done():
            future.set_result(outcome)


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
        connection.exec_driver_sql(begin)

    return engine


def create_postgresql(url: str) -> Engine:
    """Return an engine with room for all reader and writer threads."""
    return create_engine(url, pool_size=READERS + WRITERS, max_overflow=2, pool_pre_ping=True)


__all__ = ["Database", "Done", "Session", "Told", "Unit", "UtcDateTime", "insert"]
