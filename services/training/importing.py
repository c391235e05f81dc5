"""Goes on with large imports in the background, one after the other, where the service's lease is held.

What is done is kept with each chunk, so after a restart, or in another process, an import goes on from there. Whoever
else writes waits for the chunk that is being written, so chunks are made as long as some milliseconds allow.
"""

import asyncio
from collections.abc import Callable
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, TypeVar, cast

import structlog

from services.training.domain.provisioning import import_files, imports
from services.training.domain.provisioning.imports import Step
from services.training.tables import PeopleImport
from shared.bus import Bus
from shared.context import Context
from shared.db import Database, Told, Unit
from shared.pace import Portion, timed
from shared.tasks import DATABASE_AWAY

IDLE = 0.5
PAUSE = 0.05
NAMED = 100
"""Events at most that an answer names."""
IN_MEMORY = 1024 * 1024
AIM = 0.02
"""Seconds of processor time that a chunk should take; others wait for no more than that, and the commit.

A chunk of any size takes some 8 ms: at 12 the whole took twice as much as at this.
"""
LEAST, MOST = 20, 400
T = TypeVar("T")

log = structlog.get_logger()


async def chunk_of(
    db: Database, context: Context, portion: Portion, fn: Callable[..., T], *args: Any
) -> tuple[T, list[Told]]:
    """Do a piece of work on an import, and learn from how long it took; return its result with what was told."""
    size = portion.size
    done = await db.run(Unit(timed, (fn, *args), context=context, what=fn))
    result, seconds = done.result
    portion.took(size, seconds)
    return result, done.told


async def run_imports(db: Database, _bus: Bus) -> None:
    """Go on with whatever import waits, until cancelled."""
    while True:
        try:
            row = await db.read(imports.waiting)
            if row is not None:
                await run(db, row)
                continue
        except DATABASE_AWAY as error:
            log.warning("imports wait for the database", error=repr(error))
        await asyncio.sleep(IDLE)


async def run(db: Database, row: PeopleImport) -> None:
    """Take one import to its end; only a database that is away leaves it as it stands."""
    try:
        context = Context(caller=imports.principal_of(row))
        if row.phase == imports.STAGING:
            await stage(db, row, context)
        await go_on(db, row.id, context)
    except DATABASE_AWAY:
        raise
    except Exception as error:  # a fault in one import must stop neither the others nor the service's other work
        log.error("import failed", people_import=row.id, exc_info=error)
        await db.write(imports.fail, row.id, "A fault of ours stopped it; it is in the log of the training service.")


async def stage(db: Database, row: PeopleImport, context: Context) -> None:
    """Read the rows of a large file from its pieces, from where another stopped; then drop the pieces."""
    if row.cursor < row.total:
        with SpooledTemporaryFile(max_size=IN_MEMORY) as body:
            number = 0
            while (piece := await db.read(import_files.piece, row.serial, number)) is not None:
                body.write(piece)
                number += 1
            file = import_files.file_of(row, cast("BinaryIO", body))
            rows, columns = import_files.rows_of(file, after=row.cursor), import_files.columns_of(row)
            portion = Portion(AIM, LEAST, MOST)
            try:
                while chunk := await asyncio.to_thread(import_files.next_of, rows, columns, portion.size):
                    on, _ = await chunk_of(db, context, portion, imports.stage_next, row.id, chunk)
                    if not on:
                        return
            finally:
                rows.close()
    while await db.write(import_files.drop, row.serial):
        pass
    await db.write(imports.staged, row.id)


async def go_on(db: Database, import_id: str, context: Context) -> list[Told]:
    """Do the rest of an import chunk by chunk, letting others write in between; return what was told."""
    told: list[Told] = []
    portion = Portion(AIM, LEAST, MOST)
    while True:
        step, news = await chunk_of(db, context, portion, imports.step, import_id, portion.size)
        told = [*told, *news][-NAMED:]
        if step is Step.OVER:
            return told
        await asyncio.sleep(PAUSE if step is Step.WAIT else 0)
