"""Units of work: plain synchronous functions over a session, each run as one transaction.

`Database.read` and `Database.write` run short ones in the event loop and long ones in threads (`shared.pace`). On
SQLite waiting units are committed together (group commit); on PostgreSQL each unit has its own transaction, and is run
again when it lost a race.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from shared.clock import Clock
from shared.engines import Timeouts, create_postgresql, create_sqlite
from shared.pace import Paces
from shared.postgresql_writer import PostgresqlWriter
from shared.readers import Readers
from shared.sqlite_writer import SqliteWriter
from shared.tables import UtcDateTime
from shared.units import Done, Session, StorageUnavailable, Told, Unit, insert

P = ParamSpec("P")
T = TypeVar("T")

FOREVER = Timeouts()
"""For what runs by itself and has the time that it needs: tools, a restore."""


class Database:
    """A service's database. Open it with `start`, close it with `stop`."""

    def __init__(self, url: str, clock: Clock, timeouts: Timeouts = FOREVER) -> None:
        self.url = url
        self.clock = clock
        self.dialect = make_url(url).get_backend_name()
        self._engine = create_sqlite(url, "BEGIN") if self.dialect == "sqlite" else create_postgresql(url, timeouts)
        paces = Paces()
        self._readers = Readers(self._engine, clock, paces)
        self._writer: SqliteWriter | PostgresqlWriter = (
            SqliteWriter(url, clock, paces)
            if self.dialect == "sqlite"
            else PostgresqlWriter(self._engine, clock, paces)
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
        """Run `fn` over one consistent snapshot; it may be run again whole, as a write may."""
        return cast(T, await self._readers.read(Unit(fn, args, kwargs)))

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

    async def forget_pages(self) -> None:
        """Empty SQLite's log of the last writes, which still holds what rows said before they were changed."""
        if self.dialect == "sqlite":
            await asyncio.to_thread(self._empty_log)

    def _empty_log(self) -> None:
        with self._engine.connect() as connection:
            driver: Any = connection.connection.dbapi_connection
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def stop(self) -> None:
        """Finish what is being written, then close all connections."""
        self._writer.stop()
        self._readers.stop()
        self._engine.dispose()


__all__ = [
    "Database",
    "Done",
    "Session",
    "SqliteWriter",
    "StorageUnavailable",
    "Told",
    "Unit",
    "UtcDateTime",
    "insert",
]
