"""Writes on SQLite: one writer with group commit."""

import asyncio
import sqlite3
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from itertools import repeat
from typing import Any

from sqlalchemy import Connection, RootTransaction
from sqlalchemy.exc import DBAPIError

from shared.clock import Clock
from shared.engines import create_sqlite
from shared.pace import Paces
from shared.units import Done, Session, Unit, told_plainly

GROUP = 128
HELD_AT_MOST = 0.01
"""Seconds for which a group may keep the event loop; what is left then waits for the next one."""

Submitted = tuple[Sequence[Unit], asyncio.Future[list[Done]]]


class TransactionGoneError(sqlite3.OperationalError):
    """SQLite rolled the whole transaction back on its own."""


STORAGE_FAILED = (DBAPIError, sqlite3.Error)
"""What ends a group as a whole, and not only the unit that met it."""


class SqliteWriter:
    """One connection: waiting units share a commit, each in a savepoint of its own.

    Callers are answered after the COMMIT. Short units are run by the event loop and only their COMMIT, which waits for
    the disk, by a thread; meanwhile others queue up for the next group. A group with a long unit is run by the thread
    as a whole. Where SQLite gave up the whole transaction (disk full), the units of the group are run again one by
    one, so that each gets its own answer.
    """

    def __init__(self, url: str, clock: Clock, paces: Paces) -> None:
        self._engine = create_sqlite(url, "BEGIN IMMEDIATE")
        self._clock = clock
        self._paces = paces
        self._queue: deque[Submitted] = deque()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._busy = False
        self._connection: Connection | None = None
        self._job: Future[list[Done]] | None = None
        self._group: list[Submitted] = []
        self.commits = 0

    @property
    def waiting(self) -> int:
        """How many callers wait to be taken into a group."""
        return len(self._queue)

    async def submit(self, units: Sequence[Unit]) -> list[Done]:
        """Queue units that belong together and wait for their commit."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[list[Done]] = loop.create_future()
        self._queue.append((units, future))
        if not self._busy:
            self._busy = True
            # At the loop's next turn, so that all that came in this one share a commit.
            loop.call_soon(self._next_group, loop)
        return await future

    def stop(self) -> None:
        """Commit what is queued."""
        while self._job is not None or self._queue:
            if self._job is not None:
                self._answer(self._job)
            if self._queue:
                self._group, self._queue = list(self._queue), deque()
                self._job = self._thread.submit(self._commit, units_of(self._group))
        self._thread.shutdown()
        if self._connection is not None:
            self._connection.close()
        self._engine.dispose()

    def _next_group(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._queue:
            self._busy = False
            return
        if all(self._paces.is_short(unit) for unit in self._queue[0][0]):
            self._job = self._begin_here()
        else:
            self._group = self._take()
            self._job = self._thread.submit(self._commit, units_of(self._group))
        self._job.add_done_callback(lambda job: self._call_back(loop, job))

    def _call_back(self, loop: asyncio.AbstractEventLoop, job: "Future[list[Done]]") -> None:
        with suppress(RuntimeError):  # the loop was closed; `stop` answers
            loop.call_soon_threadsafe(self._committed, loop, job)

    def _committed(self, loop: asyncio.AbstractEventLoop, job: "Future[list[Done]]") -> None:
        if job is self._job:
            self._answer(job)
            self._next_group(loop)

    def _answer(self, job: "Future[list[Done]]") -> None:
        # Whatever it was, it must not leave the writer busy and its callers without an answer.
        error = job.exception()
        answers = iter(job.result()) if error is None else repeat(Done(error=error))
        group, self._group, self._job = self._group, [], None
        for units, future in group:
            outcome = [next(answers) for _ in units]
            loop = future.get_loop()
            if not loop.is_closed() and not future.done():
                future.set_result(outcome)

    def _take(self) -> list[Submitted]:
        group = [self._queue.popleft()]
        size = len(group[0][0])
        while self._queue and size < GROUP:
            group.append(self._queue.popleft())
            size += len(group[-1][0])
        return group

    def _begin_here(self) -> "Future[list[Done]]":
        """Run a group of short units in the event loop; return its COMMIT, which a thread does."""
        outcome: list[Done] = []
        try:
            connection = self._connection or self._connect()
            transaction = connection.begin()
            began = time.perf_counter()
            while self._queue and len(outcome) < GROUP and time.perf_counter() - began < HELD_AT_MOST:
                units = self._queue[0][0]
                if not all(self._paces.is_short(unit) for unit in units):
                    break
                self._group.append(self._queue.popleft())
                outcome += self._run_here(connection, units)
        except STORAGE_FAILED:
            # Another process writes, or the disk is full: the thread waits, or runs them one by one.
            self._group = self._group or self._take()
            return self._thread.submit(self._undo_and_commit, units_of(self._group))
        return self._thread.submit(self._finish, transaction, outcome, units_of(self._group))

    def _run_here(self, connection: Connection, units: Sequence[Unit]) -> list[Done]:
        outcome = []
        for unit in units:
            clock = self._paces.clock(unit)
            began = clock()
            outcome.append(self._run(connection, unit))
            self._paces.held(unit, clock() - began, clock)
        return outcome

    def _run(self, connection: Connection, unit: Unit) -> Done:
        done = run_unit(connection, unit, self._clock)
        if not connection.connection.dbapi_connection.in_transaction:  # type: ignore[union-attr]
            raise TransactionGoneError
        return done

    def _connect(self) -> Connection:
        connection = self._engine.connect()
        # The loop must not wait for another process; where one writes, the thread does.
        connection.connection.dbapi_connection.execute("PRAGMA busy_timeout=0")  # type: ignore[union-attr]
        self._connection = connection
        return connection

    def _finish(self, transaction: RootTransaction, outcome: list[Done], units: list[Unit]) -> list[Done]:
        """Commit, or run the units again one by one where that fails."""
        try:
            transaction.commit()
            self.commits += 1
        except STORAGE_FAILED:
            return self._undo_and_commit(units)
        return [told_plainly(done) for done in outcome]

    def _undo_and_commit(self, units: list[Unit]) -> list[Done]:
        """End what the loop had begun, and run the units on another connection."""
        if self._connection is not None:
            self._connection.rollback()
            # SQLAlchemy sends no ROLLBACK after a COMMIT that failed, and the lock would stay.
            self._connection.connection.dbapi_connection.rollback()  # type: ignore[union-attr]
        return self._commit(units)

    def _commit(self, units: list[Unit]) -> list[Done]:
        """Run a group from its BEGIN to its COMMIT."""
        try:
            with self._engine.connect() as connection, connection.begin():
                outcome = []
                for unit in units:
                    with self._paces.timed(unit):
                        outcome.append(self._run(connection, unit))
            self.commits += 1
        except STORAGE_FAILED as error:
            if len(units) > 1:
                return [self._commit([unit])[0] for unit in units]
            return [told_plainly(Done(error=error))]
        return [told_plainly(done) for done in outcome]


def units_of(group: list[Submitted]) -> list[Unit]:
    """Return the units of a group in their order."""
    return [unit for units, _ in group for unit in units]


def run_unit(connection: Connection, unit: Unit, clock: Clock) -> Done:
    """Run one unit in a savepoint of `connection`; a failure rolls back to it and is returned."""
    driver: Any = connection.connection.dbapi_connection
    session = Session(connection, clock.now(), unit.context, driver)
    try:
        driver.execute("SAVEPOINT unit")
        result = unit.fn(session, *unit.args, **unit.kwargs)
        session.finish()
        if session.in_transaction():
            session.commit()
        driver.execute("RELEASE unit")
        return Done(result, told=session.told)
    except BaseException as error:  # noqa: BLE001  the caller gets what its unit raised
        if driver.in_transaction:
            if session.in_transaction():
                session.rollback()
            driver.execute("ROLLBACK TO unit")
            driver.execute("RELEASE unit")
        return Done(error=error)
    finally:
        if session.in_transaction():
            session.close()
