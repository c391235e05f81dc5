"""Writes on PostgreSQL: each unit its own transaction, run again when it lost a race."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, OperationalError

from shared.clock import Clock
from shared.engines import WRITERS, opened, run_waiting
from shared.pace import Paces
from shared.turns import Turns
from shared.units import Done, Session, Unit, sqlstate_of, told_plainly

P = TypeVar("P")
T = TypeVar("T")

TRIES = 8
LOST_RACES = {"40001", "40P01", "23505"}  # serialization, deadlock, and a unique key that another took meanwhile


class Writer:
    """A connection that is kept, and the transactions of the event loop that follow each other on it."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._clock = clock
        self.connection = engine.connect()
        self._driver: Any = self.connection.connection.dbapi_connection
        self.committing = False

    def run(self, unit: Unit) -> Done:
        """Run a unit as one transaction; its failure is returned."""
        session = Session(self.connection, self._clock.now(), unit.context, self._driver)
        self.committing = False
        try:
            result = unit.fn(session, *unit.args, **unit.kwargs)
            session.finish()
            self._commit(session)
            return Done(result, told=session.told)
        except BaseException as error:  # noqa: BLE001  the caller gets what its unit raised
            with suppress(DBAPIError, psycopg.Error):  # the connection broke, and is given up for it
                if not self.broken:
                    session.rollback()
                    self._driver.rollback()
            return Done(error=error)
        finally:
            if self.broken:
                self.connection.invalidate()  # else the session would roll back on it, which raises
            session.close()

    def _commit(self, session: Session) -> None:
        """Send what waits, and commit; raises the driver's errors as SQLAlchemy does."""
        try:
            if self._driver.pgconn.transaction_status == TransactionStatus.IDLE and self._driver.waiting:
                self._driver.ask()  # a connection that broke while it was idle is to show now, not at the COMMIT
            self.committing = True
            if session.in_transaction():
                session.commit()
            self._driver.commit()
        except psycopg.Error as error:
            raise DBAPIError.instance("COMMIT", None, error, psycopg.Error, hide_parameters=True) from error

    @property
    def broken(self) -> bool:
        """Tell whether the connection is of no more use."""
        return bool(self.connection.invalidated or self._driver.closed)

    def close(self) -> None:
        """Give the connection back, or away where it broke."""
        if self.broken:
            self.connection.invalidate()
        self.connection.close()


class PostgresqlWriter:
    """Short units are run by the event loop, each as soon as one of its connections is free, the others by threads."""

    def __init__(self, engine: Engine, clock: Clock, paces: Paces) -> None:
        self._engine = engine
        self._clock = clock
        self._paces = paces
        self._idle: list[Writer] = []
        self._open = 0
        self._threads = ThreadPoolExecutor(WRITERS, thread_name_prefix="writer")
        self._losers = threading.Lock()
        self._turns = Turns()

    async def submit(self, units: Sequence[Unit]) -> list[Done]:
        """Run units that belong together: in one transaction if that goes well, else each in its own."""
        if len(units) == 1 and self._paces.is_short(units[0]):
            return [await self._run(units[0])]
        return await self._in_thread(self._commit, units)

    async def _in_thread(self, fn: Callable[[P], T], given: P) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, fn, given)

    async def _run(self, unit: Unit) -> Done:
        writer = await self._take()
        if writer is None:
            return await self._in_thread(self._alone, unit)
        try:
            done = await run_waiting(partial(writer.run, unit), unit, self._paces)
            idle_too_long = writer.broken and not writer.committing and isinstance(done.error, OperationalError)
        finally:
            self._give_back(writer)
        if idle_too_long:
            return await self._in_thread(self._alone, unit)
        if lost_race(done.error):
            return await self._in_thread(self._again, unit)
        return told_plainly(done)

    async def _take(self) -> Writer | None:
        """Return a connection that is idle, by and by; where there is none to be had, it is a thread's turn."""
        while not self._idle and self._open >= WRITERS:
            await self._turns.wait()
        if self._idle:
            return self._idle.pop()
        self._open += 1
        try:
            return await opened(self._threads, partial(Writer, self._engine, self._clock))
        except BaseException as error:
            self._open -= 1
            self._turns.let_next()
            if isinstance(error, OperationalError):
                return None
            raise

    def _give_back(self, writer: Writer) -> None:
        if writer.broken:
            self._open -= 1
            writer.close()
        else:
            self._idle.append(writer)
        self._turns.let_next()

    def stop(self) -> None:
        """Wait for the running transactions."""
        self._threads.shutdown()
        while self._idle:
            self._idle.pop().close()

    def _commit(self, units: Sequence[Unit]) -> list[Done]:
        if len(units) > 1:
            try:
                return self._together(units)
            except Exception:  # noqa: BLE001  one failed, so each is run alone and gets its own answer
                return [self._alone(unit) for unit in units]
        return [self._alone(unit) for unit in units]

    def _together(self, units: Sequence[Unit]) -> list[Done]:
        """Run units in one transaction; raises what one of them raised, when nothing was kept for certain."""
        outcome = []
        sessions = []
        with self._engine.connect() as connection:
            transaction = connection.begin()
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
            try:
                transaction.commit()
            except OperationalError as error:
                # It may have been kept, so each alone might have its effect twice.
                return [told_plainly(Done(error=error)) for _ in units]
        return outcome

    def _alone(self, unit: Unit) -> Done:
        done = self._try(unit)
        return self._again(unit) if lost_race(done.error) else told_plainly(done)

    def _again(self, unit: Unit) -> Done:
        """Run a unit that lost a race: losers go one at a time, so that they meet only newcomers, not each other."""
        done = Done()
        for _ in range(TRIES):
            with self._losers:
                done = self._try(unit)
            if not lost_race(done.error):
                break
        return told_plainly(done)

    def _try(self, unit: Unit) -> Done:
        try:
            with Session(self._engine, self._clock.now(), unit.context) as session, self._paces.timed(unit):
                result = unit.fn(session, *unit.args, **unit.kwargs)
                session.finish()
                session.commit()
                return Done(result, told=session.told)
        except BaseException as error:  # noqa: BLE001  the caller gets what its unit raised
            return Done(error=error)


def lost_race(error: BaseException | None) -> bool:
    """Tell whether a unit failed only because of another one, so that it may be run again."""
    return sqlstate_of(error) in LOST_RACES
