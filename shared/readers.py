"""Reads: short ones by the event loop itself over a connection that is kept for them, long ones by threads."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError, StatementError

from shared.clock import Clock
from shared.context import Context
from shared.engines import KEPT_READERS, READERS, SecondStatementError, opened, run_waiting
from shared.pace import Paces, kind_of
from shared.statements import Prebuilt
from shared.turns import Turns
from shared.units import GIVEN_UP, Session, StorageUnavailable, Unit, sqlstate_of, too_slow

SNAPSHOT = "REPEATABLE READ"
"""The isolation level at which PostgreSQL's statements see one state of the database; SQLite's always do."""
BEGIN = {"sqlite": Prebuilt(text("BEGIN")), "postgresql": Prebuilt(text(f"BEGIN ISOLATION LEVEL {SNAPSHOT}"))}


class Reader:
    """A connection that is kept, and the units that are run on it one after the other, each over one snapshot.

    One statement has a snapshot of its own. So on PostgreSQL, where BEGIN and ROLLBACK are round trips, a unit is run
    without them until it asks for a second statement; then it is begun again in a transaction, and so are all later
    runs of it: `several` is what the readers of a database know of that.
    """

    def __init__(self, engine: Engine, clock: Clock, several: set[object]) -> None:
        self._clock = clock
        self._several = several
        self._begin = BEGIN[engine.dialect.name]
        self._sqlite = engine.dialect.name == "sqlite"
        self.connection: Connection = (
            engine.connect() if self._sqlite else engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        )
        self._driver: Any = self.connection.connection.dbapi_connection
        self._session = Session(self.connection, clock.now(), Context(), self._driver)

    def run(self, unit: Unit) -> Any:
        """Run a unit."""
        kind, _ = kind_of(unit)
        if not self._sqlite and kind not in self._several:
            try:
                return self._run(unit, statements=1)
            except (SecondStatementError, StatementError) as error:
                # SQLAlchemy puts it into one of its own where it happens before there is a cursor.
                if not isinstance(getattr(error, "orig", error), SecondStatementError):
                    raise
                self._several.add(kind)
        self._begin.run(self._session, {})
        try:
            return self._run(unit)
        finally:
            if self._driver.in_transaction if self._sqlite else not self._driver.closed:
                self._driver.rollback()

    def _run(self, unit: Unit, statements: int | None = None) -> Any:
        session = self._session
        session.now, session.context = self._clock.now(), unit.context
        try:
            if statements is not None:
                self._driver.left = statements
            return unit.fn(session, *unit.args, **unit.kwargs)
        finally:
            if statements is not None:
                self._driver.left = None
            if session.in_transaction():
                session.close()

    @property
    def broken(self) -> bool:
        """Tell whether the connection is of no more use."""
        return self.connection.invalidated or (not self._sqlite and self._driver.closed)

    def close(self) -> None:
        """Give the connection back, or away where it broke."""
        if self.broken:
            self.connection.invalidate()
        self.connection.close()


class Readers:
    """All that a database is read by."""

    def __init__(self, engine: Engine, clock: Clock, paces: Paces) -> None:
        self._engine = engine
        self._snapshots = (
            engine if engine.dialect.name == "sqlite" else engine.execution_options(isolation_level=SNAPSHOT)
        )
        self._clock = clock
        self._paces = paces
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="reader")
        self._idle: list[Reader] = []
        self._open = 0
        self._turns = Turns()
        self._several: set[object] = set()

    async def read(self, unit: Unit) -> Any:
        """Run a unit; raises StorageUnavailable when the database does not answer."""
        try:
            if self._paces.is_short(unit):
                return await self._read_here(unit)
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._read, unit)
        except OperationalError as error:
            if sqlstate_of(error) in GIVEN_UP:
                raise too_slow(error) from error
            raise StorageUnavailable("The database does not answer.") from error

    def _read(self, unit: Unit) -> Any:
        with Session(self._snapshots, self._clock.now(), unit.context) as session, self._paces.timed(unit):
            return unit.fn(session, *unit.args, **unit.kwargs)

    async def _read_here(self, unit: Unit) -> Any:
        reader = self._idle.pop() if self._idle else None
        if reader is not None:
            try:
                return await self._run(reader, unit)
            except OperationalError:
                if not reader.broken:
                    raise
        # There was none, or the server was restarted while it was idle; a read may be done again.
        return await self._run(await self._next_reader(), unit)

    async def _run(self, reader: Reader, unit: Unit) -> Any:
        try:
            if self._engine.dialect.name == "sqlite":
                clock = self._paces.clock(unit)
                began = clock()
                result = reader.run(unit)
                self._paces.held(unit, clock() - began, clock)
                return result
            return await run_waiting(partial(reader.run, unit), unit, self._paces)
        finally:
            self._give_back(reader)

    async def _next_reader(self) -> Reader:
        while not self._idle and self._open >= KEPT_READERS:
            await self._turns.wait()
        if self._idle:
            return self._idle.pop()
        self._open += 1
        try:
            make = partial(Reader, self._engine, self._clock, self._several)
            return await opened(self._threads, make)
        except BaseException:
            self._open -= 1
            self._turns.let_next()
            raise

    def _give_back(self, reader: Reader) -> None:
        if reader.broken:
            self._open -= 1
            reader.close()
        else:
            self._idle.append(reader)
        self._turns.let_next()

    def stop(self) -> None:
        """Close all connections."""
        self._threads.shutdown()
        while self._idle:
            self._idle.pop().close()
            self._open -= 1
