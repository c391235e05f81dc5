"""Does what is left to do of erasures, in the process that holds the service's lease: chunk by chunk, until it is done.

The outbox comes first, then the stream: whatever makes the relay publish a row again publishes it without its words.
Each message is deleted by its position, which has the broker overwrite it on disk; a purge leaves it there until its
block is compacted. What was doubled on the stream has a position that nobody knows: a purge by subject takes it from
there where this process may manage the stream, else it ends with the stream's 30 days.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import structlog

from shared import erasure
from shared.bus import STREAM, ApiError, Bus, BusError
from shared.db import Database
from shared.erasure import CHUNK, OUTBOX, Erasure, Log
from shared.events.base import CATALOGUE
from shared.events.erasures import ErasureFinished
from shared.streams import SERVICES, subject_of
from shared.tasks import DATABASE_AWAY

LOOK = 1.0
AGAIN = 2.0
GONE_ALREADY = frozenset({10043, 10057, 10037})
"""JetStream's codes for a message that is not there (any more)."""

log = structlog.get_logger()


class Eraser:
    """Works off the erasures of one service; `logs` are further tables of events that it keeps beside its outbox."""

    def __init__(
        self, name: str, finished: type[ErasureFinished], *, logs: Sequence[Log] = (), may_purge: bool = True
    ) -> None:
        self._name = name
        self._finished = finished
        self._logs = logs
        # Whoever keeps what others tell is done when it has cleared that, too.
        self._parts = {erasure.OWN, *(one for one in SERVICES if logs and one != name)}
        self._may_purge = may_purge

    async def run(self, db: Database, bus: Bus) -> None:
        """Work until cancelled; a broker or database that is away is waited for."""
        while True:
            try:
                worked = await self.work(db, bus)
            except (BusError, *DATABASE_AWAY) as error:
                log.warning("an erasure waits", service=self._name, error=str(error))
                worked = False
                await asyncio.sleep(AGAIN)
            if not worked:
                await asyncio.sleep(LOOK)

    async def work(self, db: Database, bus: Bus) -> bool:
        """Do the next erasure; say whether there was one that could be done."""
        due = await db.read(erasure.waiting)
        if due is None:
            return False
        for each in self._logs:
            await self._blank(db, each, due)
        if due.part == erasure.OWN:
            told = await self._blank(db, OUTBOX, due)
            positions, on_its_way = await db.read(erasure.on_stream, told)
            if on_its_way:
                return False
            await self._clear_stream(bus, due, positions)
            answers, letters = await db.read(erasure.answers_about, due)
            await db.write(erasure.forget_answers, answers, letters)
            entries = await db.read(erasure.entries_about, due)
            for some in chunks(entries):
                await db.write(erasure.unsalt, due, some)
        await db.write(erasure.finish, self._finished, due, self._parts)
        await db.forget_pages()
        return True

    async def _blank(self, db: Database, told: Log, due: Erasure) -> list[Any]:
        keys = await db.read(erasure.rows_of, told, due.aggregates)
        for some in chunks(keys):
            await db.write(erasure.blank_rows, told, some)
        return keys

    async def _clear_stream(self, bus: Bus, due: Erasure, positions: Sequence[int]) -> None:
        for position in positions:
            await delete_message(bus, position)
        if self._may_purge:
            for subject in subjects_of(self._name, due.aggregates):
                await bus.api(f"STREAM.PURGE.{STREAM}", {"filter": subject})


async def delete_message(bus: Bus, position: int) -> None:
    """Have the broker overwrite and forget one message; one that is gone already is left at that."""
    try:
        await bus.api(f"STREAM.MSG.DELETE.{STREAM}", {"seq": position})
    except ApiError as error:
        if error.code not in GONE_ALREADY:
            raise


def subjects_of(service: str, aggregates: Sequence[str]) -> list[str]:
    """Return the subjects under which a service tells something personal of these aggregates."""
    kinds = [cls for cls in CATALOGUE.values() if cls.teller() == service and erasure.carries_hidden(cls)]
    split = [each.partition("/") for each in aggregates]
    return [subject_of(cls.type, key) for resource, _, key in split for cls in kinds if cls.resource() == resource]


def chunks(keys: Sequence[Any]) -> list[Sequence[Any]]:
    """Split keys into what one unit of work takes."""
    return [keys[start : start + CHUNK] for start in range(0, len(keys), CHUNK)]
