"""Work that only one process of a service may do: relay, handlers and timers run where its lease is held.

On PostgreSQL the lease is an advisory lock on a connection of its own, on SQLite a lock on a file beside the
database. Both end with the process that holds them; another takes over within seconds.
"""

import asyncio
import fcntl
import hashlib
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Protocol

import structlog
from sqlalchemy import Connection, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from shared.db import Database
from shared.engines import given_up_after
from shared.tasks import end

EVERY = 0.5
"""Seconds between two looks: at a lease that is taken, and at our own."""

log = structlog.get_logger()


class Lock(Protocol):
    """Something that one process at a time can hold. Its methods block, so they are called off the event loop."""

    def take(self) -> bool:
        """Take it if it is free."""
        ...

    def holds(self) -> bool:
        """Say whether it is still ours."""
        ...

    def drop(self) -> None:
        """Give it back."""
        ...


class FileLock:
    """A lock on a file; the kernel drops it with the process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    def take(self) -> bool:
        """Take it if no process has it."""
        file = self._path.open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._file = file
        return True

    def holds(self) -> bool:
        """Say whether it is still ours: only we can give it back."""
        return self._file is not None

    def drop(self) -> None:
        """Give it back."""
        if self._file is not None:
            self._file.close()
            self._file = None


class AdvisoryLock:
    """A PostgreSQL session lock; the server drops it when the connection ends, which both ends notice within seconds."""

    def __init__(self, url: str, name: str) -> None:
        arguments = given_up_after({"connect_timeout": 5, "options": "-c statement_timeout=5000"}, idle=2)
        self._engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args=arguments)
        self._key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
        self._connection: Connection | None = None

    def take(self) -> bool:
        """Take it if no connection has it; a database that is away has it not to give."""
        with suppress(DBAPIError):
            self._connection = self._engine.connect()
            if self._connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": self._key}).scalar_one():
                return True
        self.drop()
        return False

    def holds(self) -> bool:
        """Say whether the connection that has the lock still lives."""
        if self._connection is None:
            return False
        try:
            self._connection.execute(text("SELECT 1"))
        except DBAPIError:
            return False
        return True

    def drop(self) -> None:
        """Close the connection, and the lock with it."""
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None


def lock_for(db: Database, name: str) -> Lock:
    """Return the lock of a service on its database."""
    if db.dialect == "postgresql":
        return AdvisoryLock(db.url, f"shareload.{name}")
    return FileLock(Path(f"{make_url(db.url).database}.lease"))


async def finished(blocking: Coroutine[Any, Any, bool]) -> bool:
    """Wait for what runs in a thread to its end, also when cancelled: only then is it known what it took."""
    task = asyncio.ensure_future(blocking)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise


class Lease:
    """The right to do a service's work: whether this process has it now, and whether it has tried to take it yet."""

    def __init__(self, name: str, lock: Lock) -> None:
        self._name = name
        self._lock = lock
        self.held = False
        self.tried = False

    async def run(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do `work` whenever the lease is ours, until cancelled; work that breaks is begun again."""
        try:
            while True:
                if await finished(asyncio.to_thread(self._lock.take)):
                    await self._work(work)
                self.tried = True
                await asyncio.sleep(EVERY)
        finally:
            await asyncio.to_thread(self._lock.drop)

    async def _work(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self.held = self.tried = True
        log.info("lease taken", service=self._name)
        task = asyncio.create_task(work(), name=f"{self._name} work")
        try:
            while not task.done():
                await asyncio.wait({task}, timeout=EVERY)
                if not task.done() and not await finished(asyncio.to_thread(self._lock.holds)):
                    log.warning("lease lost", service=self._name)
                    break
        finally:
            self.held = False
            await end(task)
            await asyncio.to_thread(self._lock.drop)
        broken = None if task.cancelled() else task.exception()
        if broken is not None:
            log.error("work broke off; beginning again", service=self._name, exc_info=broken)
