"""Reads all sources: where the service's lease is held, each in a task of its own, so that none stops another."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field

import structlog

from services.monitoring.connectors.protocol import Batch, SourceTrouble, Surroundings
from services.monitoring.connectors.registry import CONNECTORS, config_of
from services.monitoring.domain.sources import runs
from services.monitoring.domain.sources.runs import Moved, Task
from services.monitoring.domain.sources.safe import Safe, SourceKeyLost
from services.monitoring.schemas.sources import SourceConfig, SourceTestOut
from services.monitoring.settings import MonitoringSettings
from shared.bus import Bus
from shared.db import Database
from shared.tasks import DATABASE_AWAY, end

POLL = 1.0
AT_ONCE = 4
"""Sources that are read at the same time; streams, which mostly wait, are not counted."""
TESTED_WITHIN = 20.0
OUR_FAULT = "The connector failed; the service's log says how."

log = structlog.get_logger()


@dataclass(slots=True)
class Reading:
    """A source that is being read."""

    task: Task
    run: str | None = None
    work: asyncio.Task[None] = field(init=False)


class Runner:
    """Reads what is due, stops reading what was changed or paused, and tries what a source is set up with."""

    def __init__(self, settings: MonitoringSettings) -> None:
        self.safe = Safe(settings.source_key or settings.data_dir / "source-secrets.json")
        self._settings = settings
        self._woken = asyncio.Event()
        self._room = asyncio.Semaphore(AT_ONCE)
        self._reading: dict[str, Reading] = {}
        self._broken_off = True

    def wake(self) -> None:
        """Look at once for what is due."""
        self._woken.set()

    async def run(self, db: Database, _bus: Bus) -> None:
        """Read until cancelled; a database that is away is waited for."""
        self._broken_off = True
        try:
            while True:
                try:
                    await self._look(db)
                except DATABASE_AWAY as error:
                    log.warning("sources wait to be read", error=str(error))
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(POLL):
                        await self._woken.wait()
                self._woken.clear()
        finally:
            await end(*(one.work for one in self._reading.values()))
            self._reading.clear()

    async def _look(self, db: Database) -> None:
        """Begin what is due and end what shall not be read any more."""
        self._reading = {source: one for source, one in self._reading.items() if not one.work.done()}
        if self._broken_off:
            await db.write(runs.take_up, {one.run for one in self._reading.values() if one.run is not None})
            self._broken_off = False
        if self._reading:
            may = await db.read(runs.still)
            await end(*(one.work for one in self._reading.values() if may.get(one.task.id) != one.task.revision))
        for task in await db.read(runs.due):
            if task.id not in self._reading and task.kind in CONNECTORS:
                self._begin(db, task)

    def _begin(self, db: Database, task: Task) -> None:
        reading = Reading(task)
        reading.work = asyncio.create_task(self._read(db, reading), name=f"monitoring source {task.id}")
        self._reading[task.id] = reading

    async def _read(self, db: Database, reading: Reading) -> None:
        """Read one source to its end; whatever happens to it stays with it."""
        streaming = CONNECTORS[reading.task.kind].streaming
        try:
            async with contextlib.nullcontext() if streaming else self._room:
                reading.run = await db.write(runs.begin, reading.task)
                await self._read_on(db, reading, streaming=streaming)
        except Moved:
            await self._note_end(db, reading)
        except asyncio.CancelledError:
            await self._note_end(db, reading)
            raise
        except DATABASE_AWAY as error:
            log.warning("a source could not be kept", source=reading.task.id, error=str(error))
            self._broken_off = True
        self._woken.set()

    async def _read_on(self, db: Database, reading: Reading, *, streaming: bool) -> None:
        """Keep batch after batch; what the connector raises is noted as the source's trouble."""
        try:
            async with self._batches(db, reading.task) as batches:
                async for batch in batches:
                    reading.task = await db.write(
                        runs.keep, reading.task, reading.run or "", batch.items, batch.cursor, batch.notice
                    )
        except (Moved, *DATABASE_AWAY):
            raise
        except SourceTrouble as error:
            trouble = error
        except Exception as error:
            log.error("a connector failed", source=reading.task.id, exc_info=error)
            trouble = SourceTrouble(OUR_FAULT)
        else:
            await db.write(runs.finish, reading.task, reading.run or "", again=streaming)
            return
        await db.write(runs.fail, reading.task, reading.run or "", trouble.sentence, trouble.retry_after)

    @contextlib.asynccontextmanager
    async def _batches(self, db: Database, task: Task) -> AsyncIterator[AsyncIterator[Batch]]:
        """Yield what a source says, and let go of it however its reader ends."""
        async with self.surroundings(db) as around:
            items = CONNECTORS[task.kind].items(self.opened(task), task.cursor, around)
            try:
                yield items
            finally:
                if isinstance(items, AsyncGenerator):
                    await items.aclose()

    async def _note_end(self, db: Database, reading: Reading) -> None:
        if reading.run is not None:
            with contextlib.suppress(*DATABASE_AWAY):
                await db.write(runs.stop, reading.run)

    def opened(self, task: Task) -> SourceConfig:
        """Return a source's configuration with its secrets; raises SourceTrouble when they cannot be read."""
        try:
            return config_of(task.kind, {**task.config, **self.safe.open(task.id, task.secrets)})
        except SourceKeyLost as problem:
            raise SourceTrouble(problem.detail) from None

    @contextlib.asynccontextmanager
    async def surroundings(self, db: Database) -> AsyncIterator[Surroundings]:
        """Yield what a connector reads with."""
        from services.monitoring.connectors.client import guarded

        async with guarded(self._settings.fetch_also) as client:
            yield Surroundings(client, db, self._settings.folders, self._settings.fetch_also)

    async def test(self, db: Database, task: Task) -> SourceTestOut:
        """Try a source without keeping anything, and say in a sentence what came of it."""
        try:
            config = self.opened(task)
            async with asyncio.timeout(TESTED_WITHIN), self.surroundings(db) as around:
                return SourceTestOut(works=True, message=await CONNECTORS[task.kind].test(config, around))
        except SourceTrouble as trouble:
            return SourceTestOut(works=False, message=trouble.sentence)
        except TimeoutError:
            return SourceTestOut(works=False, message=f"There was no answer within {TESTED_WITHIN:.0f} seconds.")
